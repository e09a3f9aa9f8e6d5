// Panic: one key, and nothing of camera and microphone leaves the box. Calling it off takes a deliberate click.
import { onLanguage, t } from "./words.js";

const $ = (id) => document.getElementById(id);
const ANSWER_MS = 2500; // a line that has just gone away is asked over another connection
const AGAIN_MS = 400;

export class Panic {
  #isOn = false;
  #isAsked = false; // the box has not confirmed it yet
  #failed = false; // ... and did not answer at once

  constructor(api, { order }) {
    this.api = api;
    this.order = order;
    onLanguage(() => this.#show());
  }

  start() {
    $("panic").addEventListener("click", () => (this.#isOn ? this.#off() : this.on()));
    $("panic-over").addEventListener("click", () => this.#off());
    // Everywhere on the page, in a field and in a dialog too: that closes, so that what the bar says is seen.
    addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.isComposing) return;
      if (!document.querySelector("dialog[open]")) event.preventDefault();
      this.on();
    }, { capture: true });
  }

  /** Asks until the box has confirmed it: nobody may be seen because a line failed for a moment. */
  async on() {
    if (this.#isAsked) return;
    this.#isAsked = true;
    while (this.#isAsked) {
      try {
        await this.api.call("PUT", "/panic", undefined, ANSWER_MS);
        this.#isAsked = false;
      } catch {
        this.#failed = true;
        this.#show();
        await new Promise((done) => setTimeout(done, AGAIN_MS));
      }
    }
    this.#failed = false;
    this.#show();
  }

  #off() {
    this.#isAsked = false;
    return this.order("DELETE", "/panic");
  }

  follow(status) {
    this.#isOn = status.is_panic;
    this.#show();
  }

  #show() {
    $("panic").classList.toggle("on", this.#isOn);
    $("panic").setAttribute("aria-pressed", String(this.#isOn));
    $("panic-text").textContent = t(this.#isOn ? "panic_is_on" : "panic");
    $("panic-bar").hidden = !this.#isOn && !this.#failed;
    $("panic-over").hidden = !this.#isOn;
    $("panic-said").textContent = t(this.#failed ? "panic_asks" : "panic_said");
  }
}
