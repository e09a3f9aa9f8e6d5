// The compositor in the browser: the sheet's own pixels, and the teacher over them in linear light, as the box does it.
import { Taking } from "./exact_taking.js";

// As in pipelines/encoding/teacher.py.
const STRIP_PX = 16;
const CELL_PX = 8;
const NUMBER_BITS = 24;
const COLUMNS = 10;
const CHECK_BITS = 8;
const NUMBER_CELLS = NUMBER_BITS + CHECK_BITS;
const CELLS = NUMBER_CELLS + 8 * COLUMNS + CHECK_BITS;
const ANYWHERE = Array(COLUMNS).fill([0, 1]); // of each upright part of the picture: top and bottom, in shares of its height
const NOWHERE = [Infinity, Infinity, 0, 0]; // on the canvas: left, top, right, bottom

const VERTEX = `#version 300 es
void main() { gl_Position = vec4(gl_VertexID == 1 ? 3. : -1., gl_VertexID == 2 ? 3. : -1., 0., 1.); }`;

// Light as in IEC 61966-2-1, from tables: its powers took two thirds of the time without a graphics card. Branches save
// nothing there, since both ways are gone: so little is drawn, and the teacher as large as they come by a program of
// their own.
const LIGHTS = Float32Array.from({ length: 256 }, (_, code) => lightOf(code / 255)); // of a code
const CODES = Uint8Array.from({ length: 4096 }, (_, step) => Math.round(255 * codeOf(step / 4095))); // of so much light
const COMPOSING = `#version 300 es
precision highp float;
uniform sampler2D sheet;
uniform sampler2D packed;
uniform vec2 size;
uniform vec2 shift;
uniform float scale;
uniform float opacity;
uniform sampler2D lights;
uniform sampler2D codes;
out vec4 colour;
const float COARSE = 4. / 255.; // the coder's noise must not veil the page
float at(sampler2D table, int index) { return texelFetch(table, ivec2(index, 0), 0).r; }
vec3 light(vec3 c) { ivec3 k = ivec3(c * ${LIGHTS.length - 1}. + .5); return vec3(at(lights, k.r), at(lights, k.g), at(lights, k.b)); }
vec3 code(vec3 l) { ivec3 k = ivec3(l * ${CODES.length - 1}. + .5); return vec3(at(codes, k.r), at(codes, k.g), at(codes, k.b)); }
float cleaned(float alpha) { return clamp((alpha - COARSE) / (1. - 2. * COARSE), 0., 1.); }
vec3 over(vec3 under, vec4 lit) { return code(min(lit.rgb + (1. - lit.a) * light(under), 1.)); }`;

// Where alpha is 0 the sheet's texel goes out as it came in, where it is 1 the teacher's.
const COMPOSE = `${COMPOSING}
void main() {
  ivec2 at = ivec2(gl_FragCoord.x, size.y - gl_FragCoord.y);
  ivec2 from = at - ivec2(shift);
  bool isIn = from.x >= 0 && from.y >= 0 && from.x < int(size.x) && from.y < int(size.y);
  vec3 under = texelFetch(sheet, at, 0).rgb;
  vec3 teacher = texelFetch(packed, from, 0).rgb;
  float alpha = isIn ? cleaned(texelFetch(packed, from + ivec2(0, int(size.y)), 0).g) : 0.;
  if (alpha == 0.) colour = vec4(under, 1.);
  else if (alpha * opacity == 1.) colour = vec4(teacher, 1.);
  else colour = vec4(over(under, opacity * vec4(light(teacher), alpha)), 1.);
}`;

// The teacher larger or smaller; much smaller, of four samples.
const COMPOSE_SCALED = `${COMPOSING}
vec4 lit(vec2 at) {
  if (at.x < 0. || at.y < 0. || at.x > size.x || at.y > size.y) return vec4(0.);
  at = clamp(at, vec2(.5), size - .5);
  vec2 whole = vec2(textureSize(packed, 0));
  float alpha = cleaned(texture(packed, (at + vec2(0., size.y)) / whole).g);
  return alpha == 0. ? vec4(0.) : vec4(light(texture(packed, at / whole).rgb), alpha);
}
void main() {
  vec2 at = vec2(gl_FragCoord.x, size.y - gl_FragCoord.y);
  vec3 under = texelFetch(sheet, ivec2(at), 0).rgb;
  vec2 anchor = vec2(size.x / 2., size.y);
  vec2 from = (at - shift - anchor) / scale + anchor;
  vec4 sum = vec4(0.);
  int taps = scale > .8 ? 1 : 4;
  vec2 step = taps == 1 ? vec2(0.) : vec2(.5 / scale);
  for (int tap = 0; tap < taps; tap++) sum += lit(from + (vec2(tap & 1, tap >> 1) - .5) * step) / float(taps);
  sum *= opacity;
  colour = vec4(sum.a == 0. ? under : over(under, sum), 1.);
}`;

const SHEET = `#version 300 es
precision highp float;
uniform sampler2D sheet;
uniform vec2 size;
out vec4 colour;
void main() { colour = vec4(texelFetch(sheet, ivec2(gl_FragCoord.x, size.y - gl_FragCoord.y), 0).rgb, 1.); }`;

const COPY = `#version 300 es
precision highp float;
uniform sampler2D packed;
uniform vec2 size;
out vec4 colour;
void main() { colour = vec4(texture(packed, vec2(gl_FragCoord.x, size.y - gl_FragCoord.y) / size).rgb, 1.); }`;

const NUMBER = `#version 300 es
precision highp float;
uniform sampler2D packed;
out vec4 colour;
void main() {
  ivec2 whole = textureSize(packed, 0);
  colour = texelFetch(packed, ivec2(int(gl_FragCoord.x) * ${CELL_PX} + ${CELL_PX / 2}, whole.y - ${STRIP_PX / 2}), 0);
}`;

export class ExactCanvas {
  #gl;
  #compose;
  #scaled;
  #plain;
  #copy;
  #number;
  #sheet = null;
  #video;
  #taking;
  #strip;
  #cells = 0; // in the strip
  #teacher = ANYWHERE; // where the teacher of the picture taken is
  #drawn = ""; // how the canvas was composed; "" where all of it must be drawn anew
  #where = []; // where the teacher on it is, of each upright part: left, top, right, bottom in pixels

  /** Throws where the browser has no WebGL 2. */
  constructor(canvas) {
    const gl = canvas.getContext("webgl2", { alpha: false, antialias: false, depth: false, powerPreference: "low-power", preserveDrawingBuffer: true });
    if (!gl) throw new Error("no WebGL 2");
    this.canvas = canvas;
    this.#gl = gl;
    this.#compose = program(gl, COMPOSE);
    this.#scaled = program(gl, COMPOSE_SCALED);
    this.#plain = program(gl, SHEET);
    this.#copy = program(gl, COPY);
    this.#number = program(gl, NUMBER);
    gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
    gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, false);
    this.#video = texture(gl, gl.LINEAR);
    this.#taking = new Taking(gl, this.#video);
    gl.activeTexture(gl.TEXTURE2);
    table(gl, gl.R32F, gl.FLOAT, LIGHTS);
    gl.activeTexture(gl.TEXTURE3);
    table(gl, gl.R8, gl.UNSIGNED_BYTE, CODES);
    gl.activeTexture(gl.TEXTURE0);
    const cells = texture(gl, gl.NEAREST);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGBA8, CELLS, 1);
    this.#strip = gl.createFramebuffer();
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.#strip);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, cells, 0);
  }

  /** Is this the size of a packed picture for the sheet that there is? */
  isPacked(width, height) {
    return this.#sheet !== null && width === this.canvas.width && height === 2 * this.canvas.height + STRIP_PX;
  }

  /** Pictures of a sheet, whole or parts: [{x, y, width, height, bitmap}]. The bitmaps are closed. */
  patch(bitmaps, whole) {
    const gl = this.#gl;
    if (whole && (!this.#sheet || this.canvas.width !== bitmaps[0].width || this.canvas.height !== bitmaps[0].height)) {
      if (this.#sheet) gl.deleteTexture(this.#sheet);
      this.canvas.width = bitmaps[0].width;
      this.canvas.height = bitmaps[0].height;
      this.#sheet = texture(gl, gl.NEAREST);
      gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGBA8, this.canvas.width, this.canvas.height);
      this.#cells = this.canvas.width >= CELLS * CELL_PX ? CELLS : NUMBER_CELLS;
    }
    this.#drawn = "";
    gl.bindTexture(gl.TEXTURE_2D, this.#sheet);
    for (const { x, y, bitmap } of bitmaps) {
      gl.texSubImage2D(gl.TEXTURE_2D, 0, x, y, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
      bitmap.close();
    }
  }

  /** Takes the picture that the video shows now: see Taking. */
  take(video) {
    return this.#taking.take(video);
  }

  /** The sheet's number in the packed picture taken; null where none can be read. */
  number() {
    const gl = this.#gl;
    this.#draw(this.#number, this.#strip, this.#cells, 1);
    const cells = new Uint8Array(this.#cells * 4);
    gl.readPixels(0, 0, this.#cells, 1, gl.RGBA, gl.UNSIGNED_BYTE, cells);
    const byte = (first) => {
      let value = 0;
      for (let cell = first; cell < first + 8; cell++) value = value * 2 + (cells[4 * cell + 1] > 127 ? 1 : 0);
      return value;
    };
    const number = [byte(0), byte(8), byte(16)];
    if ((number[0] ^ number[1] ^ number[2] ^ 0xA5) !== byte(NUMBER_BITS)) return null;
    this.#teacher = ANYWHERE;
    if (this.#cells === CELLS) {
      const place = Array.from({ length: COLUMNS }, (_, k) => byte(NUMBER_CELLS + 8 * k));
      const isRight = place.reduce((sum, part) => sum ^ part, 0x5A) === byte(NUMBER_CELLS + 8 * COLUMNS);
      if (isRight) this.#teacher = place.map((part) => [(part >> 4) / 16, ((part & 15) + 1) / 16]);
    }
    return number[0] * 65536 + number[1] * 256 + number[2];
  }

  /** The sheet with the teacher of the packed picture. place: {x, y, size, opacity}, x and y in shares of the picture.
   *
   * Only where the teacher is and was: without a graphics card the rest would take longer than they do. */
  compose(place) {
    const gl = this.#gl;
    const { width, height } = this.canvas;
    const where = this.#reached(place);
    const how = Object.values(place).join();
    const parts = how === this.#drawn ? where.map((box, k) => around(box, this.#where[k])) : [[0, 0, width, height]];
    this.#drawn = how;
    this.#where = where;
    gl.enable(gl.SCISSOR_TEST);
    for (const [left, top, right, bottom] of parts) {
      if (bottom <= top || right <= left) continue;
      gl.scissor(left, height - bottom, right - left, bottom - top);
      this.#draw(place.opacity === 0 ? this.#plain : place.size === 1 ? this.#compose : this.#scaled, null, width, height, {
        shift: [Math.round(place.x * width), Math.round(place.y * height)], scale: [place.size], opacity: [place.opacity],
      });
    }
    gl.disable(gl.SCISSOR_TEST);
  }

  /** Where the teacher comes to, of each upright part of the picture. */
  #reached({ x, y, size }) {
    const { width, height } = this.canvas;
    const across = (share) => ((share - 0.5) * size + 0.5 + x) * width;
    const down = (share) => ((share - 1) * size + 1 + y) * height;
    const within = (value, most) => Math.min(Math.max(value, 0), most);
    return this.#teacher.map(([top, bottom], k) => (top >= bottom ? NOWHERE : [
      within(Math.floor(across(k / COLUMNS)) - 1, width), within(Math.floor(down(top)) - 1, height),
      within(Math.ceil(across((k + 1) / COLUMNS)) + 1, width), within(Math.ceil(down(bottom)) + 1, height),
    ]));
  }

  /** The composed picture taken, as it is. */
  copy() {
    this.#drawn = "";
    this.#draw(this.#copy, null, this.canvas.width, this.canvas.height);
  }

  /** RGBA of what was drawn in this very task, from the top left. */
  pixels() {
    const gl = this.#gl;
    const { width, height } = this.canvas;
    const upward = new Uint8Array(width * height * 4);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, upward);
    const pixels = new Uint8Array(upward.length);
    for (let row = 0; row < height; row++) {
      pixels.set(upward.subarray(row * width * 4, (row + 1) * width * 4), (height - 1 - row) * width * 4);
    }
    return pixels;
  }

  #draw({ handle, at }, framebuffer, width, height, values = {}) {
    const gl = this.#gl;
    gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
    gl.viewport(0, 0, width, height);
    gl.useProgram(handle);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, this.#sheet);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.#video);
    ["packed", "sheet", "lights", "codes"].forEach((name, unit) => gl.uniform1i(at(name), unit));
    gl.uniform2f(at("size"), this.canvas.width, this.canvas.height);
    for (const [name, value] of Object.entries(values)) {
      if (value.length === 2) gl.uniform2fv(at(name), value);
      else gl.uniform1fv(at(name), value);
    }
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }
}

/** The box around two: left, top, right, bottom. */
const around = (one, other) => one.map((edge, k) => (k < 2 ? Math.min : Math.max)(edge, other[k]));

function texture(gl, filter) {
  const made = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, made);
  for (const side of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, side, gl.CLAMP_TO_EDGE);
  for (const size of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, size, filter);
  return made;
}

/** A row of numbers as the texture of the active unit. */
function table(gl, format, type, values) {
  texture(gl, gl.NEAREST);
  gl.texImage2D(gl.TEXTURE_2D, 0, format, values.length, 1, 0, gl.RED, type, values);
}

function lightOf(code) {
  return code <= 0.04045 ? code / 12.92 : ((code + 0.055) / 1.055) ** 2.4;
}

function codeOf(light) {
  return light <= 0.0031308 ? light * 12.92 : 1.055 * light ** (1 / 2.4) - 0.055;
}

function program(gl, fragment) {
  const handle = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, fragment]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(handle, shader);
  }
  gl.linkProgram(handle);
  if (!gl.getProgramParameter(handle, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(handle));
  const places = new Map();
  const at = (name) => {
    if (!places.has(name)) places.set(name, gl.getUniformLocation(handle, name));
    return places.get(name);
  };
  return { handle, at };
}
