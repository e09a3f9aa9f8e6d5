// Panic: one key, and nothing of camera and microphone leaves the box. Calling it off takes a deliberate click.
import { onLanguage, t } from "./words.js";

const $ = (id) => document.getElementById(id);

export class Panic {
  #isOn = false;

  constructor({ order }) {
    this.order = order;
    onLanguage(() => this.#show());
  }

  start() {
    $("panic").addEventListener("click", () => (this.#isOn ? this.#off() : this.on()));
    $("panic-over").addEventListener("click", () => this.#off());
    // Everywhere on the page, in a field too; an open dialog is what Escape closes first.
    addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.isComposing || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      this.on();
    }, { capture: true });
  }

  on() { return this.order("PUT", "/panic"); }

  #off() { return this.order("DELETE", "/panic"); }

  follow(status) {
    this.#isOn = status.is_panic;
    this.#show();
  }

  #show() {
    $("panic").classList.toggle("on", this.#isOn);
    $("panic").setAttribute("aria-pressed", String(this.#isOn));
    $("panic-text").textContent = t(this.#isOn ? "panic_is_on" : "panic");
    $("panic-bar").hidden = !this.#isOn;
  }
}
