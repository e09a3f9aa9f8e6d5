// Layouts and corners as small pictures. A radio group: one Tab stop, arrows choose (WAI-ARIA radio pattern).
import { onLanguage, t } from "./words.js";

const SVG = (body, box) => `<svg viewBox="0 0 ${box}" aria-hidden="true">${body}</svg>`;
const FRAME = '<rect x="1" y="1" width="62" height="36" rx="5" fill="none" stroke="currentColor" stroke-width="2"/>';
const PAGE = '<path d="M9 11h22M9 18h16M9 25h19" stroke="currentColor" stroke-width="2" stroke-linecap="round" opacity=".5"/>';
const PERSON = (x, y, s) => `<g transform="translate(${x} ${y}) scale(${s})" fill="currentColor"><circle cx="10" cy="6" r="5"/><path d="M1 26c0-8 4-12 9-12s9 4 9 12z"/></g>`;
const POINTING = '<g fill="currentColor"><circle cx="49" cy="15" r="5"/><path d="M40 37c0-9 3.500-14 9-14s9 5 9 14z"/></g><path d="m44 25-9-6" stroke="currentColor" stroke-width="3" stroke-linecap="round"/>';

const CHOICES = {
  layouts: [
    ["aligned", "aligned", SVG(FRAME + PAGE + POINTING, "64 38")],
    ["corner", "corner_layout", SVG(FRAME + PAGE + PERSON(44, 18, 0.72), "64 38")],
    ["beside", "beside", SVG(`${FRAME}<path d="M41 1v36" stroke="currentColor" stroke-width="2"/><path d="M8 13h25v14H8z" fill="none" stroke="currentColor" stroke-width="2"/><path d="M12 18h17M12 22h11" stroke="currentColor" stroke-width="1.500" opacity=".5"/>${PERSON(42, 14, 0.86)}`, "64 38")],
    ["courseware", "courseware_layout", SVG(`${FRAME}<path d="M11 11h42M11 19h30M11 27h36" stroke="currentColor" stroke-width="2" stroke-linecap="round" opacity=".5"/>`, "64 38")],
    ["camera", "camera", SVG(FRAME + PERSON(20, 6, 1.18), "64 38")],
    ["slate", "slate", SVG('<rect x="1" y="1" width="62" height="36" rx="5" fill="currentColor" opacity=".16"/>' + FRAME + '<path d="M20 16h24M25 23h14" stroke="currentColor" stroke-width="2.500" stroke-linecap="round"/>', "64 38")],
  ],
  corners: ["top_left", "top_right", "bottom_left", "bottom_right"].map((name) => {
    const x = name.endsWith("left") ? 3 : 13;
    const y = name.startsWith("top") ? 3 : 9;
    return [name, name, SVG(`<rect x="1" y="1" width="24" height="16" rx="3" fill="none" stroke="currentColor" stroke-width="1.500"/><rect x="${x}" y="${y}" width="10" height="6" rx="1.500" fill="currentColor"/>`, "26 18")];
  }),
};

/** Fills `group` with buttons. choose(value) shows a value; onChoose(value) tells of a click. */
export function drawChoices(group, kind, onChoose) {
  const hasText = kind === "layouts";
  const buttons = CHOICES[kind].map(([value, key, picture]) => {
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("role", "radio");
    button.dataset.value = value;
    button.innerHTML = picture; // constant text of this file
    const label = document.createElement("span");
    label.className = hasText ? "" : "unseen";
    button.append(label);
    const name = () => { label.textContent = t(key); button.title = hasText ? "" : t(key); };
    onLanguage(name);
    button.addEventListener("click", () => onChoose(value));
    return button;
  });
  group.replaceChildren(...buttons);
  group.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = buttons[(buttons.indexOf(event.target.closest("button")) + step + buttons.length) % buttons.length];
    next.focus();
    onChoose(next.dataset.value);
  });
  return {
    choose(value) {
      const hasChoice = buttons.some((button) => button.dataset.value === value);
      for (const [index, button] of buttons.entries()) {
        const isChosen = button.dataset.value === value;
        button.setAttribute("aria-checked", String(isChosen));
        button.tabIndex = isChosen || (!hasChoice && index === 0) ? 0 : -1;
      }
    },
  };
}
