// The assistant's console: what is seen, what is ordered, how the box is.
import { Behind } from "./behind.js";
import { Api, takeAccess } from "./box.js";
import { drawChoices } from "./choices.js";
import { CoursewareDrawer } from "./courseware.js";
import { Health } from "./health.js";
import { Ink } from "./ink.js";
import { startKeys } from "./keys.js";
import { Levels } from "./levels.js";
import { LessonLog } from "./log.js";
import { LiveSources } from "./live.js";
import { startLook } from "./look.js";
import { showDestinations } from "./outlets.js";
import { RecordingCard } from "./recording.js";
import { Panic } from "./panic.js";
import { Place } from "./place.js";
import { Rooms } from "./rooms.js";
import { Scenes } from "./scenes.js";
import { inLanguage, showStatus } from "./status.js";
import { Talkback } from "./talkback.js";
import { onLanguage, startWords, t } from "./words.js";
import { Player } from "./whep.js";
import { Wizard } from "./wizard.js";

const $ = (id) => document.getElementById(id);
const { token } = takeAccess("console");
const api = new Api(token);
const video = $("programme");
let status = null;
let isAway = false; // what the status says is old then
let playing = "joining";
let noticed = null;

function toast(text) {
  $("toast").textContent = text;
  $("toast").classList.add("shown");
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => $("toast").classList.remove("shown"), 4000);
}

/** Sends an order; what the box refuses is said, and the controls go back to what is. */
async function order(method, path, body) {
  try {
    return await api.call(method, path, body);
  } catch (error) {
    toast(error.status === 503 ? t("busy") : error.detail || error.message || t("failed"));
    if (status) show();
    return null;
  }
}

const turn = (step) => order("POST", "/page", { step });
const goTo = (index) => order("POST", "/page", { index });

/** Changes of the scene while a slider moves: the newest wins, one at a time. */
const scene = {
  waiting: null,
  sending: null,
  async change(fields) {
    this.waiting = { ...this.waiting, ...fields };
    if (status) { Object.assign(status.scene, fields); showScene(); }
    if (this.sending) return;
    while (this.waiting) {
      this.sending = this.waiting;
      this.waiting = null;
      await order("PATCH", "/scene", this.sending);
    }
    this.sending = null;
  },
  /** What the box has not confirmed yet stays as it was ordered: an older status must not take it back. */
  over(told) { Object.assign(told, this.sending, this.waiting); },
};

const courseware = new CoursewareDrawer(api, { order, toast, goTo });
const recording = new RecordingCard(api, { order, toast });
const rooms = new Rooms(api, { order, copy: copyLink });
const log = new LessonLog(api, { order, toast });
const panic = new Panic(api, { order });
const scenes = new Scenes({ order });
const place = new Place(video, (fields) => scene.change(fields));
const health = new Health(api);
const behind = new Behind(api);
const wizard = new Wizard(api, { order });
const talkback = new Talkback(token, video, { order });
const levels = new Levels();
const live = new LiveSources({ order });
const ink = new Ink(video, { order, api, toast });
const layouts = drawChoices($("layouts"), "layouts", (layout) => scene.change({ layout }));
const corners = drawChoices($("corners"), "corners", (corner) => scene.change({ corner, place_xy: null }));

function showScene() {
  const { layout, corner, scale, opacity, mirror, slate_text: text } = status.scene;
  layouts.choose(layout);
  corners.choose(status.scene.place_xy ? "" : corner);
  place.show(status.scene);
  const showRange = (id, value) => {
    if (document.activeElement !== $(id)) $(id).value = Math.round(value * 100);
    $(`${id}-out`).textContent = `${Math.round(value * 100)} %`;
  };
  showRange("scale", scale);
  showRange("opacity", opacity);
  showRange("pane_share", status.scene.pane_share);
  showRange("text_fade", status.scene.text_fade);
  $("mirror").checked = mirror;
  $("cut_out").checked = status.scene.cut_out;
  if (document.activeElement !== $("slate")) $("slate").value = text;
  const matters = {
    "corner-row": ["corner", "beside"].includes(layout), "scale-row": layout === "corner",
    "opacity-row": ["aligned", "corner", "beside"].includes(layout), "mirror-row": ["camera", "corner", "beside"].includes(layout),
    "text_fade-row": ["aligned", "corner"].includes(layout), "pane_share-row": layout === "beside", "cut_out-row": layout === "beside",
  };
  for (const name of ["pane_share", "cut_out"]) $(`${name}-row`).hidden = layout !== "beside";
  for (const [row, on] of Object.entries(matters)) {
    $(row).classList.toggle("off", !on);
    for (const control of $(row).querySelectorAll("input, button")) control.disabled = !on;
  }
}

function showPage() {
  const { index, count } = status.page;
  if (document.activeElement !== $("page")) $("page").value = count ? index + 1 : "";
  $("count").textContent = count;
  $("previous").disabled = index <= 0;
  $("next").disabled = index >= count - 1;
}

function showState(key, mood) {
  $("state-text").textContent = t(key);
  $("state").className = `pill ${mood}`;
}

function showAway() {
  showState("state_away", "bad");
  $("recording-light").hidden = true; // perhaps it records, perhaps not: nobody here knows
}

function showCover() {
  $("cover").classList.toggle("gone", playing === "playing");
  $("cover-text").textContent = playing === "playing" ? "" : t(playing);
}

function show() {
  const mood = status.is_live ? "good" : status.state === "stopped" ? "bad" : "wait";
  if (isAway) showAway();
  else if (status.is_panic) showState("panic_is_on", "bad");
  else showState(status.is_live ? "state_live" : status.state === "live" ? "state_slate" : `state_${status.state}`, mood);
  showScene();
  showPage();
  showStatus(status);
  rooms.follow(status);
  log.follow(status);
  panic.follow(status);
  scenes.follow(status);
  ink.follow(status);
  wizard.follow(status);
  talkback.follow(status);
  const newest = status.notices.at(-1)?.number ?? 0;
  if (noticed !== null && newest > noticed) toast(inLanguage(status.notices.at(-1)));
  noticed = newest;
  courseware.follow(status);
  live.follow(status);
  recording.follow(status.recording, status.raw_recording);
  showDestinations(status.destinations, (name, act) => order("POST", `/destinations/${name}/${act}`));
}

async function showLink() {
  const answer = await order("GET", "/links");
  if (!answer) return;
  // A link to "this machine" helps nobody else: take the one of the network, if there is one.
  $("link").value = answer.watch.at(-1);
  $("present-link").value = answer.present.at(-1);
  const address = new URL(answer.present.at(-1));
  $("needs-https").hidden = address.protocol === "https:" || ["localhost", "127.0.0.1"].includes(address.hostname);
}

async function showQr() {
  if ($("qr-box").open) $("qr").src = await api.picture("/links/present/qr");
}

async function copyLink(id) {
  try {
    await navigator.clipboard.writeText($(id).value);
    toast(t("copied"));
  } catch { // plain http from another machine has no clipboard
    $(id).select();
    toast(document.execCommand("copy") ? t("copied") : t("copy_by_hand"));
  }
}

function startControls() {
  $("previous").addEventListener("click", () => turn(-1));
  $("next").addEventListener("click", () => turn(1));
  $("go-to").addEventListener("submit", (event) => {
    event.preventDefault();
    const page = Number.parseInt($("page").value, 10);
    if (page >= 1) goTo(page - 1);
    $("page").blur();
  });
  for (const id of ["scale", "opacity", "pane_share", "text_fade"]) $(id).addEventListener("input", () => scene.change({ [id]: $(id).value / 100 }));
  for (const id of ["mirror", "cut_out"]) $(id).addEventListener("change", () => scene.change({ [id]: $(id).checked }));
  $("slate-form").addEventListener("submit", (event) => {
    event.preventDefault();
    scene.change({ slate_text: $("slate").value, layout: "slate" });
  });
  courseware.start();
  recording.start();
  rooms.start();
  log.start();
  for (const part of [panic, scenes, place, ink, health, behind, wizard, talkback, levels, live]) part.start();
  $("copy").addEventListener("click", () => copyLink("link"));
  $("copy-present").addEventListener("click", () => copyLink("present-link"));
  $("qr-box").addEventListener("toggle", showQr);
  $("sound").addEventListener("click", () => {
    video.muted = !video.muted;
    $("sound").setAttribute("aria-pressed", String(!video.muted));
  });
  startKeys({
    turn,
    first: () => goTo(0),
    last: () => goTo(Math.max(0, (status?.page.count ?? 1) - 1)),
    layout: (layout) => scene.change({ layout }),
    fade: () => scene.change({ text_fade: status?.scene.text_fade ? 0 : 1 }),
    mark: (kind) => log.mark(kind),
    tool: (tool) => ink.toggle(tool),
    undo: () => ink.undo(),
    scene: (n) => scenes.showNth(n),
    help: () => $("key-dialog").showModal(),
  });
}

function close(title) {
  $("desk").inert = true;
  $("closed").hidden = false;
  const say = () => { $("closed-title").textContent = t(title); $("closed-text").textContent = t(`${title}_reason`); };
  onLanguage(say);
  say();
}

/** One question before the page asks many: with a wrong link they would use up what an address may try. */
async function isAssistant() {
  try {
    return (await api.call("GET", "/access")).role === "assistant";
  } catch (error) {
    return error.status !== 401;  // a box that is away is waited for
  }
}

async function start() {
  startLook($("theme"));
  onLanguage(() => { if (status) { show(); courseware.refresh(); } else showState("state_starting", "wait"); showCover(); });
  startWords($("language"));
  if (!token) { close("no_token"); return; }
  if (!(await isAssistant())) { close("refused"); return; }
  startControls();
  new Player(video, { token, name: "console", onState(next) { playing = next; showCover(); } }).play();
  api.follow((next) => {
    const isFirst = status === null;
    status = next;
    isAway = false;
    scene.over(status.scene);
    if (isFirst) showLink();
    if (status.state !== "live") levels.forget();
    show();
  }, () => { levels.forget(); isAway = true; showAway(); }, "/events?sound=true", (told) => levels.take(told)).catch(() => close("refused"));
}

start();
