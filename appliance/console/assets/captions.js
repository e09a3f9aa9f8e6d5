// Captions in the remote classroom: on or off, remembered, in step with the picture.
import { onLanguage, t } from "./words.js";

const $ = (id) => document.getElementById(id);
const PLACE = "watch.captions";

export class Captions {
  #isOn = remembered();
  #number = 0;
  #timers = new Set();

  /** player: knows how long a picture takes from its arrival to being shown; a line waits as long. */
  constructor(player) {
    this.player = player;
    $("captions-toggle").addEventListener("click", () => {
      this.#isOn = !this.#isOn;
      try { localStorage.setItem(PLACE, this.#isOn ? "on" : "off"); } catch { /* private window: for this page only */ }
      this.#show();
    });
    onLanguage(() => this.#show());
    // A line stands above the bar while that is in sight, however many rows it has.
    new ResizeObserver(() => $("hall").style.setProperty("--bar-height", `${$("signal-bar").offsetHeight}px`)).observe($("signal-bar"));
    this.#show();
  }

  take({ has_captions: areThere, caption }) {
    $("captions-toggle").hidden = !areThere;
    const number = caption?.number ?? 0;
    if (number === this.#number) return;
    this.#number = number;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      $("captions-text").textContent = caption?.text ?? "";
      this.#show();
    }, this.player.shownAfterMs);
    this.#timers.add(timer);
  }

  /** The session is over, and what was said with it. */
  reset() {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#number = 0;
    $("captions-text").textContent = "";
    this.#show();
  }

  #show() {
    $("captions-toggle").setAttribute("aria-pressed", String(this.#isOn));
    const name = t(this.#isOn ? "captions_off" : "captions_on");
    $("captions-toggle").setAttribute("aria-label", name);
    $("captions-toggle").title = name;
    $("captions").hidden = !this.#isOn || !$("captions-text").textContent;
  }
}

function remembered() {
  try { return localStorage.getItem(PLACE) !== "off"; } catch { return true; }
}
