// Health: what is wrong, with its mend beside it; and the matte's quality over the lesson.
import { item } from "./status.js";
import { chosenLanguage, onLanguage, t } from "./words.js";

const $ = (id) => document.getElementById(id);
const EVERY_MS = 8000;
const MOODS = { ok: "good", note: "wait", fault: "bad" };
const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [600, 120];

export class Health {
  #samples = [];
  #marks = [];

  constructor(api) {
    this.api = api;
    onLanguage(() => this.#ask());
  }

  start() {
    setInterval(() => { if (document.visibilityState === "visible") this.#ask(); }, EVERY_MS);
    document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") this.#ask(); });
    this.#ask();
  }

  async #ask() {
    try {
      const after = this.#samples.at(-1)?.at_s ?? 0;
      const [checks, quality, log] = await Promise.all([
        this.api.call("GET", `/checks?lang=${chosenLanguage()}`),
        this.api.call("GET", `/lesson-log/quality?after_s=${after}`),
        this.api.call("GET", "/lesson-log?kind=bad_matte"),
      ]);
      this.#samples = [...this.#samples, ...quality.samples].slice(-2880);
      this.#marks = log.entries;
      this.#drawChecks(checks);
      this.#drawPlot();
    } catch { /* the state on top says that the box is away */ }
  }

  #drawChecks(checks) {
    const wrong = checks.filter((check) => check.mark !== "ok").length;
    $("check-count").textContent = wrong ? wrong : "";
    $("checks").replaceChildren(...checks.map((check) => {
      const li = item(MOODS[check.mark], check.title, check.text);
      li.dataset.name = check.name;
      if (check.mend) li.lastChild.append(Object.assign(document.createElement("span"), { className: "mend", textContent: check.mend }));
      return li;
    }));
  }

  /** Quality in the accent's colour, the plate's trust paler; gaps where nothing can be said. */
  #drawPlot() {
    const told = this.#samples;
    const known = told.filter((sample) => sample.matte_quality !== null);
    $("plot-none").hidden = known.length > 0;
    for (const id of ["plot", "plot-legend"]) $(id).toggleAttribute("hidden", known.length === 0);
    if (known.length === 0) return;
    const from = told[0].at_s;
    const span = Math.max(60, told.at(-1).at_s - from);
    const x = (at) => ((at - from) / span) * WIDTH;
    const path = (key, name) => {
      let text = "";
      let pen = "M";
      for (const sample of told) {
        if (sample[key] === null) { pen = "M"; continue; }
        text += `${pen}${x(sample.at_s).toFixed(1)} ${((1 - sample[key]) * HEIGHT).toFixed(1)}`;
        pen = "L";
      }
      return node("path", { d: text, class: name });
    };
    const marks = this.#marks.filter((mark) => mark.at_s >= from).map((mark) => node("path", { d: `M${x(mark.at_s).toFixed(1)} 0v${HEIGHT}`, class: "marked" }));
    const grid = [0.25, 0.5, 0.75].map((share) => node("path", { d: `M0 ${share * HEIGHT}h${WIDTH}`, class: "grid" }));
    $("plot").replaceChildren(...grid, ...marks, path("plate_trust", "trust"), path("matte_quality", "quality"));
    const percent = Math.round(known.at(-1).matte_quality * 100);
    $("plot").setAttribute("aria-label", `${t("quality_plot")}: ${percent} %`);
    $("plot-now").textContent = `${percent} %`;
    $("plot-span").textContent = `${Math.round(span / 60)} ${t("minutes")}`;
  }
}

function node(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
