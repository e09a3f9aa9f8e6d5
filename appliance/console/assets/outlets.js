// The ways on which the programme leaves the box, viewers aside: other servers.
import { item } from "./status.js";
import { t } from "./words.js";

const $ = (id) => document.getElementById(id);
const MOODS = { live: "good", connecting: "wait", waiting: "bad", stopped: "" };

let shown = "";

/** onOrder(name, "start" | "stop"). */
export function showDestinations(destinations, onOrder) {
  $("destinations-card").hidden = destinations.length === 0;
  const rows = destinations.map((one) => [one.name, one.state, one.server, words(one)]);
  const key = JSON.stringify([rows, t("destinations")]);
  if (key === shown) return; // a button must not vanish under a finger
  shown = key;
  $("destinations").replaceChildren(...rows.map(([name, state, server, detail]) => {
    const act = state === "stopped" ? "start" : "stop";
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = t(act);
    button.setAttribute("aria-label", `${t(act)}: ${name}`);
    button.addEventListener("click", () => onOrder(name, act));
    return item(MOODS[state], `${name} · ${server}`, detail, button);
  }));
}

function words(one) {
  const rate = one.state === "live" && one.loss >= 0.01 ? `${t("loss")} ${Math.round(one.loss * 100)} %` : "";
  return [t(`dest_${one.state}`), one.code && t(`dest_${one.code}`), rate].filter(Boolean).join(" · ");
}
