// A page that stays open for weeks becomes the box's new one after an update, while nothing plays.
const PLACE = "watch.renewed";
const FRESH_MS = 5000; // of a session: its picture has only just come

export class Renewal {
  #wanted = "";
  #begunMs = performance.now();

  /** isNeeded(): is the lesson in sight, or does this room speak? */
  constructor(isNeeded) {
    this.isNeeded = isNeeded;
    document.addEventListener("visibilitychange", () => this.look());
  }

  session() { this.#begunMs = performance.now(); }

  /** version: of the pages that the box has now. */
  told(version) {
    this.#wanted = version;
    this.look();
  }

  look() {
    if (!this.#wanted || this.#wanted === document.querySelector("meta[name=pages]").content) return;
    const isFresh = performance.now() - this.#begunMs < FRESH_MS;
    if (this.isNeeded() && !isFresh && document.visibilityState === "visible") return;
    try {
      if (sessionStorage.getItem(PLACE) === this.#wanted) return; // in vain: something between keeps old pages
      sessionStorage.setItem(PLACE, this.#wanted);
    } catch {
      return; // it could not be told whether it was in vain
    }
    location.reload();
  }
}
