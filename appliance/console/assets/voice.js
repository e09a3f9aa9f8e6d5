// The remote room speaks: asks, is let in, sends its microphone, and stops. WHIP for the way to the box.
import { Api } from "./box.js";
import { onLanguage, t } from "./words.js";
import { Publisher } from "./whip.js";

const $ = (id) => document.getElementById(id);
const LOUD = 0.02; // of full scale, root mean square: a voice near the microphone
const HOLD_MS = 1200; // longer than the way of our own voice to the main room, and back
const DUCKED = 0.12; // of the programme's loudness, while we speak ourselves
const MICROPHONE = { audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } };

/** player: whose session speaks. video: the programme, which is softer while this room talks itself. */
export class Voice {
  #stream = null;
  #publisher = null;
  #meter = null;
  #state = "none"; // the box's: none, asking, let_in, speaking
  #said = "";
  #news = { in_programme: false, mute: { sound: false, voice: false } };
  #isBusy = false;
  #isSending = false;

  constructor(token, player, video) {
    Object.assign(this, { token, player, video, api: new Api(token) });
    $("talk").addEventListener("click", () => this.#press());
    onLanguage(() => this.#show());
    this.#show();
  }

  /** What the box says of this screen. */
  async take(news) {
    const before = this.#state;
    this.#news = news;
    this.#state = news.talk;
    if (news.talk === "none" && before !== "none") this.#end(before === "asking" ? "talk_declined" : "talk_over");
    if (news.talk === "let_in" && !this.#isSending) await this.#send();
    this.#show();
  }

  /** Does this room ask or speak? */
  get isTalking() { return this.#state !== "none"; }

  /** The session is over: after a cut nobody is let in any more. */
  reset() {
    const before = this.#state;
    this.#state = "none";
    if (before !== "none") this.#end(before === "asking" ? "talk_failed" : "talk_over");
    this.#show();
  }

  async #press() {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      if (this.#state === "none") {
        // The browser asks for the microphone now: when the room's turn comes nobody should have to hurry.
        if (await this.#open()) { this.#said = "talk_asked"; await this.api.call("PUT", `/viewers/${this.#id}/ask`); }
      } else {
        this.#said = "";
        await this.api.call("DELETE", `/viewers/${this.#id}/ask`);
        this.#close();
      }
    } catch {
      this.#said = "talk_failed";
      if (this.#state === "none") this.#close();
    }
    this.#isBusy = false;
    this.#show();
  }

  get #id() { return this.player.place.split("/").pop(); }

  /** The microphone, kept silent until the room is let in. false, with a word for the people, without one. */
  async #open() {
    if (this.#stream) return true;
    if (!navigator.mediaDevices?.getUserMedia) { this.#said = "talk_needs_https"; return false; }
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia(MICROPHONE);
    } catch (error) {
      this.#said = { NotAllowedError: "talk_not_allowed", NotFoundError: "talk_no_microphone" }[error.name] ?? "talk_microphone_busy";
      return false;
    }
    for (const track of this.#stream.getTracks()) {
      track.enabled = false;
      track.addEventListener("ended", () => { if (this.#stream) this.#press(); });
    }
    return true;
  }

  async #send() {
    this.#isSending = true;
    if (!await this.#open()) {
      this.#isSending = false;
      this.#show();
      await this.api.call("DELETE", `/viewers/${this.#id}/ask`).catch(() => {});
      return;
    }
    if (this.#state !== "let_in") { this.#close(); return; } // the turn ended while the browser asked the people
    for (const track of this.#stream.getTracks()) track.enabled = true;
    this.#publisher = new Publisher(this.#stream, {
      token: this.token,
      address: `/talk/${this.#id}`,
      onState: (state) => { if (["share_failed", "refused"].includes(state)) this.#end("talk_failed"); },
    });
    this.#meter = new Ducking(this.#stream, this.video, (level) => $("talk").style.setProperty("--level", level.toFixed(2)));
    await this.#publisher.publish();
  }

  #end(said) {
    this.#said = said;
    this.#close();
  }

  #close() {
    this.#meter?.stop();
    this.#meter = null;
    this.#publisher?.stop();
    this.#publisher = null;
    this.#isSending = false;
    const stream = this.#stream;
    this.#stream = null;
    for (const track of stream?.getTracks() ?? []) track.stop();
    this.#show();
  }

  #show() {
    const isMuted = this.#news.mute.voice;
    const words = { none: "talk_ask", asking: "talk_asking", let_in: "talk_joining", speaking: isMuted ? "talk_muted" : "talk_speaking" };
    $("talk").dataset.state = this.#state;
    $("talk").setAttribute("aria-pressed", String(this.#state !== "none"));
    $("talk-text").textContent = t(words[this.#state]);
    const inProgramme = this.#state === "speaking" && !isMuted ? (this.#news.in_programme ? "talk_to_all" : "talk_to_main") : "";
    $("talk-said").textContent = [this.#said && this.#state !== "speaking" ? t(this.#said) : "", inProgramme && t(inProgramme)].filter(Boolean).join(" ");
    $("sound-muted").hidden = !this.#news.mute.sound;
  }
}

/** Half of what a speakerphone does: the browser cancels the programme's echo out of the microphone; while this room
 * talks, the programme is softer, so that our own voice does not come back by the main room's microphone. */
class Ducking {
  #loudAt = -Infinity;

  constructor(stream, video, onLevel) {
    Object.assign(this, { video, onLevel });
    this.context = new AudioContext();
    const analyser = this.context.createAnalyser();
    analyser.fftSize = 1024;
    this.context.createMediaStreamSource(stream).connect(analyser);
    this.samples = new Float32Array(analyser.fftSize);
    this.timer = setInterval(() => this.#look(analyser), 50);
  }

  #look(analyser) {
    analyser.getFloatTimeDomainData(this.samples);
    const level = Math.sqrt(this.samples.reduce((sum, sample) => sum + sample * sample, 0) / this.samples.length);
    if (level > LOUD) this.#loudAt = performance.now();
    this.video.volume = performance.now() - this.#loudAt < HOLD_MS ? DUCKED : 1;
    this.onLevel(Math.min(1, level * 5));
  }

  stop() {
    clearInterval(this.timer);
    this.context.close();
    this.video.volume = 1;
  }
}
