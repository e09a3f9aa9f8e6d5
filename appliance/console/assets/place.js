// The teacher's place in the corner layout: a frame over the preview, dragged, resized, or moved by keys.
const $ = (id) => document.getElementById(id);
const SLIM = 0.62; // width of a standing person with their arms, over the height
const SIDE = 0.3; // of the height, from the programme's side to a corner's middle, as the box places it
const clamp = (value, least, most) => Math.min(most, Math.max(least, value));

/** Where the video's picture lies in its element: x, y, w, h in CSS pixels of the element. */
export function pictureBox(video) {
  const { clientWidth: w, clientHeight: h } = video;
  const shape = (video.videoWidth || 16) / (video.videoHeight || 9);
  const width = Math.min(w, h * shape);
  const height = width / shape;
  return { x: (w - width) / 2, y: (h - height) / 2, w: width, h: height };
}

/** Where the page lies in the picture: all of it, or, side by side, what pipelines/compositing/beside.py leaves to it. */
export function pageBox(video, scene) {
  const box = pictureBox(video);
  if (scene?.layout !== "beside") return box;
  const margin = 0.02 * box.h;
  const pane = scene.pane_share * box.w;
  const shrink = Math.min((box.w - pane - 2 * margin) / box.w, (box.h - 2 * margin) / box.h);
  const [w, h] = [box.w * shrink, box.h * shrink];
  return { x: box.x + (scene.corner.endsWith("left") ? pane : 0) + (box.w - pane - w) / 2, y: box.y + (box.h - h) / 2, w, h };
}

export class Place {
  #scene = null;
  #grip = null;

  /** change(fields): orders these fields of the scene. */
  constructor(video, change) { Object.assign(this, { video, change }); }

  start() {
    const frame = $("place");
    frame.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      frame.setPointerCapture(event.pointerId);
      frame.focus();
      const { x, y } = this.#now();
      this.#grip = { resizes: event.target.id === "place-size", fromX: event.clientX, fromY: event.clientY, x, y, scale: this.#scene.scale };
    });
    frame.addEventListener("pointermove", (event) => { if (this.#grip) this.#drag(event); });
    for (const name of ["pointerup", "pointercancel"]) frame.addEventListener(name, () => { this.#grip = null; });
    frame.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => { if (this.#scene) this.show(this.#scene); }).observe(this.video);
    this.video.addEventListener("resize", () => { if (this.#scene) this.show(this.#scene); });
  }

  /** With every change of the scene. */
  show(scene) {
    this.#scene = scene;
    const frame = $("place");
    frame.hidden = scene.layout !== "corner";
    if (frame.hidden) return;
    const box = pictureBox(this.video);
    const { x, y } = this.#now();
    const height = scene.scale * box.h;
    const width = height * SLIM;
    Object.assign(frame.style, {
      left: `${box.x + x * box.w - width / 2}px`, top: `${box.y + y * box.h - height}px`, width: `${width}px`, height: `${height}px`,
    });
  }

  /** Where the feet stand, as shares of the programme. */
  #now() {
    const { place_xy: place, corner, scale } = this.#scene;
    if (place) return { x: place[0], y: place[1] };
    const box = pictureBox(this.video);
    const side = Math.min(0.5, (SIDE * scale * box.h) / box.w);
    return { x: corner.endsWith("left") ? side : 1 - side, y: corner.startsWith("top") ? 0.03 + scale : 1 };
  }

  #drag(event) {
    const grip = this.#grip;
    const box = pictureBox(this.video);
    const [dx, dy] = [(event.clientX - grip.fromX) / box.w, (event.clientY - grip.fromY) / box.h];
    if (grip.resizes) this.#order(grip.x, grip.y, grip.scale - dy);
    else this.#order(grip.x + dx, grip.y + dy, grip.scale);
  }

  #key(event) {
    const { x, y } = this.#now();
    const { scale } = this.#scene;
    const by = event.shiftKey ? 0.05 : 0.01;
    const next = {
      ArrowLeft: [x - by, y, scale], ArrowRight: [x + by, y, scale], ArrowUp: [x, y - by, scale], ArrowDown: [x, y + by, scale],
      "+": [x, y, scale + 0.05], "=": [x, y, scale + 0.05], "-": [x, y, scale - 0.05],
    }[event.key];
    if (!next) return;
    event.preventDefault();
    event.stopPropagation(); // no page is turned
    this.#order(...next);
  }

  #order(x, y, scale) {
    const round = (value) => Math.round(value * 1000) / 1000;
    this.change({ place_xy: [round(clamp(x, 0, 1)), round(clamp(y, 0.1, 2))], scale: round(clamp(scale, 0.1, 1)) });
  }
}
