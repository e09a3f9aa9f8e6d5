// What the box tells this screen at once: its turn to speak, mutes, captions. One stream while a session lasts.
import { events, pause } from "./box.js";

/** Follows the news of a session until it has ended; onNews is called with each. */
export class News {
  #stop = null;
  #id = "";

  /** onNews(news, aheadMs): of this screen's clock before the box's; onLost: nothing is known of the box now.
   * isNeeded: also while nobody sees the page? A browser has six connections to a box, for all tabs together. */
  constructor(token, onNews, onLost, isNeeded) {
    Object.assign(this, { token, onNews, onLost, isNeeded });
    document.addEventListener("visibilitychange", () => this.#look());
  }

  /** place: the session's address, "/whep/ID"; "" when it has ended. */
  session(place) {
    this.#end();
    this.#id = place.split("/").pop();
    this.#look();
  }

  #look() {
    const wanted = this.#id !== "" && (document.visibilityState === "visible" || this.isNeeded());
    if (!wanted) this.#end();
    else if (!this.#stop) this.#follow(this.#id, this.#stop = new AbortController());
  }

  #end() {
    if (!this.#stop) return;
    this.#stop.abort();
    this.#stop = null;
    this.onLost();
  }

  async #follow(id, stop) {
    for (let attempt = 0; !stop.signal.aborted; attempt++) {
      try {
        const answer = await fetch(`/api/v1/viewers/${id}/events`, { headers: { Authorization: `Bearer ${this.token}` }, signal: stop.signal });
        if (answer.status === 404) return; // the session is gone: the player begins another
        const aheadMs = Date.now() - Date.parse(answer.headers.get("Date")) || 0;
        if (answer.ok) for await (const news of events(answer)) { attempt = 0; this.onNews(news, aheadMs); }
      } catch { /* below: again */ }
      if (stop.signal.aborted) return;
      this.onLost();
      await pause(attempt);
    }
  }
}
