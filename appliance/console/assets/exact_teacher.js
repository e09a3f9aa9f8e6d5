// Where this classroom wants the teacher: moved, sized, dimmed or hidden, for itself alone. Kept in the browser.
import { onLanguage, t } from "./words.js";

const PLACE = "watch.teacher";
const AS_BROADCAST = { x: 0, y: 0, size: 1, opacity: 1, hidden: false };
const RANGES = { x: [-1, 1], size: [0.2, 1.5], opacity: [0.1, 1] };
const MOST_SHIFT = 1;

export class TeacherChoices {
  #chosen = load();
  #listeners = [];
  #panel = document.createElement("section");
  #button = document.createElement("button");

  /** Puts its button among the controls and its panel into the hall. video: where the teacher is dragged. */
  constructor(hall, controls, video) {
    this.#button.className = "quiet icon";
    this.#button.id = "teacher";
    this.#button.type = "button";
    this.#button.hidden = true;
    this.#button.dataset.tLabel = "teacher_choices";
    this.#button.setAttribute("aria-expanded", "false");
    this.#button.setAttribute("aria-controls", "teacher-panel");
    this.#button.innerHTML = '<svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="7.500" r="3.500" fill="currentColor"/><path d="M4.500 20c.6-4.600 3.600-7 7.500-7s6.900 2.400 7.500 7z" fill="currentColor"/></svg>';
    this.#panel.className = "teacher-panel";
    this.#panel.id = "teacher-panel";
    this.#panel.hidden = true;
    this.#panel.dataset.tLabel = "teacher_choices";
    this.#panel.innerHTML = `
      <button type="button" id="teacher-hidden" aria-pressed="false"></button>
      <label><span data-t="teacher_place"></span><input type="range" id="teacher-x" step="0.01"></label>
      <label><span data-t="scale"></span><input type="range" id="teacher-size" step="0.01"></label>
      <label><span data-t="opacity"></span><input type="range" id="teacher-opacity" step="0.01"></label>
      <p data-t="teacher_drag"></p>
      <button type="button" class="quiet" id="teacher-reset" data-t="teacher_reset"></button>`;
    controls.prepend(this.#button);
    hall.append(this.#panel);
    this.#listen(video);
    onLanguage(() => this.#show());
  }

  /** For the compositor: opacity 0 where the teacher is hidden. */
  get place() {
    const { x, y, size, opacity, hidden } = this.#chosen;
    return { x, y, size, opacity: hidden ? 0 : opacity };
  }

  onChange(listener) { this.#listeners.push(listener); }

  /** Is there a teacher to be placed? */
  offer(isHere) {
    this.#button.hidden = !isHere;
    if (!isHere) this.#open(false);
  }

  #listen(video) {
    this.#button.addEventListener("click", () => this.#open(this.#panel.hidden));
    this.#panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      this.#open(false);
      this.#button.focus();
    });
    this.#of("hidden").addEventListener("click", () => this.#choose({ hidden: !this.#chosen.hidden }));
    this.#of("reset").addEventListener("click", () => this.#choose(AS_BROADCAST));
    for (const [key, [least, most]] of Object.entries(RANGES)) {
      const range = this.#of(key);
      range.min = least;
      range.max = most;
      range.addEventListener("input", () => this.#choose({ [key]: range.valueAsNumber }));
    }
    video.addEventListener("pointerdown", (down) => {
      if (this.#panel.hidden) return; // the picture is not to be moved by accident
      const { x, y } = this.#chosen;
      const { width, height } = shownSize(video);
      video.setPointerCapture(down.pointerId);
      const drag = (move) => this.#choose({ x: x + (move.clientX - down.clientX) / width, y: y + (move.clientY - down.clientY) / height });
      video.addEventListener("pointermove", drag);
      video.addEventListener("lostpointercapture", () => video.removeEventListener("pointermove", drag), { once: true });
    });
  }

  #of(name) { return this.#panel.querySelector(`#teacher-${name}`); }

  #open(open) {
    this.#panel.hidden = !open;
    this.#button.setAttribute("aria-expanded", String(open));
  }

  #choose(change) {
    this.#chosen = sane({ ...this.#chosen, ...change });
    try { localStorage.setItem(PLACE, JSON.stringify(this.#chosen)); } catch { /* private window: for this page only */ }
    this.#show();
    for (const listener of this.#listeners) listener();
  }

  #show() {
    for (const key of Object.keys(RANGES)) this.#of(key).value = this.#chosen[key];
    this.#of("hidden").textContent = t(this.#chosen.hidden ? "teacher_show" : "teacher_hide");
    this.#of("hidden").setAttribute("aria-pressed", String(this.#chosen.hidden));
  }
}

function load() {
  try { return sane(JSON.parse(localStorage.getItem(PLACE)) ?? {}); } catch { return { ...AS_BROADCAST }; }
}

/** Numbers within their ranges, whatever was stored. */
function sane(chosen) {
  const within = (value, least, most, otherwise) => (Number.isFinite(value) ? Math.min(Math.max(value, least), most) : otherwise);
  return {
    x: within(chosen.x, -MOST_SHIFT, MOST_SHIFT, 0),
    y: within(chosen.y, -MOST_SHIFT, MOST_SHIFT, 0),
    size: within(chosen.size, ...RANGES.size, 1),
    opacity: within(chosen.opacity, ...RANGES.opacity, 1),
    hidden: chosen.hidden === true,
  };
}

/** The picture's size on the page, zoomed as it is, without the bars beside it. */
function shownSize(video) {
  const shown = video.getBoundingClientRect();
  const canvas = document.getElementById("exact");
  const scale = Math.min(shown.width / canvas.width, shown.height / canvas.height);
  return { width: canvas.width * scale, height: canvas.height * scale };
}
