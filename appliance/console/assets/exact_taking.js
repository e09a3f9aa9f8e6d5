// A video's picture into a texture. A graphics card takes it from the decoder by itself. Where a browser has none, that
// way costs the page's thread fifty milliseconds for a picture, and the one over WebCodecs a quarter of it, for the very
// same pixels: so the first pictures are timed.
const TRIED = 3; // pictures
const SLOW_MS = 5; // of the page's thread; a graphics card leaves it one or two

export class Taking {
  #gl;
  #texture;
  #spent; // ms, of the first pictures
  #pixels = new Uint8Array(0);
  #size = ""; // of the texture, as this made it
  #busy = false;

  constructor(gl, texture, spent = []) {
    this.#gl = gl;
    this.#texture = texture;
    this.#spent = spent;
  }

  /** Takes the picture that the video shows now. Null: it is there. Else a promise of whether it is, which it is not
   * while the one before is still being taken. Rejects, or throws, where it cannot be taken. */
  take(video) {
    if (this.#isSlow() && video instanceof HTMLVideoElement) return this.#copy(video);
    const began = performance.now();
    this.#bind();
    const gl = this.#gl;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, video);
    this.#size = "";
    if (this.#spent.length < TRIED) this.#spent.push(performance.now() - began);
    return null;
  }

  #isSlow() {
    return this.#spent.length === TRIED && Math.min(...this.#spent) > SLOW_MS && "VideoFrame" in window;
  }

  async #copy(video) {
    if (this.#busy) return false;
    this.#busy = true;
    const frame = new VideoFrame(video);
    try {
      const { width, height } = frame.visibleRect;
      const bytes = frame.allocationSize({ format: "RGBA" });
      if (this.#pixels.length !== bytes) this.#pixels = new Uint8Array(bytes);
      await frame.copyTo(this.#pixels, { format: "RGBA" });
      this.#bind();
      this.#upload(width, height);
      return true;
    } catch (error) {
      this.#spent = [0, 0, 0]; // this browser's frames cannot be read so: back to the other way
      if (error.name !== "NotSupportedError") throw error;
      return false;
    } finally {
      frame.close();
      this.#busy = false;
    }
  }

  #upload(width, height) {
    const gl = this.#gl;
    const size = `${width} ${height}`;
    if (size === this.#size) gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, this.#pixels);
    else gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, width, height, 0, gl.RGBA, gl.UNSIGNED_BYTE, this.#pixels);
    this.#size = size;
  }

  #bind() {
    this.#gl.bindTexture(this.#gl.TEXTURE_2D, this.#texture);
  }
}
