// Ink over the preview: pen, marker, laser, spotlight. The box draws; here is only what the hand does now.
import { pageBox } from "./place.js";
import { onLanguage, t } from "./words.js";

const $ = (id) => document.getElementById(id);
const WIDTHS = { pen: [0.004, 0.008, 0.016], marker: [0.03, 0.045, 0.065] };
const COLOURS = { vermillion: "#d55e00", blue: "#0072b2", green: "#009e73", orange: "#e69f00", sky: "#56b4e9", purple: "#cc79a7", yellow: "#f0e442", black: "#000000" };
const TOOLS = ["none", "pen", "marker", "laser", "spotlight"];
const ICONS = {
  none: '<path d="M6 3v15l4-4 2.600 6 2.400-1-2.600-6H18z"/>',
  pen: '<path d="m4 20 1-4.500L16.500 4a2.100 2.100 0 0 1 3 3L8 18.500z"/>',
  marker: '<path d="m6 15 8-9 5 5-9 8H6zM4 21h9"/>',
  laser: '<circle cx="12" cy="12" r="3" fill="currentColor"/><path d="M12 3v3m0 12v3M3 12h3m12 0h3"/>',
  spotlight: '<circle cx="12" cy="12" r="5"/><path d="M3 3h18v18H3z"/>',
};
const AT_MOST = 200; // points of one request
const ECHO_MS = 700; // until the box's own drawing has come back in the preview

export class Ink {
  #tool = "none";
  #colour = "vermillion";
  #width = 1;
  #page = 0;
  #scene = null;
  #line = null; // the stroke under the hand
  #pointing = false;
  #next = null; // where the pointer should be, while an order is on its way

  constructor(video, { order, api, toast }) {
    Object.assign(this, { video, order, api, toast });
    onLanguage(() => this.#label());
  }

  start() {
    this.#drawTools();
    const pad = $("ink-pad");
    pad.addEventListener("pointerdown", (event) => this.#down(event));
    pad.addEventListener("pointermove", (event) => this.#move(event));
    for (const name of ["pointerup", "pointercancel"]) pad.addEventListener(name, (event) => this.#up(event));
    pad.addEventListener("pointerleave", () => this.#putAway());
    $("ink-undo").addEventListener("click", () => this.undo());
    $("ink-clear").addEventListener("click", () => this.order("DELETE", `/ink?page=${this.#page}`));
    for (const kind of ["png", "svg", "json"]) $(`ink-${kind}`).addEventListener("click", () => this.#save(kind));
    new ResizeObserver(() => this.#fit()).observe(this.video);
    this.video.addEventListener("resize", () => this.#fit());
    this.choose("none");
  }

  /** With every status of the box. */
  follow(status) {
    this.#page = status.page.index;
    const shows = ["aligned", "corner", "beside", "courseware"].includes(status.scene.layout);
    const isSame = this.#scene?.number === status.scene.number;
    this.#scene = status.scene;
    if (!isSame) this.#fit(); // it wipes what the hand draws
    $("ink").classList.toggle("off", !shows);
    if (!shows && this.#tool !== "none") this.choose("none");
    for (const button of $("ink-tools").children) button.disabled = !shows;
  }

  undo() { this.order("POST", `/ink/undo?page=${this.#page}`); }

  choose(tool) {
    this.#tool = tool;
    for (const button of $("ink-tools").children) button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
    $("ink-pad").hidden = tool === "none";
    $("ink-style").hidden = !(tool in WIDTHS);
    this.#putAway();
    this.#fit();
  }

  /** The tool, or none when it is in the hand already. */
  toggle(tool) { if (!$("ink").classList.contains("off")) this.choose(this.#tool === tool ? "none" : tool); }

  #drawTools() {
    const make = (title, dataset, inner) => {
      const button = Object.assign(document.createElement("button"), { type: "button", innerHTML: inner }); // constants of this file
      Object.assign(button.dataset, dataset);
      button.dataset.word = title;
      return button;
    };
    $("ink-tools").replaceChildren(...TOOLS.map((tool) => {
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

  #fit() {
    const box = pageBox(this.video, this.#scene);
    const pad = $("ink-pad");
    Object.assign(pad.style, { left: `${box.x}px`, top: `${box.y}px`, width: `${box.w}px`, height: `${box.h}px` });
    [pad.width, pad.height] = [Math.round(box.w * devicePixelRatio), Math.round(box.h * devicePixelRatio)];
  }

  #at(event) {
    const box = $("ink-pad").getBoundingClientRect();
    const share = (value) => Math.round(Math.min(1.5, Math.max(-0.5, value)) * 1e4) / 1e4;
    return [share((event.clientX - box.left) / box.width), share((event.clientY - box.top) / box.height)];
  }

  #down(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    $("ink-pad").setPointerCapture(event.pointerId);
    if (!(this.#tool in WIDTHS)) { this.#point(event); return; }
    const width = WIDTHS[this.#tool][this.#width];
    this.#line = { tool: this.#tool, colour: this.#colour, width, page: this.#page, points: [this.#at(event)], sent: 0, done: false };
    this.#echo(this.#line, 0);
    this.#send(this.#line);
  }

  #move(event) {
    if (!(this.#tool in WIDTHS)) { this.#point(event); return; }
    if (!this.#line) return;
    const from = this.#line.points.length - 1;
    for (const one of event.getCoalescedEvents?.() ?? [event]) this.#line.points.push(this.#at(one));
    this.#echo(this.#line, from);
  }

  #up(event) {
    if (!this.#line) { if (event.pointerType !== "mouse") this.#putAway(); return; }
    this.#line.done = true;
    this.#line = null;
  }

  /** One request at a time, each with all the points since the last. */
  async #send(line) {
    const { tool, colour, width, page } = line;
    const take = () => line.points.slice(line.sent, line.sent + AT_MOST);
    const first = take();
    line.sent += first.length;
    const made = await this.order("POST", "/ink/strokes", { tool, colour, width, page, points: first });
    while (made && !(line.done && line.sent === line.points.length)) {
      const more = take();
      if (more.length === 0) { await new Promise((done) => setTimeout(done, 30)); continue; }
      line.sent += more.length;
      await this.order("PATCH", `/ink/strokes/${made.stroke_id}`, { page, points: more });
    }
    setTimeout(() => { if (!this.#line) $("ink-pad").getContext("2d").clearRect(0, 0, 1e5, 1e5); }, ECHO_MS);
  }

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

  async #point(event) {
    const [x, y] = this.#at(event);
    const isFirst = this.#next === null && !this.#pointing;
    this.#next = { kind: this.#tool, x, y };
    if (!isFirst) return;
    this.#pointing = true;
    while (this.#next && this.#pointing) {
      const body = this.#next;
      this.#next = null;
      await this.order("PUT", "/ink/pointer", body);
      while (!this.#next && this.#pointing) await new Promise((done) => setTimeout(done, 25));
    }
  }

  #putAway() {
    if (!this.#pointing) return;
    this.#pointing = false;
    this.#next = null;
    this.order("DELETE", "/ink/pointer");
  }

  async #save(kind) {
    try {
      const address = await this.api.picture(kind === "json" ? `/ink?page=${this.#page}` : `/ink/page.${kind}`);
      Object.assign(document.createElement("a"), { href: address, download: `page-${this.#page + 1}.${kind}` }).click();
      setTimeout(() => URL.revokeObjectURL(address), 10_000);
    } catch (error) {
      this.toast(error.message || t("failed"));
    }
  }
}
