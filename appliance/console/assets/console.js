// The assistant's console: what is seen, what is ordered, how the box is.
import { Api, takeAccess } from "./box.js";
import { drawChoices } from "./choices.js";
import { startLook } from "./look.js";
import { showStatus, showViewers } from "./status.js";
import { onLanguage, startWords, t } from "./words.js";
import { Player } from "./whep.js";

const $ = (id) => document.getElementById(id);
const { token } = takeAccess("console");
const api = new Api(token);
const video = $("programme");
let status = null;
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
  isSending: false,
  async change(fields) {
    this.waiting = { ...this.waiting, ...fields };
    if (status) { Object.assign(status.scene, fields); showScene(); }
    if (this.isSending) return;
    this.isSending = true;
    while (this.waiting) {
      const body = this.waiting;
      this.waiting = null;
      await order("PATCH", "/scene", body);
    }
    this.isSending = false;
  },
};

const layouts = drawChoices($("layouts"), "layouts", (layout) => scene.change({ layout }));
const corners = drawChoices($("corners"), "corners", (corner) => scene.change({ corner }));

function showScene() {
  const { layout, corner, scale, opacity, mirror, slate_text: text } = status.scene;
  layouts.choose(layout);
  corners.choose(corner);
  const showRange = (id, value) => {
    if (document.activeElement !== $(id)) $(id).value = Math.round(value * 100);
    $(`${id}-out`).textContent = `${Math.round(value * 100)} %`;
  };
  showRange("scale", scale);
  showRange("opacity", opacity);
  $("mirror").checked = mirror;
  if (document.activeElement !== $("slate")) $("slate").value = text;
  const matters = {
    "corner-row": layout === "corner", "scale-row": layout === "corner",
    "opacity-row": ["aligned", "corner"].includes(layout), "mirror-row": ["camera", "corner"].includes(layout),
  };
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

function showCover() {
  $("cover").classList.toggle("gone", playing === "playing");
  $("cover-text").textContent = playing === "playing" ? "" : t(playing);
}

function show() {
  const mood = status.is_live ? "good" : status.state === "stopped" ? "bad" : "wait";
  showState(status.is_live ? "state_live" : status.state === "live" ? "state_slate" : `state_${status.state}`, mood);
  showScene();
  showPage();
  showStatus(status);
  showViewers(status.viewers, (viewer) => order("DELETE", `/viewers/${encodeURIComponent(viewer.viewer_id)}`));
  const newest = status.notices.at(-1)?.number ?? 0;
  if (noticed !== null && newest > noticed) toast(status.notices.at(-1).text);
  noticed = newest;
  if ($("courseware").value !== status.courseware) showCourseware();
}

async function showCourseware() {
  const answer = await order("GET", "/courseware");
  if (!answer) return;
  $("courseware").replaceChildren(...answer.available.map((name) => new Option(name === "demo" ? t("demo") : name, name)));
  $("courseware").value = answer.name;
}

async function showLink() {
  const answer = await order("GET", "/links");
  // A link to "this machine" helps nobody else: take the one of the network, if there is one.
  if (answer) $("link").value = answer.watch.at(-1);
}

async function copyLink() {
  try {
    await navigator.clipboard.writeText($("link").value);
    toast(t("copied"));
  } catch { // plain http from another machine has no clipboard
    $("link").select();
    toast(document.execCommand("copy") ? t("copied") : t("copy_by_hand"));
  }
}

function onKey(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input, select, textarea, [role=radiogroup], summary")) return;
  const act = {
    ArrowRight: () => turn(1), ArrowDown: () => turn(1), PageDown: () => turn(1),
    ArrowLeft: () => turn(-1), ArrowUp: () => turn(-1), PageUp: () => turn(-1),
    Home: () => goTo(0), End: () => goTo(Math.max(0, (status?.page.count ?? 1) - 1)),
  }[event.key];
  if (!act) return;
  event.preventDefault();
  act();
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
  for (const id of ["scale", "opacity"]) $(id).addEventListener("input", () => scene.change({ [id]: $(id).value / 100 }));
  $("mirror").addEventListener("change", () => scene.change({ mirror: $("mirror").checked }));
  $("slate-form").addEventListener("submit", (event) => {
    event.preventDefault();
    scene.change({ slate_text: $("slate").value, layout: "slate" });
  });
  $("courseware").addEventListener("change", () => order("PUT", "/courseware", { name: $("courseware").value }));
  $("courseware").addEventListener("pointerdown", showCourseware);
  $("copy").addEventListener("click", copyLink);
  $("sound").addEventListener("click", () => {
    video.muted = !video.muted;
    $("sound").setAttribute("aria-pressed", String(!video.muted));
  });
  addEventListener("keydown", onKey);
}

function close(title) {
  $("desk").inert = true;
  $("closed").hidden = false;
  const say = () => { $("closed-title").textContent = t(title); $("closed-text").textContent = t(`${title}_reason`); };
  onLanguage(say);
  say();
}

function start() {
  startLook($("theme"));
  onLanguage(() => { if (status) { show(); showCourseware(); } else showState("state_starting", "wait"); showCover(); });
  startWords($("language"));
  if (!token) { close("no_token"); return; }
  startControls();
  new Player(video, { token, name: "console", onState(next) { playing = next; showCover(); } }).play();
  api.follow((next) => {
    const isFirst = status === null;
    status = next;
    if (isFirst) { showCourseware(); showLink(); }
    show();
  }, () => showState("state_away", "bad")).catch(() => close("refused"));
}

start();
