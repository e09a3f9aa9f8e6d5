// Hotkeys: one table, which the help shows as well.
import { onLanguage, t } from "./words.js";

const $ = (id) => document.getElementById(id);

/** acts: {name: function}. Each row: the keys, what stands in the help, the name of the act, its argument. */
const KEYS = [
  [["ArrowRight", "ArrowDown", "PageDown"], "next", "turn", 1],
  [["ArrowLeft", "ArrowUp", "PageUp"], "previous", "turn", -1],
  [["Home"], "first_page", "first"],
  [["End"], "last_page", "last"],
  [["f"], "aligned", "layout", "aligned"],
  [["c"], "corner_layout", "layout", "corner"],
  [["b"], "beside", "layout", "beside"],
  [["p"], "courseware_layout", "layout", "courseware"],
  [["v"], "camera", "layout", "camera"],
  [["s"], "slate", "layout", "slate"],
  [["t"], "text_fade", "fade"],
  [["m"], "mark", "mark", "mark"],
  [["x"], "bad_matte", "mark", "bad_matte"],
  [["d"], "ink_pen", "tool", "pen"],
  [["h"], "ink_marker", "tool", "marker"],
  [["l"], "ink_laser", "tool", "laser"],
  [["o"], "ink_spotlight", "tool", "spotlight"],
  [["z"], "ink_undo", "undo"],
  [["?"], "hotkeys", "help"],
];
const SHOWN = { ArrowRight: "→", ArrowLeft: "←", ArrowDown: "↓", ArrowUp: "↑", PageDown: "Page Down", PageUp: "Page Up" };
const FIELDS = "input, select, textarea, [role=radiogroup], summary";

export function startKeys(acts) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.target.closest(FIELDS) || document.querySelector("dialog[open]")) return;
    const digit = "123456789".indexOf(event.key);
    const found = KEYS.find(([keys]) => keys.includes(event.key.length === 1 ? event.key.toLowerCase() : event.key));
    if (digit >= 0) acts.scene(digit);
    else if (found) acts[found[2]](found[3]);
    else return;
    event.preventDefault();
  });
  const draw = () => {
    const rows = [[["Esc"], "panic"], ...KEYS, [["1", "…", "9"], "saved_scenes"]];
    $("key-list").replaceChildren(...rows.map(([keys, word]) => {
      const row = document.createElement("div");
      const dt = document.createElement("dt");
      dt.append(...keys.map((key) => Object.assign(document.createElement("kbd"), { textContent: SHOWN[key] ?? (key.length === 1 ? key.toUpperCase() : key) })));
      row.append(dt, Object.assign(document.createElement("dd"), { textContent: t(word) }));
      return row;
    }));
  };
  onLanguage(draw);
  draw();
  $("help").addEventListener("click", () => $("key-dialog").showModal());
  $("key-close").addEventListener("click", () => $("key-dialog").close());
}
