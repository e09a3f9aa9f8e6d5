// Live courseware: the capture cards and X11 screens that the box has, each opened with a click.
import { onLanguage, t } from "./words.js";

const $ = (id) => document.getElementById(id);

export class LiveSources {
  #sources = [];
  #opened = "";
  #isAsked = false;

  constructor({ order }) {
    this.order = order;
    onLanguage(() => this.#show());
  }

  start() {
    $("live-box").addEventListener("toggle", () => this.#ask());
    $("live-again").addEventListener("click", () => this.#ask());
  }

  /** With every status of the box. */
  follow(status) {
    if (status.courseware === this.#opened) return;
    this.#opened = status.courseware;
    this.#ask();
  }

  async #ask() {
    if (!$("live-box").open) return;
    this.#sources = await this.order("GET", "/courseware/live") ?? this.#sources;
    this.#isAsked = true;
    this.#show();
  }

  #show() {
    const isNone = this.#isAsked && this.#sources.length === 0;
    $("live-none").hidden = !isNone;
    $("live-none").textContent = isNone ? t("live_none") : "";
    const focused = document.activeElement?.dataset?.address;
    $("live").replaceChildren(...this.#sources.map((source) => this.#row(source)));
    if (focused) [...$("live").querySelectorAll("button")].find((button) => button.dataset.address === focused)?.focus();
  }

  #row({ address, kind, name, is_open: isOpen }) {
    const what = Object.assign(document.createElement("div"), { className: "what" });
    const title = kind === "screen" ? `${t("live_screen")} ${name}` : name;
    what.append(title, Object.assign(document.createElement("span"), { textContent: address }));
    const open = Object.assign(document.createElement("button"), { type: "button", textContent: t(isOpen ? "opened" : "open") });
    open.classList.toggle("strong", !isOpen);
    open.dataset.address = address;
    open.setAttribute("aria-label", `${open.textContent}: ${title}`);
    open.addEventListener("click", async () => { await this.order("POST", "/courseware/live", { address }); await this.#ask(); });
    const li = document.createElement("li");
    li.className = isOpen ? "opened" : "";
    li.append(what, open);
    return li;
  }
}
