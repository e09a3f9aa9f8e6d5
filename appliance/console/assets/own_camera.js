// The camera of the room that speaks: off until somebody in the room switches it on, and off again with the turn.
import { onLanguage, t } from "./words.js";
import { CAMERA, Publisher } from "./whip.js";

const $ = (id) => document.getElementById(id);
// More is scaled down by the box: it is a small picture.
const WANTED = { video: { width: { ideal: 640 }, height: { ideal: 360 }, frameRate: { ideal: 15, max: 15 } } };

/** player: whose session has the turn. */
export class OwnCamera {
  #stream = null;
  #publisher = null;
  #isBusy = false;
  #wasThere = false; // has the box spoken of it since it was switched on?
  #said = "";
  #news = { talk: "none", camera: "none", camera_in_programme: false, mute: { voice: false } };

  constructor(token, player) {
    Object.assign(this, { token, player });
    $("own-camera").addEventListener("click", () => this.#press());
    onLanguage(() => this.#show());
    this.#show();
  }

  /** What the box says of this screen. */
  take(news) {
    this.#news = news;
    if (this.#stream) {
      if (news.camera !== "none") this.#wasThere = true;
      else if (this.#wasThere && this.#hasTurn) this.#end("own_camera_ended");
    }
    if (!this.#hasTurn) this.#end("");
    this.#show();
  }

  /** The session is over, and with it the turn. */
  reset() {
    this.#news = { ...this.#news, talk: "none", camera: "none" };
    this.#end("");
  }

  get #hasTurn() { return ["let_in", "speaking"].includes(this.#news.talk); }

  async #press() {
    if (this.#isBusy) return;
    if (this.#stream) { this.#end(""); return; }
    this.#isBusy = true;
    this.#said = "";
    await this.#open();
    this.#isBusy = false;
    this.#show();
  }

  async #open() {
    if (!navigator.mediaDevices?.getUserMedia) { this.#said = "talk_needs_https"; return; }
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia(WANTED);
    } catch (error) {
      this.#said = { NotAllowedError: "own_camera_not_allowed", NotFoundError: "own_camera_none" }[error.name] ?? "own_camera_busy";
      return;
    }
    if (!this.#hasTurn) { for (const track of stream.getTracks()) track.stop(); return; } // it ended while people were asked
    this.#stream = stream;
    this.#wasThere = false;
    for (const track of stream.getTracks()) track.addEventListener("ended", () => { if (this.#stream === stream) this.#end("own_camera_ended"); });
    $("own-picture").srcObject = stream;
    const id = this.player.place.split("/").pop();
    this.#publisher = new Publisher(stream, {
      token: this.token,
      address: `/talk/${id}/camera`,
      sending: CAMERA,
      onState: (state) => { if (["share_failed", "refused"].includes(state) && this.#stream === stream) this.#end("talk_failed"); },
    });
    this.#show();
    await this.#publisher.publish();
  }

  #end(said) {
    const stream = this.#stream;
    this.#stream = null;
    if (stream || said) this.#said = said;
    this.#publisher?.stop();
    this.#publisher = null;
    for (const track of stream?.getTracks() ?? []) track.stop();
    $("own-picture").srcObject = null;
    this.#show();
  }

  #show() {
    const isOn = this.#stream !== null;
    const { camera, camera_in_programme: toAll, mute } = this.#news;
    const isThere = ["live", "stalled"].includes(camera);
    const seen = mute.voice ? "own_camera_muted" : toAll ? "own_camera_to_all" : "own_camera_to_main";
    $("own-camera").hidden = !this.#hasTurn;
    $("own-camera").setAttribute("aria-pressed", String(isOn));
    $("own-camera-text").textContent = t(isOn ? "own_camera_on" : "own_camera_off");
    $("own-picture").hidden = !isOn;
    $("own-camera-said").textContent = !this.#hasTurn ? "" : t(!isOn ? this.#said || "own_camera_what" : isThere ? seen : "own_camera_joining");
  }
}
