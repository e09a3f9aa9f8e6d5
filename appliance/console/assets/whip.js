// A WHIP publisher (RFC 9725): the offer goes out, the answer comes back, DELETE ends it.
import { gathered, iceServers } from "./ice.js";
import { chosenLanguage } from "./words.js";

/** How a picture is sent: sharp text before a steady rate, or a room full of people, small. */
const SCREEN = { hint: "detail", keep: "maintain-resolution", encoding: { maxBitrate: 10_000_000 } };
export const CAMERA = { hint: "motion", keep: "balanced", encoding: { maxBitrate: 600_000, maxFramerate: 15 }, width: 640 };

/** onState(state, detail): "share_joining", "sharing", "share_failed", "refused". */
export class Publisher {
  #peer = null;
  #place = "";
  #isStopped = false;

  constructor(stream, { token, onState, address = "/whip", sending = SCREEN }) {
    Object.assign(this, { stream, token, onState, address, sending });
    addEventListener("pagehide", () => this.stop());
  }

  async publish() {
    this.onState("share_joining");
    const servers = await iceServers(this.address, this.token);
    if (this.#isStopped) return;
    const peer = new RTCPeerConnection({ iceServers: servers });
    this.#peer = peer;
    for (const track of this.stream.getTracks()) {
      if (track.kind === "video") track.contentHint = this.sending.hint;
      peer.addTransceiver(track, { direction: "sendonly", streams: [this.stream], ...(track.kind === "video" && { sendEncodings: [this.#encoding(track)] }) });
    }
    peer.addEventListener("connectionstatechange", () => {
      if (peer.connectionState === "connected") this.onState("sharing");
      if (["failed", "closed"].includes(peer.connectionState) && this.#peer === peer) { this.stop(); this.onState("share_failed"); }
    });
    try {
      await peer.setLocalDescription();
      await gathered(peer);
      const answer = await fetch(this.address, {
        method: "POST",
        headers: { Authorization: `Bearer ${this.token}`, "Content-Type": "application/sdp", "Accept-Language": chosenLanguage() },
        body: peer.localDescription.sdp,
        signal: AbortSignal.timeout(15_000),
      });
      if (answer.status !== 201) {
        const problem = await answer.json().catch(() => ({}));
        this.stop();
        this.onState([401, 403].includes(answer.status) ? "refused" : "share_failed", problem.detail ?? "");
        return;
      }
      this.#place = answer.headers.get("Location") ?? "";
      await peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
      await this.#prefer(peer);
    } catch { // what the browser says of it is for nobody who shares a screen
      this.stop();
      this.onState("share_failed", "");
    }
  }

  /** A camera that gives more pixels than were asked of it is scaled down before it is coded. */
  #encoding(track) {
    const { encoding, width } = this.sending;
    const wide = track.getSettings().width ?? 0;
    return width && wide > width ? { ...encoding, scaleResolutionDownBy: wide / width } : encoding;
  }

  async #prefer(peer) {
    const sender = peer.getSenders().find((known) => known.track?.kind === "video");
    if (!sender) return;
    const parameters = sender.getParameters();
    parameters.degradationPreference = this.sending.keep;
    await sender.setParameters(parameters).catch(() => {}); // an older browser: contentHint says the same
  }

  stop() {
    this.#isStopped = true;
    if (this.#place) {
      fetch(this.#place, { method: "DELETE", keepalive: true, headers: { Authorization: `Bearer ${this.token}` } }).catch(() => {});
      this.#place = "";
    }
    const peer = this.#peer;
    this.#peer = null;
    peer?.close();
  }
}
