// How old the picture is, for who looks after the screen: what the box takes, half a round trip, and this browser.
// An estimate, the one that the console shows. Off until somebody wants it; the browser keeps that.
import { chosenLanguage, onLanguage, t } from "./words.js";

const $ = (id) => document.getElementById(id);
const PLACE = "watch.age";
const STEP_MS = 10; // no better known

export class Age {
  #isOn = remembered();
  #box = null; // ms, as the box told last

  /** player: knows the way and what this browser takes. */
  constructor(player) {
    this.player = player;
    const turn = () => {
      this.#isOn = !this.#isOn;
      try { localStorage.setItem(PLACE, this.#isOn ? "on" : "off"); } catch { /* private window: for this page only */ }
      this.#show();
    };
    $("age").addEventListener("click", turn);
    addEventListener("keydown", (event) => { if (event.key === "d" && !event.ctrlKey && !event.altKey && !event.metaKey) turn(); });
    onLanguage(() => this.#show());
    $("age").hidden = false;
    this.#show();
  }

  /** boxMs: from the camera's picture to its packets; null while the box sends no pictures of the studio. */
  take(boxMs) {
    this.#box = boxMs;
    this.#show();
  }

  #show() {
    const { wayMs, shownAfterMs } = this.player;
    const isKnown = this.#box !== null && wayMs !== null;
    const total = isKnown ? Math.round((this.#box + wayMs + shownAfterMs) / STEP_MS) * STEP_MS : null;
    const seconds = new Intl.NumberFormat(chosenLanguage(), { minimumFractionDigits: 2, maximumFractionDigits: 2 });
    const text = isKnown ? `${seconds.format(total / 1000)} ${t("second")}` : "–";
    const ms = (value) => `${Math.round(value)} ${t("ms")}`;
    const parts = isKnown ? `: ${t("age_box")} ${ms(this.#box)}, ${t("age_way")} ${ms(wayMs)}, ${t("age_here")} ${ms(shownAfterMs)}` : "";
    $("age-text").hidden = !this.#isOn;
    $("age-text").textContent = text;
    $("age").setAttribute("aria-pressed", String(this.#isOn));
    $("age").classList.toggle("icon", !this.#isOn);
    $("age").title = `${t("age")}${this.#isOn ? parts : ""}`;
    $("age").setAttribute("aria-label", this.#isOn ? `${t("age")} ${text}` : t("age"));
  }
}

function remembered() {
  try { return localStorage.getItem(PLACE) === "on"; } catch { return false; }
}
