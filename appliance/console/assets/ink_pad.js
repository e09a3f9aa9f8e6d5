// A hand that draws over a picture of the page: pen, marker, laser, spotlight. The box draws; here is only what the
// hand does now. For the assistant's console and the teacher's page.
import { onLanguage, t } from "./words.js";

const $ = (id) => document.getElementById(id);
export const WIDTHS = { pen: [0.004, 0.008, 0.016], marker: [0.03, 0.045, 0.065] };
const COLOURS = { vermillion: "#d55e00", blue: "#0072b2", green: "#009e73", orange: "#e69f00", sky: "#56b4e9", purple: "#cc79a7", yellow: "#f0e442", black: "#000000" };
const ICONS = {
  none: '<path d="M6 3v15l4-4 2.600 6 2.400-1-2.600-6H18z"/>',
  pen: '<path d="m4 20 1-4.500L16.500 4a2.100 2.100 0 0 1 3 3L8 18.500z"/>',
  marker: '<path d="m6 15 8-9 5 5-9 8H6zM4 21h9"/>',
  laser: '<circle cx="12" cy="12" r="3" fill="currentColor"/><path d="M12 3v3m0 12v3M3 12h3m12 0h3"/>',
  spotlight: '<circle cx="12" cy="12" r="5"/><path d="M3 3h18v18H3z"/>',
};
const SPOT = 0.18; // radius of the spotlight, of the page's height
const AT_MOST = 200; // points of one request
const ECHO_MS = 700; // until the box's own drawing has come back in the preview
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

export class InkPad {
  tool = "none";
  page = 0;
  #colour = "vermillion";
  #width = 1;
  #line = null; // the stroke under the hand
  #pending = 0; // strokes that the preview does not show yet
  #pointing = false;
  #next = null; // where the pointer should be, while an order is on its way
  #penSeen = false;

  /**
   * surface: what is drawn over. tools: those that may be chosen. box(): where the page lies in the surface, CSS pixels.
   * seen(): resolves when the preview shows what was drawn; onAway(): the pointer was put away. showsPointer: the
   * preview is too slow to.
   */
  constructor(surface, { order, tools, box, seen = () => pause(ECHO_MS), onAway = () => {}, showsPointer = false }) {
    Object.assign(this, { surface, order, tools, box, seen, onAway, showsPointer });
    onLanguage(() => this.#label());
  }

  start(tool) {
    this.#drawTools();
    const pad = $("ink-pad");
    pad.addEventListener("pointerdown", (event) => this.#down(event));
    pad.addEventListener("pointermove", (event) => this.#move(event));
    for (const name of ["pointerup", "pointercancel"]) pad.addEventListener(name, (event) => this.#up(event));
    pad.addEventListener("pointerleave", () => this.#putAway());
    $("ink-undo").addEventListener("click", () => this.undo());
    $("ink-clear").addEventListener("click", () => this.order("DELETE", `/ink?page=${this.page}`));
    new ResizeObserver(() => this.fit()).observe(this.surface);
    this.choose(tool);
  }

  undo() { this.order("POST", `/ink/undo?page=${this.page}`); }

  choose(tool) {
    this.tool = tool;
    for (const button of $("ink-tools").children) button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
    $("ink-pad").hidden = tool === "none";
    $("ink-style").hidden = !(tool in WIDTHS);
    this.#putAway();
    this.fit();
  }

  /** It wipes what the hand draws. */
  fit() {
    const box = this.box();
    const pad = $("ink-pad");
    Object.assign(pad.style, { left: `${box.x}px`, top: `${box.y}px`, width: `${box.w}px`, height: `${box.h}px` });
    [pad.width, pad.height] = [Math.round(box.w * devicePixelRatio), Math.round(box.h * devicePixelRatio)];
  }

  #drawTools() {
    const make = (title, dataset, inner) => {
      const button = Object.assign(document.createElement("button"), { type: "button", innerHTML: inner }); // constants of this file
      Object.assign(button.dataset, dataset);
      button.dataset.word = title;
      return button;
    };
    $("ink-tools").replaceChildren(...this.tools.map((tool) => {
      const button = make(`ink_${tool}`, { tool }, `<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${ICONS[tool]}</svg>`);
      button.addEventListener("click", () => this.choose(tool));
      return button;
    }));
    const chosen = (group, is) => { for (const one of group.children) one.setAttribute("aria-pressed", String(is(one))); };
    $("ink-colours").replaceChildren(...Object.entries(COLOURS).map(([colour, code]) => {
      const button = make(`ink_${colour}`, { colour }, "");
      button.style.setProperty("--ink-colour", code);
      button.addEventListener("click", () => { this.#colour = colour; chosen($("ink-colours"), (one) => one === button); });
      return button;
    }));
    $("ink-widths").replaceChildren(...[0, 1, 2].map((width) => {
      const button = make(`ink_width_${width}`, { width }, `<span></span>`);
      button.addEventListener("click", () => { this.#width = width; chosen($("ink-widths"), (one) => one === button); });
      return button;
    }));
    chosen($("ink-colours"), (one) => one.dataset.colour === this.#colour);
    chosen($("ink-widths"), (one) => Number(one.dataset.width) === this.#width);
    this.#label();
  }

  #label() {
    for (const button of document.querySelectorAll("#ink [data-word]")) {
      button.setAttribute("aria-label", t(button.dataset.word));
      button.title = t(button.dataset.word);
    }
  }

  #at(event) {
    const box = $("ink-pad").getBoundingClientRect();
    const share = (value) => Math.round(Math.min(1.5, Math.max(-0.5, value)) * 1e4) / 1e4;
    return [share((event.clientX - box.left) / box.width), share((event.clientY - box.top) / box.height)];
  }

  /** A palm that rests on the glass beside a pen, a second finger: not what is drawn with. */
  #isStray(event) {
    this.#penSeen ||= event.pointerType === "pen";
    return (this.#penSeen && event.pointerType === "touch") || (this.#line !== null && event.pointerId !== this.#line.pointerId);
  }

  #down(event) {
    if (event.button !== 0 || this.#isStray(event)) return;
    event.preventDefault();
    $("ink-pad").setPointerCapture(event.pointerId);
    if (!(this.tool in WIDTHS)) { this.#point(event); return; }
    const width = WIDTHS[this.tool][this.#width];
    this.#line = { pointerId: event.pointerId, tool: this.tool, colour: this.#colour, width, page: this.page, points: [this.#at(event)], sent: 0, done: false };
    this.#echo(this.#line, 0);
    this.#send(this.#line);
  }

  #move(event) {
    if (this.#isStray(event)) return;
    if (!(this.tool in WIDTHS)) { this.#point(event); return; }
    if (!this.#line) return;
    const from = this.#line.points.length - 1;
    for (const one of event.getCoalescedEvents?.() ?? [event]) this.#line.points.push(this.#at(one));
    this.#echo(this.#line, from);
  }

  #up(event) {
    if (this.#isStray(event)) return;
    if (!this.#line) { if (event.pointerType !== "mouse") this.#putAway(); return; }
    this.#line.done = true;
    this.#line = null;
  }

  /** One request at a time, each with all the points since the last. */
  async #send(line) {
    const { tool, colour, width, page } = line;
    const take = () => line.points.slice(line.sent, line.sent + AT_MOST);
    const first = take();
    this.#pending++;
    line.sent += first.length;
    const made = await this.order("POST", "/ink/strokes", { tool, colour, width, page, points: first });
    while (made && !(line.done && line.sent === line.points.length)) {
      const more = take();
      if (more.length === 0) { await pause(30); continue; }
      line.sent += more.length;
      await this.order("PATCH", `/ink/strokes/${made.stroke_id}`, { page, points: more });
    }
    await this.seen();
    this.#pending--;
    if (!this.#line && this.#pending === 0) this.#wipe();
  }

  #wipe() { $("ink-pad").getContext("2d").clearRect(0, 0, 1e5, 1e5); }

  /** The hand's own line at once: the preview is a moment late. */
  #echo(line, from) {
    const pad = $("ink-pad");
    const draw = pad.getContext("2d");
    Object.assign(draw, {
      lineCap: "round", lineJoin: "round", lineWidth: line.width * pad.height, strokeStyle: COLOURS[line.colour],
      globalAlpha: line.tool === "marker" ? 0.2 : 1,
    });
    draw.beginPath();
    for (const [x, y] of line.points.slice(from)) draw.lineTo(x * pad.width, y * pad.height);
    if (line.points.length === 1) draw.lineTo(line.points[0][0] * pad.width, line.points[0][1] * pad.height);
    draw.stroke();
  }

  #echoPointer([x, y]) {
    const pad = $("ink-pad");
    const draw = pad.getContext("2d");
    this.#wipe();
    Object.assign(draw, { globalAlpha: 1, fillStyle: COLOURS.vermillion, strokeStyle: COLOURS.vermillion, lineWidth: 2 * devicePixelRatio });
    draw.beginPath();
    draw.arc(x * pad.width, y * pad.height, (this.tool === "laser" ? 0.012 : SPOT) * pad.height, 0, 2 * Math.PI);
    if (this.tool === "laser") draw.fill(); else draw.stroke();
  }

  async #point(event) {
    const [x, y] = this.#at(event);
    const isFirst = this.#next === null && !this.#pointing;
    this.#next = { kind: this.tool, x, y };
    if (this.showsPointer) this.#echoPointer([x, y]);
    if (!isFirst) return;
    this.#pointing = true;
    while (this.#next && this.#pointing) {
      const body = this.#next;
      this.#next = null;
      await this.order("PUT", "/ink/pointer", body);
      while (!this.#next && this.#pointing) await pause(25);
    }
  }

  async #putAway() {
    if (!this.#pointing) return;
    this.#pointing = false;
    this.#next = null;
    if (this.showsPointer) this.#wipe();
    await this.order("DELETE", "/ink/pointer");
    this.onAway();
  }
}
