// The teacher draws: a picture of the page that is shown, renewed when it or its ink changes, and the pad over it.
import { Api } from "./box.js";
import { InkPad } from "./ink_pad.js";
import { onLanguage, t } from "./words.js";

const $ = (id) => document.getElementById(id);
const EVERY_MS = 350; // from one picture to the next, while anything changes
const SETTLES_MS = 300; // until what was ordered is in the box's picture of the page
const SAID_MS = 5000;

export class PresenterInk {
  #shown = null; // of the box, as told last
  #state = ""; // a word that stands below the page
  #saidUntil = 0;
  #until = 0; // pictures are fetched up to this instant
  #isLooking = false;
  #waiting = []; // {from, done}: who wants to see what was drawn by then

  constructor(token) {
    this.api = new Api(token);
    const page = $("page-view");
    this.pad = new InkPad(page, {
      tools: ["none", "pen", "laser", "spotlight"],
      order: (method, path, body) => this.#order(method, path, body),
      box: () => ({ x: 0, y: 0, w: page.clientWidth, h: page.clientHeight }),
      seen: () => new Promise((done) => { this.#waiting.push({ from: performance.now() + SETTLES_MS, done }); this.#look(); }),
      onAway: () => this.#look(),
      showsPointer: true,
    });
  }

  start() {
    $("draw").hidden = false;
    this.pad.start("none");
    onLanguage(() => this.#say());
    document.addEventListener("visibilitychange", () => this.#look());
    this.api.follow((shown) => this.#follow(shown), () => { this.#state = "draw_away"; this.#say(); }, "/ink/events")
      .catch(() => { $("draw").hidden = true; }); // the link is no longer valid: sharing says so
  }

  #follow(shown) {
    this.#shown = shown;
    this.pad.page = shown.page;
    this.#state = shown.count ? "" : "draw_none";
    $("ink-undo").disabled = !shown.can_undo;
    $("ink").classList.toggle("off", !shown.count);
    this.#say();
    this.#look();
  }

  #say(text = "") {
    if (text) this.#saidUntil = performance.now() + SAID_MS;
    else if (performance.now() < this.#saidUntil) return;
    $("draw-said").textContent = text || (this.#state ? t(this.#state) : t("draw_hint"));
    if (text) setTimeout(() => this.#say(), SAID_MS + 50);
  }

  async #order(method, path, body) {
    try {
      return await this.api.call(method, path, body);
    } catch (error) {
      this.#say(error.status === 503 ? t("busy") : error.detail || t("failed"));
      return null;
    }
  }

  /** Until a moment after the last change; nothing while nobody looks. */
  async #look() {
    this.#until = performance.now() + SETTLES_MS;
    if (this.#isLooking) return;
    this.#isLooking = true;
    for (let began = 0; (began < this.#until || this.#waiting.length) && !document.hidden;) {
      began = performance.now();
      if (this.#shown?.count) await this.#renew();
      this.#waiting = this.#waiting.filter(({ from, done }) => from > began || done());
      await new Promise((done) => setTimeout(done, EVERY_MS));
    }
    this.#isLooking = false;
  }

  async #renew() {
    const page = $("page-view");
    const before = page.src;
    try {
      page.src = await this.api.picture("/ink/page.png");
      await page.decode();
    } catch {
      return; // the studio is being started: the next event, or the next look
    }
    if (before) URL.revokeObjectURL(before);
    if (page.clientHeight !== $("ink-pad").clientHeight) this.pad.fit();
  }
}
