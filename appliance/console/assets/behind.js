// Behind the scenes: what the camera sees, the matte, the plate, side by side. Asked for about once a second while
// the panel is open and the page in sight; closed, the box computes nothing for it.
import { onLanguage, t } from "./words.js";

const $ = (id) => document.getElementById(id);
const EVERY_MS = 1000;
const KINDS = ["camera", "matte", "plate"];

export class Behind {
  #round = 0; // grows with every opening and closing: an older round ends
  #shown = new Map(); // kind: the address of its picture

  constructor(api) {
    this.api = api;
    onLanguage(() => this.#go());
  }

  start() {
    $("behind").addEventListener("toggle", () => this.#go());
    document.addEventListener("visibilitychange", () => this.#go());
  }

  #go() {
    const round = ++this.#round;
    if ($("behind").open && document.visibilityState === "visible") this.#follow(round);
    else if (!$("behind").open) for (const kind of KINDS) this.#show(kind, "");
  }

  async #follow(round) {
    while (round === this.#round) {
      const next = new Promise((done) => setTimeout(done, EVERY_MS));
      await Promise.all(KINDS.map((kind) => this.#ask(kind, round)));
      await next;
    }
  }

  async #ask(kind, round) {
    const note = $(`behind-${kind}-note`);
    try {
      const address = await this.api.picture(`/pictures/${kind}`);
      if (round !== this.#round) { URL.revokeObjectURL(address); return; }
      this.#show(kind, address);
      note.textContent = "";
    } catch (error) {
      if (round !== this.#round || error.status === 503) return; // busy: the picture of before stays
      this.#show(kind, "");
      note.textContent = error.message || t("behind_none");
    }
  }

  #show(kind, address) {
    const picture = $(`behind-${kind}`);
    if (this.#shown.has(kind)) URL.revokeObjectURL(this.#shown.get(kind));
    this.#shown.delete(kind);
    picture.hidden = !address;
    if (!address) { picture.removeAttribute("src"); return; }
    picture.src = address;
    this.#shown.set(kind, address);
  }
}
