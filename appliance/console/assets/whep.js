// A WHEP player that comes back by itself.
import { pause } from "./box.js";

const GATHER_MS = 1500;
const SILENT_MS = 6000; // the box sends at least one picture a second
const FINAL = new Set([401, 403]);

/** states: "joining", "playing", "again", "full", "refused", "no_webrtc". */
export class Player {
  #peer = null;
  #place = "";
  #stopped = false;
  #wake = null;

  constructor(video, { token, name = "", onState }) {
    Object.assign(this, { video, token, name, onState });
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

  stop() { this.#stopped = true; this.#wake?.(); this.#leave(); }

  async #join() {
    const peer = new RTCPeerConnection();
    this.#peer = peer;
    const stream = new MediaStream();
    peer.addEventListener("track", ({ track }) => stream.addTrack(track));
    peer.addTransceiver("video", { direction: "recvonly" });
    peer.addTransceiver("audio", { direction: "recvonly" });
    await peer.setLocalDescription();
    await gathered(peer);
    const query = this.name ? `?name=${encodeURIComponent(this.name.slice(0, 40))}` : "";
    const answer = await fetch(`/whep${query}`, {
      method: "POST",
      headers: { Authorization: `Bearer ${this.token}`, "Content-Type": "application/sdp" },
      body: peer.localDescription.sdp,
      signal: AbortSignal.timeout(15_000),
    });
    if (answer.status !== 201) return answer.status;
    this.#place = answer.headers.get("Location") ?? "";
    await peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
    this.video.srcObject = stream;
    return answer.status;
  }

  /** Until the pictures stop. True if there were any. */
  async #watch() {
    const peer = this.#peer;
    let frames = 0;
    let heard = performance.now();
    let lost = false;
    peer.addEventListener("connectionstatechange", () => {
      if (["failed", "closed"].includes(peer.connectionState)) { lost = true; }
    });
    while (!lost && !this.#stopped && peer === this.#peer && performance.now() - heard < SILENT_MS) {
      await new Promise((done) => setTimeout(done, 250));
      const decoded = await framesDecoded(peer);
      if (decoded > frames) {
        if (frames === 0) this.onState("playing");
        frames = decoded;
        heard = performance.now();
      }
    }
    return frames > 0;
  }

  #leave() {
    if (this.#place) {
      // Before the connection is closed, or the box has already noticed. keepalive: the page may be going.
      fetch(this.#place, { method: "DELETE", keepalive: true, headers: { Authorization: `Bearer ${this.token}` } }).catch(() => {});
      this.#place = "";
    }
    this.#peer?.close();
    this.#peer = null;
  }
}

function gathered(peer) {
  if (peer.iceGatheringState === "complete") return Promise.resolve();
  return new Promise((done) => {
    // A dead network interface may hold this up: go with what there is.
    setTimeout(done, GATHER_MS);
    peer.addEventListener("icegatheringstatechange", () => { if (peer.iceGatheringState === "complete") done(); });
  });
}

async function framesDecoded(peer) {
  if (peer.connectionState === "closed") return 0;
  for (const report of (await peer.getStats()).values()) {
    if (report.type === "inbound-rtp" && report.kind === "video") return report.framesDecoded ?? 0;
  }
  return 0;
}
