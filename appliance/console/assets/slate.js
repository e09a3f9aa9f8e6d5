// What stands before the picture while there is none: the reason, and since when by this screen's clock.
import { clock } from "./clock.js";
import { chosenLanguage, onLanguage, t } from "./words.js";

const $ = (id) => document.getElementById(id);
const FINAL = new Set(["revoked", "forgotten", "no_token", "no_webrtc"]);
const TIMED = new Set(["again", "full"]);
const MINUTE_MS = 60_000;

export class Slate {
  #state = "joining";
  #sinceMs = Date.now();
  #hold = null; // what the box says: {kind, text, sinceMs}

  constructor() {
    onLanguage(() => this.#show());
    for (const name of ["online", "offline"]) addEventListener(name, () => this.#show());
    setInterval(() => this.#show(), MINUTE_MS); // at midnight a time becomes a date
  }

  /** state: of the Player. */
  state(state) {
    if (state === "joining") return; // the beginning; later it is still the same outage
    if (state !== this.#state) this.#sinceMs = Date.now();
    this.#state = state;
    this.#show();
  }

  /** hold: of the box's news, null while it shows the lesson. aheadMs: this screen's clock, of the box's. */
  hold(hold, aheadMs = 0) {
    this.#hold = hold && { ...hold, sinceMs: hold.since_s * 1000 + aheadMs };
    this.#show();
  }

  /** Is the lesson in sight? */
  get isGone() { return this.#state === "playing" && !this.#hold; }

  #show() {
    const [title, reason, sinceMs] = this.isGone ? ["", "", null] : this.#state === "playing" ? this.#held() : this.#own();
    $("slate").classList.toggle("gone", this.isGone);
    $("spinner").hidden = FINAL.has(this.#state) || ["paused", "slate"].includes(this.#hold?.kind);
    say("slate-title", title);
    say("slate-reason", reason);
    say("slate-since", sinceMs === null ? "" : t("since").replace("{time}", clock(sinceMs, chosenLanguage())));
  }

  #held() {
    const { kind, text, sinceMs } = this.#hold;
    return [text || t(`hold_${kind}`), text ? "" : t(`hold_${kind}_reason`), sinceMs];
  }

  #own() {
    const state = this.#state === "again" && navigator.onLine === false ? "offline" : this.#state;
    return [t(state), state === "joining" ? "" : t(`${state}_reason`), TIMED.has(this.#state) ? this.#sinceMs : null];
  }
}

function say(id, text) { if ($(id).textContent !== text) $(id).textContent = text; }
