// The page that waits for a box: it stands at the viewer's address, and becomes the viewer's page once the box answers.
// What it needs is kept by watch_worker.js, under addresses of its own.
import { clock } from "/assets/clock.js?waiting";
import { WATCH_WORDS } from "/assets/words-watch.js?waiting";

const EVERY_MS = 3000;
const PATIENCE_MS = 5000;
const chosen = (() => { try { return localStorage.getItem("language"); } catch { return null; } })();
const language = chosen ?? (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en");
const t = (key) => WATCH_WORDS[key][language === "zh" ? 0 : 1];

document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
document.title = t("waiting");
document.getElementById("title").textContent = t("waiting");
document.getElementById("reason").textContent = t("waiting_reason");
document.getElementById("since").textContent = t("since").replace("{time}", clock(performance.timeOrigin, language));

for (;;) {
  // Never the same for all: a box that starts is not run over.
  await new Promise((done) => setTimeout(done, EVERY_MS * (0.5 + Math.random())));
  try {
    const answer = await fetch("/health", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
    // Of the box itself, which may still be starting; a proxy's word is in HTML.
    if ((answer.headers.get("Content-Type") ?? "").includes("json")) location.reload();
  } catch { /* again */ }
}
