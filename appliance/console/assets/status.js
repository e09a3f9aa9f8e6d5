// Figures and notices of the console. Texts of the box go in as text, never as HTML.
import { chosenLanguage, t } from "./words.js";

const $ = (id) => document.getElementById(id);

export function item(mood, title, detail, ...more) {
  const li = document.createElement("li");
  const dot = document.createElement("span");
  dot.className = `dot ${mood}`;
  const what = document.createElement("div");
  what.className = "what";
  const small = document.createElement("span");
  small.textContent = detail;
  what.append(title, small);
  li.append(dot, what, ...more);
  return li;
}

function figure(id, value, unit) {
  const small = document.createElement("small");
  small.textContent = unit;
  $(id).replaceChildren(...(value === undefined || value === null ? ["–"] : [value, small]));
}

/** A notice in the language chosen. */
export const inLanguage = (notice) => (chosenLanguage() === "zh" ? notice.text_zh : notice.text);

export function showStatus(status) {
  const programme = status.programme;
  figure("fps", programme?.programme_fps.toFixed(1), t("per_second"));
  figure("net", programme?.matte_hz.toFixed(1), t("hz"));
  $("net").title = programme ? `${t("network")} ${programme.net_hz.toFixed(1)} ${t("hz")}` : "";
  const delay = programme?.capture_to_send_ms.p50;
  figure("delay", delay && Math.round(delay), t("ms"));
  $("captions").hidden = status.caption === null;
  $("captions-text").textContent = status.caption?.text ?? "";
  $("notice-count").textContent = status.notices.length;
  $("notices").replaceChildren(...status.notices.toReversed().map((notice) => {
    const li = document.createElement("li");
    li.textContent = `${new Date(notice.at_s * 1000).toLocaleTimeString()}  ${inLanguage(notice)}`;
    return li;
  }));
}
