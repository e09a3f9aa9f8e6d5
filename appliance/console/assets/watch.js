// The remote classroom's page: the programme, and never an error of the browser.
import { Age } from "./age.js";
import { keepAwake } from "./awake.js";
import { takeAccess } from "./box.js";
import { Captions } from "./captions.js";
import { PixelExact } from "./exact.js";
import { TeacherChoices } from "./exact_teacher.js";
import { accessOf, forget, isRevoked, keep } from "./kept.js";
import { Lens } from "./lens.js";
import { News } from "./news.js";
import { OwnCamera } from "./own_camera.js";
import { Renewal } from "./renewal.js";
import { startSignals } from "./signals.js";
import { Slate } from "./slate.js";
import { Voice } from "./voice.js";
import { onLanguage, startWords, t } from "./words.js";
import { Player } from "./whep.js";
import { Zoom } from "./zoom.js";

const $ = (id) => document.getElementById(id);
const video = $("programme");
const IDLE_MS = 3000;
const AGAIN_MS = 30_000; // after something refused us that is not the box
const slate = new Slate();
let state = "joining";

function setMuted(muted) {
  video.muted = muted;
  $("sound").setAttribute("aria-pressed", String(!muted));
  if (!muted) $("unlock").hidden = true;
}

/** With sound if the browser lets us; else muted, with one big button. */
async function startPicture() {
  setMuted(false);
  try {
    await video.play();
  } catch {
    setMuted(true);
    await video.play().catch(() => {}); // it starts with the tap
    $("unlock").hidden = false;
  }
}

/** The picture larger, and the lens. */
function startZoom() {
  let lens = null;
  const zoom = new Zoom($("hall"), video, () => $("exact"), () => Boolean(lens?.isOn || $("teacher-panel")?.hidden === false));
  lens = new Lens($("hall"), $("lens"), $("lens-toggle"), zoom);
  const tell = () => {
    $("zoom-reset").hidden = !zoom.isOn;
    $("zoom-reset").textContent = `${zoom.scale.toFixed(1)}×`;
    $("zoom-reset").title = t("zoom_reset");
    $("zoom-reset").setAttribute("aria-label", `${zoom.scale.toFixed(1)}× ${t("zoom_reset")}`);
  };
  $("zoom-reset").addEventListener("click", () => zoom.reset());
  zoom.onChange(tell);
  onLanguage(tell);
  return zoom;
}

function startControls(zoom) {
  $("sound").addEventListener("click", () => { setMuted(!video.muted); video.play().catch(() => {}); });
  $("unlock").addEventListener("click", () => { setMuted(false); video.play().catch(() => {}); $("full").focus(); });
  const canFill = document.fullscreenEnabled || video.webkitEnterFullscreen;
  $("full").hidden = !canFill;
  const fill = () => {
    if (document.fullscreenElement) document.exitFullscreen().catch(() => {});
    else if (document.fullscreenEnabled) $("hall").requestFullscreen().catch(() => {});
    else video.webkitEnterFullscreen?.();
  };
  $("full").addEventListener("click", fill);
  video.addEventListener("dblclick", () => { if (zoom.isOn) zoom.reset(); else fill(); });
  addEventListener("keydown", (event) => { if (event.key === "f" && !event.ctrlKey && !event.metaKey) fill(); });
  let timer = 0;
  const wake = () => {
    document.body.classList.remove("idle");
    clearTimeout(timer);
    timer = setTimeout(() => document.body.classList.toggle("idle", state === "playing"), IDLE_MS);
  };
  for (const name of ["pointermove", "pointerdown", "keydown"]) addEventListener(name, wake);
  wake();
  // The signals' bar keeps clear of this one, whatever is in it.
  new ResizeObserver(() => $("hall").style.setProperty("--controls-width", `${$("controls").offsetWidth}px`)).observe($("controls"));
}

const isForgetting = location.hash === "#forget";
if (isForgetting) forget();
const access = accessOf(takeAccess("watch"));
addEventListener("hashchange", () => location.reload()); // another link, in the page that is open
const { token } = access;
const choices = new TeacherChoices($("hall"), $("controls"), video);
const zoom = startZoom();
startWords($("language"));
startControls(zoom);
keepAwake();
// Secure pages only: the next start finds a page that waits where the box is not up yet.
navigator.serviceWorker?.register("/assets/watch_worker.js", { scope: "/watch", updateViaCache: "none" }).catch(() => {});
if (token) {
  let started = false;
  const exact = new PixelExact(video, $("exact"), token, choices, (isHere) => { choices.offer(isHere); zoom.look(); });
  const player = new Player(video, {
    ...access,
    onSession(place) {
      if (place) renewal.session();
      exact.session(place);
      news.session(place);
      if (place) return;
      age.take(null);
      voice.reset();
      camera.reset();
      captions.reset();
    },
    onState(next) {
      if (next === "refused") return refuse();
      if (next === "playing" && state !== "playing") keep(access);
      state = next;
      slate.state(next);
      renewal.look();
      if (next === "playing" && !started) { started = true; startPicture(); }
      $("signal-bar").hidden = next !== "playing";
      if (next === "playing") signals.playing();
      return undefined;
    },
  });
  /** The box has ended this access, or something between us refuses us for a while. */
  const refuse = async () => {
    const isOver = await isRevoked(token);
    state = isOver ? "revoked" : "again";
    if (isOver) forget(token);
    else setTimeout(() => player.play(), AGAIN_MS);
    slate.state(state);
    $("signal-bar").hidden = true;
  };
  const renewal = new Renewal(() => slate.isGone || voice.isTalking);
  const age = new Age(player);
  const signals = startSignals(token, player, (heard) => age.take(heard.capture_to_send_ms));
  const voice = new Voice(token, player, video);
  const camera = new OwnCamera(token, player);
  const captions = new Captions(player);
  const take = (told, aheadMs) => {
    slate.hold(told.hold, aheadMs);
    captions.take(told);
    voice.take(told);
    camera.take(told);
    renewal.told(told.pages_version);
  };
  const news = new News(token, take, () => slate.hold(null), () => voice.isTalking);
  player.play();
} else {
  slate.state(isForgetting ? "forgotten" : "no_token");
}
