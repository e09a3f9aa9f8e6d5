// A WHEP player that comes back by itself.
import { pause } from "./box.js";
import { gathered, iceServers } from "./ice.js";

const SILENT_MS = 6000; // the box sends at least one picture a second
const FINAL = new Set([401, 403]);

/** states: "joining", "playing", "again", "full", "refused", "no_webrtc". */
export class Player {
  #peer = null;
  #place = "";
  #stopped = false;
  #wake = null;
  #before = null; // what the browser had counted when it was asked last

  /** hear: "voice" for the room that speaks, without a picture. onSession: the session's address when one has begun, "" when it has ended. */
  constructor(video, { token, name = "", hear = "programme", onState, onSession = () => {} }) {
    Object.assign(this, { video, token, name, hear, onState, onSession });
    // The place is given back when the page goes; a page out of the browser's cache joins again.
    addEventListener("pagehide", () => this.#leave());
    addEventListener("pageshow", (event) => { if (event.persisted) this.#wake?.(); });
    addEventListener("online", () => this.#wake?.());
  }

  /** Plays until stop(); resolves when there is no use in trying again. */
  async play() {
    if (!("RTCPeerConnection" in window)) return this.onState("no_webrtc");
    this.onState("joining");
    for (let attempt = 0; !this.#stopped; attempt++) {
      let status = 0;
      try {
        status = await this.#join();
        if (status === 201 && await this.#watch()) attempt = 0;
      } catch {
        status = 0; // the box cannot be reached, or answered what is no session
      }
      this.#leave();
      if (FINAL.has(status)) return this.onState("refused");
      if (this.#stopped) return undefined;
      this.onState(status === 503 ? "full" : "again");
      await Promise.race([pause(attempt), new Promise((done) => { this.#wake = done; })]);
    }
    return undefined;
  }

  /** Where the session is on the box, "/whep/ID"; "" while there is none. */
  get place() { return this.#place; }

  /** From a picture's arrival to its showing, as measured last. */
  shownAfterMs = 100;

  /** Half a round trip, as measured last; null where that is not known yet. */
  wayMs = null;

  /** How it plays here, as the box wants to know it; null before the first picture. */
  async playback() {
    if (this.#peer === null || this.#peer.connectionState !== "connected") return null;
    const reports = [...(await this.#peer.getStats()).values()];
    const pair = reports.find((report) => report.type === "candidate-pair" && report.nominated && report.currentRoundTripTime !== undefined);
    if (pair) this.wayMs = (pair.currentRoundTripTime * 1000) / 2;
    const video = reports.find((report) => report.type === "inbound-rtp" && report.kind === "video" && report.framesDecoded);
    if (!video) return null;
    this.shownAfterMs = Math.min(2000, this.#sinceLast(video) ?? this.shownAfterMs);
    return {
      freezes: video.freezeCount ?? 0,
      frozen_ms: Math.round((video.totalFreezesDuration ?? 0) * 1000),
      play_delay_ms: Math.round(this.shownAfterMs),
    };
  }

  /** Buffer and decoder, ms a picture, of those since it was asked last: over weeks the mean says nothing of now. */
  #sinceLast(video) {
    const now = {
      buffer: video.jitterBufferDelay ?? 0, emitted: video.jitterBufferEmittedCount || video.framesDecoded,
      decoder: video.totalDecodeTime ?? 0, decoded: video.framesDecoded,
    };
    const isSame = this.#before !== null && this.#before.decoded <= now.decoded; // another session counts anew
    const before = isSame ? this.#before : { buffer: 0, emitted: 0, decoder: 0, decoded: 0 };
    const [emitted, decoded] = [now.emitted - before.emitted, now.decoded - before.decoded];
    if (emitted <= 0 || decoded <= 0) return null;
    this.#before = now;
    return 1000 * ((now.buffer - before.buffer) / emitted + (now.decoder - before.decoder) / decoded);
  }

  stop() { this.#stopped = true; this.#wake?.(); this.#leave(); }

  async #join() {
    const servers = await iceServers("/whep", this.token);
    if (this.#stopped) return 0;
    const peer = new RTCPeerConnection({ iceServers: servers });
    this.#peer = peer;
    const stream = new MediaStream();
    peer.addEventListener("track", ({ track }) => stream.addTrack(track));
    peer.addTransceiver("video", { direction: "recvonly" });
    peer.addTransceiver("audio", { direction: "recvonly" });
    await peer.setLocalDescription();
    await gathered(peer);
    const query = new URLSearchParams({ ...(this.name && { name: this.name.slice(0, 40) }), ...(this.hear === "voice" && { hear: "voice" }) });
    const answer = await fetch(`/whep?${query}`, {
      method: "POST",
      headers: { Authorization: `Bearer ${this.token}`, "Content-Type": "application/sdp" },
      body: peer.localDescription.sdp,
      signal: AbortSignal.timeout(15_000),
    });
    if (answer.status !== 201) return answer.status;
    this.#place = answer.headers.get("Location") ?? "";
    await peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
    this.video.srcObject = stream;
    this.onSession(this.#place);
    return answer.status;
  }

  /** Until the pictures stop. True if there were any. */
  async #watch() {
    const peer = this.#peer;
    let frames = 0;
    let sound = 0;
    let heard = performance.now();
    let lost = false;
    peer.addEventListener("connectionstatechange", () => {
      if (["failed", "closed"].includes(peer.connectionState)) { lost = true; }
    });
    while (!lost && !this.#stopped && peer === this.#peer && performance.now() - heard < SILENT_MS) {
      await new Promise((done) => setTimeout(done, 250));
      const received = await progress(peer);
      if (this.hear === "voice") received.frames = received.sound;
      if (received.frames > frames) {
        if (frames === 0) this.onState("playing");
        frames = received.frames;
        heard = performance.now();
      }
      // On a very weak line the box sends sound alone: no reason to begin anew.
      if (received.sound > sound) {
        sound = received.sound;
        if (frames > 0) heard = performance.now();
      }
    }
    return frames > 0;
  }

  #leave() {
    if (this.#place) {
      this.onSession("");
      // Before the connection is closed, or the box has already noticed. keepalive: the page may be going.
      fetch(this.#place, { method: "DELETE", keepalive: true, headers: { Authorization: `Bearer ${this.token}` } }).catch(() => {});
      this.#place = "";
    }
    this.#peer?.close();
    this.#peer = null;
  }
}

/** Pictures decoded and packets of sound received so far. */
async function progress(peer) {
  const received = { frames: 0, sound: 0 };
  if (peer.connectionState === "closed") return received;
  for (const report of (await peer.getStats()).values()) {
    if (report.type !== "inbound-rtp") continue;
    if (report.kind === "video") received.frames = report.framesDecoded ?? 0;
    else received.sound = report.packetsReceived ?? 0;
  }
  return received;
}
