// The film that is shown: pause, go on, seek, from the start. The box plays it; here its hands are.
import { t } from "./words.js";

const $ = (id) => document.getElementById(id);
const STEP_S = 1; // of an arrow key
const HOLD_MS = 800; // until what was ordered is in the box's status
const ICONS = {
  play: '<path d="M6 4v12l10-6z" fill="currentColor"/>',
  pause: '<path d="M5.500 4h3v12h-3zm6 0h3v12h-3z" fill="currentColor"/>',
};

export class FilmTransport {
  #film = null; // as told last
  #toldAt = 0;
  #ordered = {}; // what the status need not say yet
  #orderedAt = -Infinity;
  #waiting = null; // the newest order, while another one is on its way
  #isSending = false;

  constructor({ order }) { this.order = order; }

  start() {
    const slider = $("film-at");
    $("film-play").addEventListener("click", () => this.#toggle());
    $("film-again").addEventListener("click", () => this.#set({ position_s: 0, is_paused: false }));
    slider.addEventListener("input", () => this.#set({ position_s: Number(slider.value) }));
    slider.addEventListener("keydown", (event) => {
      const step = { ArrowRight: STEP_S, ArrowUp: STEP_S, ArrowLeft: -STEP_S, ArrowDown: -STEP_S }[event.key];
      if (event.key === " ") this.#toggle();
      else if (step) this.#set({ position_s: Math.min(Number(slider.max), Math.max(0, this.#at() + step)) });
      else return;
      event.preventDefault();
    });
    setInterval(() => { if (this.#film && !document.hidden) this.#show(); }, 250);
  }

  /** With every status of the box. */
  follow(status) {
    this.#film = status.film;
    this.#toldAt = performance.now();
    this.#show();
  }

  #state() {
    const { is_paused: isPaused } = this.#pending();
    return isPaused === undefined ? this.#film.state : isPaused ? "paused" : "playing";
  }

  /** What was ordered a moment ago: an older status must not take it back. */
  #pending() { return this.#isSending || performance.now() - this.#orderedAt < HOLD_MS ? this.#ordered : {}; }

  #at() {
    const { position_s: ordered } = this.#pending();
    if (ordered !== undefined) return ordered;
    const gone = this.#state() === "playing" ? (performance.now() - this.#toldAt) / 1000 : 0;
    return Math.min(this.#film.position_s + gone, this.#film.length_s ?? Infinity);
  }

  #show() {
    $("film").hidden = !this.#film;
    if (!this.#film) return;
    const state = this.#state();
    const [at, length, slider] = [this.#at(), this.#film.length_s, $("film-at")];
    const word = state === "playing" ? "film_pause" : "film_play";
    if ($("film-play").dataset.word !== `${word}/${t(word)}`) {
      $("film-play").dataset.word = `${word}/${t(word)}`;
      $("film-play-icon").innerHTML = ICONS[state === "playing" ? "pause" : "play"]; // constants of this file
      $("film-play-text").textContent = t(word);
    }
    slider.disabled = length === null;
    slider.max = length ?? 1;
    if (!slider.matches(":active")) slider.value = length === null ? 0 : at; // not from under a finger
    const told = length === null ? clock(at) : `${clock(at)} / ${clock(length)}`;
    $("film-time").textContent = told;
    slider.setAttribute("aria-valuetext", told);
  }

  #toggle() { this.#set({ is_paused: this.#state() === "playing" }); }

  /** While the slider moves: the newest second wins, one order at a time. */
  async #set(change) {
    this.#ordered = { ...this.#pending(), ...change };
    this.#waiting = { ...this.#waiting, ...change };
    if (!this.#isSending) {
      this.#isSending = true;
      while (this.#waiting) {
        const body = this.#waiting;
        this.#waiting = null;
        this.#show();
        await this.order("PATCH", "/courseware/film", body);
      }
      this.#isSending = false;
      this.#orderedAt = performance.now();
    }
    this.#show();
  }
}

/** 83.5 as 1:23. */
function clock(seconds) {
  const whole = Math.floor(seconds + 0.05);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}
