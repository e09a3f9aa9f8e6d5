// The remote assistant's bar: one touch tells the main classroom, and says when it was seen.
import { Api } from "./box.js";
import { onLanguage, t } from "./words.js";

const $ = (id) => document.getElementById(id);
const KINDS = ["hand_up", "no_picture", "no_sound", "too_fast", "fine"];
const ICONS = {
  hand_up: '<path d="M7 12V6.5a1.500 1.500 0 0 1 3 0V11m0-1V4.500a1.500 1.500 0 0 1 3 0V11m0-.5V6a1.500 1.500 0 0 1 3 0v8.500c0 4-2 6.500-5.500 6.500-3 0-4-1.500-6-5.500l-1.500-3a1.600 1.600 0 0 1 2.800-1.500L7 13"/>',
  no_picture: '<path d="M3 12s3.500-6 9-6 9 6 9 6-3.500 6-9 6-9-6-9-6z"/><circle cx="12" cy="12" r="2.500"/><path d="m4 4 16 16"/>',
  no_sound: '<path d="M4 9.500h3.500L12 5.500v13l-4.500-4H4zM15.500 9.500l5 5m0-5-5 5"/>',
  too_fast: '<path d="m4 6 7 6-7 6zM12 6l7 6-7 6z"/>',
  fine: '<path d="m5 13 4.500 4.500L19 7"/>',
};
const REPORT_MS = 4000;

/** Buttons and reports of the page. player: whose session speaks. onHeard: what the box answers to each report. */
export function startSignals(token, player, onHeard) {
  const api = new Api(token);
  const bar = $("signals");
  const opened = performance.now();
  let standing = null;
  let firstPicture = null;
  let wasSeen = false;
  const id = () => player.place.split("/").pop();

  const buttons = new Map(KINDS.map((kind) => {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.kind = kind;
    button.innerHTML = `<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${ICONS[kind]}</svg>`; // constants of this file
    button.append(document.createElement("span"));
    button.addEventListener("click", () => press(kind));
    return [kind, button];
  }));
  bar.replaceChildren(...buttons.values());

  function show(text = "") {
    for (const [kind, button] of buttons) {
      button.lastChild.textContent = t(kind);
      button.setAttribute("aria-pressed", String(kind === standing));
    }
    bar.classList.toggle("standing", standing !== null && standing !== "fine");
    $("signal-said").textContent = text;
  }

  async function press(kind) {
    const before = standing;
    const isBack = kind === standing;
    standing = isBack ? null : kind;
    show();
    try {
      if (isBack) await api.call("DELETE", `/viewers/${id()}/signal`);
      else await api.call("PUT", `/viewers/${id()}/signal`, { signal: kind });
      show(isBack ? "" : t("signal_sent"));
    } catch {
      standing = before;
      show(t("signal_failed"));
    }
  }

  async function report() {
    if (!player.place) return;
    const play = await player.playback();
    if (play === null) return;
    firstPicture ??= Math.round(performance.now() - opened);
    try {
      const heard = await api.call("PUT", `/viewers/${id()}/report`, { ...play, first_picture_ms: firstPicture });
      onHeard(heard);
      wasSeen = standing !== null && standing !== "fine" && heard.signal === null;
      if ((heard.signal?.kind ?? null) !== standing) {
        standing = heard.signal?.kind ?? null;
        show(wasSeen ? t("signal_seen") : "");
      }
    } catch { /* with the next one */ }
  }

  onLanguage(() => show($("signal-said").textContent && wasSeen ? t("signal_seen") : ""));
  show();
  setInterval(report, REPORT_MS);
  return { /** At the first picture, and at every one after a cut. */
    async playing() {
      firstPicture ??= Math.round(performance.now() - opened);
      // After a cut it is a new session, which has not said anything yet.
      if (standing !== null) await api.call("PUT", `/viewers/${id()}/signal`, { signal: standing }).catch(() => {});
      report();
    },
  };
}
