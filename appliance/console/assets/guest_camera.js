// The speaking room's camera in the console: a small picture for the main room, and the way into the programme.
import { pause } from "./box.js";
import { Pieces } from "./pieces.js";
import { onLanguage, t } from "./words.js";

const $ = (id) => document.getElementById(id);
const SILENT_MS = 15_000; // the box says every few seconds that it is there
const CORNERS = ["auto", "bottom_right", "bottom_left", "top_left", "top_right"];

export class GuestCamera {
  #camera = null;
  #following = null;

  constructor(token, { order }) {
    Object.assign(this, { token, order });
    onLanguage(() => { this.#choices(); this.#draw(); });
  }

  start() {
    $("guest-in-programme").addEventListener("change", (event) => this.order("PATCH", "/talk", { camera_in_programme: event.target.checked }));
    $("guest-corner").addEventListener("change", (event) => this.order("PATCH", "/talk", { camera_corner: event.target.value }));
    $("guest-off").addEventListener("click", () => this.order("DELETE", "/talk/camera"));
    this.#choices();
  }

  /** talk: of the box's status. */
  follow(talk) {
    this.#camera = talk?.camera ?? null;
    if (this.#camera && !this.#following) this.#follow(this.#following = new AbortController());
    if (!this.#camera && this.#following) {
      this.#following.abort();
      this.#following = null;
      this.#clear();
    }
    this.#draw();
  }

  #choices() {
    const chosen = $("guest-corner").value;
    $("guest-corner").replaceChildren(...CORNERS.map((corner) => new Option(t(corner === "auto" ? "guest_corner_auto" : corner), corner)));
    $("guest-corner").value = chosen || "auto";
  }

  #draw() {
    const camera = this.#camera;
    $("guest").hidden = camera === null;
    if (!camera) return;
    if (document.activeElement !== $("guest-in-programme")) $("guest-in-programme").checked = camera.in_programme;
    if (document.activeElement !== $("guest-corner")) $("guest-corner").value = camera.corner;
    const words = { connecting: "guest_connecting", stalled: "guest_stalled", live: camera.in_programme ? (camera.is_shown ? "guest_to_all" : "guest_hidden") : "guest_here" };
    const said = t(words[camera.state]);
    if ($("guest-said").textContent !== said) $("guest-said").textContent = said;
  }

  #clear() { $("guest-picture").getContext("2d").clearRect(0, 0, $("guest-picture").width, $("guest-picture").height); }

  async #follow(stop) {
    for (let attempt = 0; !stop.signal.aborted; attempt++) {
      try {
        await this.#pictures(stop.signal, () => { attempt = 0; });
      } catch { /* below: again */ }
      if (this.#following === stop) this.#clear();
      if (!stop.signal.aborted) await pause(attempt);
    }
  }

  async #pictures(signal, onPicture) {
    const quiet = new AbortController();
    const end = () => quiet.abort();
    signal.addEventListener("abort", end);
    let timer = setTimeout(end, SILENT_MS);
    try {
      const answer = await fetch("/api/v1/talk/camera", { headers: { Authorization: `Bearer ${this.token}` }, signal: quiet.signal });
      if (!answer.ok) return;
      const source = new Pieces(answer.body.getReader(), () => { clearTimeout(timer); timer = setTimeout(end, SILENT_MS); });
      for (;;) {
        const length = new DataView((await source.take(4)).buffer).getUint32(0);
        if (length === 0) { this.#clear(); continue; }
        const bitmap = await createImageBitmap(new Blob([await source.take(length)], { type: "image/jpeg" }));
        if (signal.aborted) return;
        const canvas = $("guest-picture");
        if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) Object.assign(canvas, { width: bitmap.width, height: bitmap.height });
        canvas.getContext("2d").drawImage(bitmap, 0, 0);
        bitmap.close();
        onPicture();
      }
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      quiet.abort();
    }
  }
}
