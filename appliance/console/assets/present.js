// The teacher's laptop: its screen, and its sound if wanted, become the courseware; and the teacher may draw.
import { takeAccess } from "./box.js";
import { startLook } from "./look.js";
import { PresenterInk } from "./present_ink.js";
import { onLanguage, startWords, t } from "./words.js";
import { Publisher } from "./whip.js";

const $ = (id) => document.getElementById(id);
const { token } = takeAccess("present");
let state = token ? "share_ready" : "no_token";
let detail = "";
let publisher = null;

function show() {
  $("state").textContent = t(state);
  $("reason").textContent = [t(`${state}_reason`), detail].filter((text) => text && text !== `${state}_reason`).join(" ");
  const isSharing = ["sharing", "share_joining"].includes(state);
  $("share").hidden = isSharing || ["no_token", "refused", "no_capture"].includes(state);
  $("stop").hidden = !isSharing;
  $("sound-row").hidden = $("share").hidden;
  $("preview").hidden = !isSharing;
}

function change(next, more = "") { state = next; detail = more; show(); }

async function share() {
  let stream;
  try {
    // As sharp as the screen is: text must not be scaled; few pictures a second are enough for pages.
    stream = await navigator.mediaDevices.getDisplayMedia({
      video: { frameRate: { ideal: 15, max: 30 }, width: { max: 2560 }, height: { max: 1600 } },
      audio: $("sound").checked ? { echoCancellation: false, noiseSuppression: false, autoGainControl: false } : false,
      systemAudio: "include",
    });
  } catch (error) {
    change("share_ready", t(error.name === "NotAllowedError" ? "share_not_allowed" : "share_no_screen"));
    return;
  }
  $("preview").srcObject = stream;
  publisher = new Publisher(stream, { token, onState: change });
  stream.getVideoTracks()[0].addEventListener("ended", stop);
  await publisher.publish();
}

function stop() {
  publisher?.stop();
  publisher = null;
  for (const track of $("preview").srcObject?.getTracks() ?? []) track.stop();
  $("preview").srcObject = null;
  if (state === "sharing" || state === "share_joining") change("share_ready");
}

startLook(document.createElement("button"));
onLanguage(show);
startWords($("language"));
// Browsers give a screen only to https, or to this machine itself.
if (token && !navigator.mediaDevices?.getDisplayMedia) state = "no_capture";
show();
$("share").addEventListener("click", share);
$("stop").addEventListener("click", stop);
if (token) new PresenterInk(token).start();
