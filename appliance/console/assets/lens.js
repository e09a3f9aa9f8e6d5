// A magnifier that follows pointer or finger, for this screen alone: its button or the key M, which may also be held.
const TIMES = 2.5;
const HELD_MS = 400; // a key let go after so long was held
const REDRAW_MS = 80; // the lesson goes on under the lens
const BESIDE = 0.65; // of the lens, from a finger to its middle: a finger covers what it points at
const MOVE = 0.03; // of the screen, by an arrow key
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const clamp = (value, most) => Math.min(most, Math.max(0, value));

export class Lens {
  #at = null; // {x, y, isFinger} on the screen
  #drawnMs = 0;
  #pressedMs = 0;

  /** zoom: knows what is in front, and where it stands. */
  constructor(hall, canvas, button, zoom) {
    // Not opaque: Chromium without a graphics card then leaves out what it takes to lie under the lens, at a wrong place.
    Object.assign(this, { hall, canvas, button, zoom, pen: canvas.getContext("2d") });
    button.addEventListener("click", () => this.turn(!this.isOn));
    for (const name of ["pointerdown", "pointermove"]) hall.addEventListener(name, (event) => this.#follow(event));
    addEventListener("keydown", (event) => this.#down(event));
    addEventListener("keyup", (event) => { if (event.key === "m" && performance.now() - this.#pressedMs > HELD_MS) this.turn(false); });
  }

  get isOn() { return !this.canvas.hidden; }

  turn(isOn) {
    this.canvas.hidden = !isOn;
    this.button.setAttribute("aria-pressed", String(isOn));
    if (isOn) this.#draw();
  }

  #follow({ clientX: x, clientY: y, pointerType }) {
    this.#at = { x, y, isFinger: pointerType === "touch" };
    this.#drawnMs = 0;
  }

  #down(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest?.("input, select, textarea")) return;
    if (event.key === "m" && !event.repeat) {
      // A second press takes it away; where it is held, letting go does.
      this.#pressedMs = this.isOn ? Infinity : performance.now();
      this.turn(!this.isOn);
    } else if (event.key === "Escape") this.turn(false);
    else if (this.isOn && WAYS[event.key]) this.#step(WAYS[event.key]);
  }

  #step([right, down]) {
    const { clientWidth: w, clientHeight: h } = this.hall;
    const { x, y } = this.#at ?? { x: w / 2, y: h / 2 };
    this.#at = { x: clamp(x + right * MOVE * w, w), y: clamp(y + down * MOVE * h, h), isFinger: false };
    this.#drawnMs = 0;
  }

  #draw() {
    if (!this.isOn) return;
    requestAnimationFrame(() => this.#draw());
    const now = performance.now();
    if (now - this.#drawnMs < REDRAW_MS) return;
    this.#drawnMs = now;
    const { clientWidth, clientHeight } = this.hall;
    const { x, y, isFinger } = this.#at ?? { x: clientWidth / 2, y: clientHeight / 2 };
    const { canvas, pen } = this;
    const size = canvas.clientWidth;
    const above = y - BESIDE * size;
    const middle = isFinger ? (above < size / 2 ? y + BESIDE * size : above) : y;
    canvas.style.transform = `translate(${x - size / 2}px, ${middle - size / 2}px)`;
    const side = Math.round(size * devicePixelRatio);
    if (canvas.width !== side) canvas.width = canvas.height = side;
    const { node, width } = this.zoom.source;
    const { left, top, width: shown } = this.zoom.place;
    const unit = width / shown; // the picture's pixels for one of the screen's
    const span = (size / TIMES) * unit;
    pen.fillStyle = "#0b0e14";
    pen.fillRect(0, 0, side, side);
    pen.imageSmoothingQuality = "high";
    pen.drawImage(node, (x - left) * unit - span / 2, (y - top) * unit - span / 2, span, span, 0, 0, side, side);
  }
}
