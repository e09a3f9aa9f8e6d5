// A closer look for those who read small text: the picture larger, and moved about. For this screen alone.
// Video and canvas hold all of the picture's pixels, however small they are shown: the browser draws the part in sight
// out of those.
const MOST = 6;
const STEP = 1.25;
const NEARLY = 1.02; // less is no zoom
const PAN = 0.15; // of the screen, by an arrow key
const WHEEL_MOST = 40; // a wheel's notch tells 100 and more, two fingers on a pad a few
const LINE_PX = 16;
const FIELDS = "input, select, textarea";
const clamp = (value, least, most) => Math.min(most, Math.max(least, value));

export class Zoom {
  #scale = 1;
  #focus = { x: 0.5, y: 0.5 }; // what of the picture stands in the middle of the screen, in shares of the picture
  #fingers = new Map(); // by pointer: where it was last
  #listeners = [];

  /** canvas(): the one in front of the video, where that is put together here. isTaken(): does one finger mean something else now? */
  constructor(hall, video, canvas, isTaken) {
    Object.assign(this, { hall, video, canvas, isTaken });
    video.addEventListener("pointerdown", (event) => this.#down(event));
    video.addEventListener("pointermove", (event) => this.#move(event));
    video.addEventListener("lostpointercapture", (event) => this.#fingers.delete(event.pointerId));
    hall.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.look()).observe(hall);
    video.addEventListener("resize", () => this.look());
  }

  get scale() { return this.#scale; }

  get isOn() { return this.#scale > 1; }

  onChange(listener) { this.#listeners.push(listener); }

  reset() {
    this.#scale = 1;
    this.look();
  }

  /** What is in front: {node, width, height}, in pixels of the picture. */
  get source() {
    const canvas = this.canvas();
    if (canvas.classList.contains("on")) return { node: canvas, width: canvas.width, height: canvas.height };
    return { node: this.video, width: this.video.videoWidth || 16, height: this.video.videoHeight || 9 };
  }

  /** Where the picture stands on the screen, in CSS pixels of the hall. */
  get place() {
    const { x, y, w, h } = this.#whole();
    const [width, height] = [w * this.#scale, h * this.#scale];
    const { clientWidth, clientHeight } = this.hall;
    return { x, y, left: edge(clientWidth, width, this.#focus.x), top: edge(clientHeight, height, this.#focus.y), width, height };
  }

  /** After anything that changes the picture's size or what is in front. */
  look() {
    const { x, y, left, top } = this.place;
    const isOn = this.isOn;
    const transform = isOn ? `translate(${left - x * this.#scale}px, ${top - y * this.#scale}px) scale(${this.#scale})` : "";
    for (const node of [this.video, this.canvas()]) Object.assign(node.style, { transform, transformOrigin: isOn ? "0 0" : "" });
    this.hall.classList.toggle("zoomed", isOn);
    for (const listener of this.#listeners) listener();
  }

  /** The picture as it is without zoom. */
  #whole() {
    const { clientWidth, clientHeight } = this.hall;
    const { width, height } = this.source;
    const fit = Math.min(clientWidth / width, clientHeight / height);
    const [w, h] = [width * fit, height * fit];
    return { x: (clientWidth - w) / 2, y: (clientHeight - h) / 2, w, h };
  }

  /** Larger by this factor; what is at this point of the screen stays there, and then goes by (dx, dy). */
  #by(factor, clientX, clientY, dx = 0, dy = 0) {
    const before = this.place;
    const scale = clamp(this.#scale * factor, 1, MOST);
    const grown = scale / this.#scale;
    this.#scale = scale < NEARLY && factor <= 1 ? 1 : scale;
    const { clientWidth, clientHeight } = this.hall;
    const middle = (point, start, size, length, by) => {
      const wanted = point - (point - start) * grown + by; // where the picture begins then
      return (length / 2 - edge(length, size * grown, (length / 2 - wanted) / (size * grown))) / (size * grown);
    };
    this.#focus = {
      x: middle(clientX, before.left, before.width, clientWidth, dx), y: middle(clientY, before.top, before.height, clientHeight, dy),
    };
    this.look();
  }

  #down(event) {
    if (event.button !== 0) return;
    this.#fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    this.video.setPointerCapture(event.pointerId);
  }

  #move(event) {
    const was = this.#fingers.get(event.pointerId);
    if (!was) return;
    const now = { x: event.clientX, y: event.clientY };
    const other = [...this.#fingers].find(([id]) => id !== event.pointerId)?.[1];
    this.#fingers.set(event.pointerId, now);
    if (this.#fingers.size === 2) {
      const apart = (finger) => Math.max(1, Math.hypot(finger.x - other.x, finger.y - other.y));
      this.#by(apart(now) / apart(was), (was.x + other.x) / 2, (was.y + other.y) / 2, (now.x - was.x) / 2, (now.y - was.y) / 2);
    } else if (this.isOn && !this.isTaken()) this.#by(1, 0, 0, now.x - was.x, now.y - was.y);
  }

  #wheel(event) {
    const px = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : LINE_PX;
    const isZoom = event.ctrlKey || event.metaKey || event.altKey;
    if (!isZoom && !this.isOn) return;
    event.preventDefault(); // the browser would make the bar larger, too
    if (isZoom) this.#by(2 ** (clamp(-event.deltaY * px, -WHEEL_MOST, WHEEL_MOST) / 100), event.clientX, event.clientY);
    else this.#by(1, 0, 0, -event.deltaX * px, -event.deltaY * px);
  }

  #key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest?.(FIELDS)) return;
    const { clientWidth: w, clientHeight: h } = this.hall;
    const factor = { "+": STEP, "=": STEP, "-": 1 / STEP, _: 1 / STEP }[event.key];
    const way = { ArrowLeft: [PAN, 0], ArrowRight: [-PAN, 0], ArrowUp: [0, PAN], ArrowDown: [0, -PAN] }[event.key];
    if (factor) this.#by(factor, w / 2, h / 2);
    else if (event.key === "0") this.reset();
    else if (way && this.isOn && !this.isTaken()) this.#by(1, 0, 0, way[0] * w, way[1] * h);
    else return;
    event.preventDefault();
  }
}

/** Where a picture of this size begins on a screen of this length: in its middle, or without a gap at either end. */
function edge(length, size, focus) {
  return size <= length ? (length - size) / 2 : clamp(length / 2 - focus * size, length - size, 0);
}
