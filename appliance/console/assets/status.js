// Figures, sources and viewers of the console. Texts of the box go in as text, never as HTML.
import { t } from "./words.js";

const $ = (id) => document.getElementById(id);
const MOODS = { live: "good", connected: "good", starting: "wait", connecting: "wait", ended: "wait", lost: "bad", disconnected: "bad", closed: "bad" };

function item(mood, title, detail, ...more) {
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

export function showStatus(status) {
  const programme = status.programme;
  figure("fps", programme?.programme_fps.toFixed(1), t("per_second"));
  figure("net", programme?.net_hz.toFixed(1), t("hz"));
  const delay = programme?.capture_to_send_ms.p50;
  figure("delay", delay && Math.round(delay), t("ms"));
  $("sources").replaceChildren(...Object.entries(status.sources).map(([name, source]) => {
    const words = [t(`source_${source.state}`), source.reason].filter(Boolean).join(" · ");
    return item(MOODS[source.state] ?? "", t(`source_${name}`), words);
  }));
  $("notice-count").textContent = status.notices.length;
  $("notices").replaceChildren(...status.notices.toReversed().map((notice) => {
    const li = document.createElement("li");
    li.textContent = `${new Date(notice.at_s * 1000).toLocaleTimeString()}  ${notice.text}`;
    return li;
  }));
}

let shown = "";

export function showViewers(viewers, onRemove) {
  $("viewer-count").textContent = viewers.length;
  $("no-viewers").hidden = viewers.length > 0;
  // Drawn anew only when it says something new: a button must not vanish under a finger.
  const rows = viewers.map((viewer) => [viewer, detail(viewer), title(viewer)]);
  const key = JSON.stringify(rows.map(([viewer, words, name]) => [viewer.viewer_id, words, name]));
  if (key === shown) return;
  shown = key;
  $("viewers").replaceChildren(...rows.map(([viewer, words, name]) => {
    const remove = document.createElement("button");
    remove.type = "button";
    remove.textContent = t("remove");
    remove.setAttribute("aria-label", `${t("remove")}: ${name}`);
    remove.addEventListener("click", () => onRemove(viewer));
    return item(MOODS[viewer.state] ?? "", name, words, ...(viewer.name === "console" ? [] : [remove]));
  }));
}

const title = (viewer) => (viewer.name === "console" ? t("this_console") : viewer.name || t("unnamed"));

function detail(viewer) {
  const loss = viewer.loss >= 0.01 ? `${t("loss")} ${Math.round(viewer.loss * 100)} %` : "";
  return [t(viewer.state), loss].filter(Boolean).join(" · ");
}
