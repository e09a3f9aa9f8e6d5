// The lesson put together in the browser: the sheet as lossless pictures, the teacher as a video with alpha over it.
// Whatever fails (no WebGL, no stream of sheets, a line too slow for them), the box sends the composed video again.
import { pause } from "./box.js";
import { ExactCanvas } from "./exact_canvas.js";
import { followSheets } from "./exact_sheets.js";

const HOLD_MS = 700; // so long the picture waits for its sheet; then the composed video is better
const REST_MS = 4000; // after such a wait, doubled each time ...
const MOST_REST_MS = 60_000;
const FORGIVEN_MS = 120_000; // ... until it went well for so long
const TURN_MS = 150; // so long a page waits for the teacher's picture of its instant, where the layout stays the same
const MOST_PENDING = 8;
const STILL_MS = 1500; // without a picture for so long (a line that bears sound alone), the pages go on without the teacher
const VAIN_MS = 3000; // the composed video for so long after the teacher alone was asked for: it need not be drawn here
const MOST_UNREAD = 10; // pictures in a row whose number cannot be read: this browser does not show us the video's own
const REVIVE_MS = 30_000; // after the graphics failed

let playing = null;

/** What the canvas shows, drawn anew: for tests and measurements. RGBA from the top left in base64. */
export async function snapshot() {
  return playing ? playing.snapshot() : null;
}

/** {shown, number, at_ms, waited_ms, bytes} of the sheet drawn last: at_ms since 1970, waited_ms for it to come. */
export function drawn() {
  return playing ? playing.drawn() : null;
}

export class PixelExact {
  #canvas = null; // ExactCanvas, once there is a session
  #place = ""; // of the session
  #ending = null; // AbortController of the session's stream
  #pending = []; // sheets that the teacher's pictures have not reached yet
  #newest = null; // number of the newest sheet that has come
  #shown = null; // of the one in the texture
  #scene = null; // for which it was made
  #moves = true; // there is no sheet: the composed video must be watched
  #frame = null; // the picture taken: {number}, null for a composed one; untaken: it plays in the video; alone: there is none
  #taken = false; // what the box was asked for
  #covers = false;
  #hold = 0;
  #heldAt = 0;
  #rest = REST_MS;
  #restsUntil = 0;
  #missing = null; // number of the sheet that was waited for in vain
  #still = 0;
  #tookAt = 0;
  #partsAt = 0; // when they were asked for, or came last
  #missed = false; // has a picture come while the one before was still being taken?
  #unread = 0;
  #broken = false;
  #drawn = null; // of the sheet drawn last, for measurements
  #bytes = 0;

  /** choices: where the viewer wants the teacher ({place, onChange}). onShown: is it put together here now? */
  constructor(video, canvas, token, choices, onShown) {
    Object.assign(this, { video, canvas, token, choices, onShown });
    choices.onChange(() => this.#step());
    playing = this;
  }

  /** A session has begun (its address), or ended (""). */
  session(place) {
    this.#ending?.abort();
    this.#forget();
    this.#frame = null;
    this.#place = place;
    this.#uncover();
    if (!place || !("requestVideoFrameCallback" in this.video)) return;
    try {
      if (this.#broken) this.#replace();
      this.#canvas ??= this.#open();
    } catch {
      return; // the composed video plays on
    }
    const ending = new AbortController();
    this.#ending = ending;
    this.video.requestVideoFrameCallback((now, frame) => this.#tick(ending, frame));
    this.#follow(place, ending.signal);
  }

  #open() {
    const { canvas } = this;
    canvas.addEventListener("webglcontextlost", () => { if (canvas === this.canvas) this.#fail(); });
    return new ExactCanvas(canvas);
  }

  drawn() {
    const shown = !this.#canvas || this.#broken || !this.#covers ? "video" : this.#frame.number === null ? "composed" : "parts";
    return { shown, moves: this.#moves, taken: this.#taken, number: null, ...this.#drawn };
  }

  async snapshot() {
    const canvas = this.#canvas;
    this.#draw();
    const drawn = this.drawn();
    if (drawn.shown === "video") return drawn;
    const reader = new FileReader();
    reader.readAsDataURL(new Blob([canvas.pixels()]));
    await new Promise((done) => reader.addEventListener("load", done));
    const { width, height } = this.canvas;
    return { ...drawn, width, height, rgba: reader.result.split(",")[1] };
  }

  async #follow(place, signal) {
    for (let attempt = 0; !signal.aborted; attempt++) {
      const status = await followSheets(place, this.token, signal, (sheet) => { attempt = 0; this.#sheet(sheet); }).catch((error) => error);
      if (signal.aborted || [401, 403, 404].includes(status)) return;
      this.#forget(); // the box gives the composed video by itself
      await pause(attempt);
    }
  }

  /** The next sheet has come. */
  #sheet(sheet) {
    if (sheet.moves || sheet.base === null) this.#drop();
    this.#moves = sheet.moves;
    if (sheet.moves) {
      this.#settle();
      return;
    }
    this.#pending.push(sheet);
    this.#bytes = sheet.patches.reduce((sum, patch) => sum + patch[4], 0);
    this.#newest = sheet.number;
    if (this.#shown === null || this.#pending.length > MOST_PENDING) this.#advance(sheet.number);
    clearTimeout(this.#still);
    this.#still = setTimeout(() => this.#alone(), STILL_MS);
    if (sheet.scene === this.#scene) setTimeout(() => this.#turn(sheet), TURN_MS);
    this.#want();
    this.#step();
  }

  /** A page does not wait for a teacher who lags. */
  #turn(sheet) {
    if (this.#broken || !this.#frame || this.#frame.number === null || !this.#pending.includes(sheet)) return;
    this.#advance(sheet.number);
    this.#draw();
  }

  /** The pictures have stopped, the lesson has not: its newest sheet. */
  #alone() {
    if (this.#frame === null || this.#newest === null) return;
    const { number } = this.#frame;
    const isReached = number === null ? !this.#pending.length : ahead(this.#newest, number) <= 0;
    if (isReached) return; // the pictures go on
    const left = this.#tookAt + STILL_MS - performance.now();
    if (left > 0) {
      this.#still = setTimeout(() => this.#alone(), left + 1);
      return;
    }
    this.#frame = { number: this.#newest, alone: true };
    this.#step();
  }

  /** A picture of the video is there. */
  #tick(ending, { width, height }) {
    if (ending !== this.#ending || !this.#place) return;
    this.video.requestVideoFrameCallback((now, frame) => this.#tick(ending, frame));
    const isPacked = this.#canvas.isPacked(width, height);
    if (this.#broken) {
      if (!isPacked) this.#uncover();
      return;
    }
    if (!this.#covers && (!this.#taken || this.#shown === null)) return;
    try {
      this.#picture(isPacked, ending);
    } catch {
      this.#fail();
    }
  }

  #picture(isPacked, ending) {
    if (isPacked) this.#partsAt = performance.now();
    else if (this.#taken && performance.now() - this.#partsAt > VAIN_MS) this.#vain();
    if (!isPacked && !this.#taken) {
      this.#frame = { number: null, untaken: true };
      this.#uncover();
      return;
    }
    const later = this.#canvas.take(this.video);
    if (later === null) {
      this.#look(isPacked);
      return;
    }
    later.then((isThere) => {
      if (ending !== this.#ending || this.#broken) return;
      if (!isThere) {
        this.#missed = true;
        return;
      }
      this.#look(isPacked);
      if (!this.#missed) return;
      this.#missed = false;
      this.#picture(this.#canvas.isPacked(this.video.videoWidth, this.video.videoHeight), ending);
    }).catch(() => { if (ending === this.#ending) this.#fail(); });
  }

  /** The picture is in the texture. */
  #look(isPacked) {
    this.#tookAt = performance.now();
    const number = isPacked ? this.#canvas.number() : null;
    if (isPacked && number === null) {
      // Now and then the texture is of another picture than the one announced.
      if (++this.#unread > MOST_UNREAD) this.#giveUp();
      return;
    }
    this.#unread = 0;
    this.#frame = { number };
    this.#step();
  }

  /** The graphics have failed: the composed video, and a new beginning after a while. */
  #fail() {
    if (this.#broken) return;
    this.#broken = true;
    this.#ending?.abort(); // the box then sends the composed video
    this.#taken = false;
    const place = this.#place;
    setTimeout(() => { if (place && place === this.#place) this.session(place); }, REVIVE_MS);
  }

  #replace() {
    const fresh = this.canvas.cloneNode();
    this.canvas.replaceWith(fresh);
    this.canvas = fresh;
    this.#canvas = null;
    this.#broken = false;
  }

  /** Shows the picture taken, if its sheet is there. */
  #step() {
    if (this.#frame === null || this.#frame.untaken || this.#broken) return;
    const { number } = this.#frame;
    if (number !== null && !this.#moves && ahead(number, this.#newest) > 0) {
      this.#heldAt ||= performance.now();
      this.#hold ||= setTimeout(() => this.#giveUp(), HOLD_MS);
      return;
    }
    this.#settle();
    if (number !== null) this.#advance(number);
    this.#heldAt = 0;
    this.#draw();
    this.#cover();
  }

  #draw() {
    if (this.#frame === null || !this.#canvas || this.#broken) return;
    if (this.#frame.number === null) this.#canvas.copy();
    else this.#canvas.compose(this.#frame.alone ? { ...this.choices.place, opacity: 0 } : this.choices.place);
  }

  /** Brings the texture to the newest sheet that is not beyond this number. */
  #advance(number) {
    while (this.#pending.length && ahead(this.#pending[0].number, number) <= 0) {
      const sheet = this.#pending.shift();
      if (sheet.bitmaps.length) this.#canvas.patch(sheet.bitmaps, sheet.base === null);
      this.#shown = sheet.number;
      this.#scene = sheet.scene;
      const now = performance.now();
      const waited_ms = this.#heldAt ? now - this.#heldAt : 0;
      this.#drawn = { number: sheet.number, at_ms: performance.timeOrigin + now, waited_ms, bytes: this.#bytes };
    }
  }

  /** Asks for the teacher alone, if all that is needed for it has come. */
  #want() {
    if (this.#taken || this.#moves || this.#broken || this.#newest === null || performance.now() < this.#restsUntil) return;
    if (this.#missing === null || ahead(this.#missing, this.#newest) <= 0) this.#take(true);
  }

  /** The teacher alone does not come: a film plays, a layer is held, or the line is too slow. Where no graphics card
   * helps, a browser draws a video itself for a tenth of what the canvas takes. */
  #vain() {
    if (this.#moves) this.#take(false); // its last picture's sheet asks anew
    else this.#giveUp();
  }

  /** The sheet does not come in time: the line carries the composed video better. */
  #giveUp() {
    this.#hold = 0;
    this.#missing = this.#frame?.number ?? null;
    if (performance.now() - this.#restsUntil > FORGIVEN_MS) this.#rest = REST_MS;
    this.#restsUntil = performance.now() + this.#rest;
    const ending = this.#ending;
    setTimeout(() => { if (ending === this.#ending) this.#want(); }, this.#rest + 1);
    this.#rest = Math.min(2 * this.#rest, MOST_REST_MS);
    this.#take(false);
  }

  async #take(taken) {
    this.#taken = taken;
    if (taken) this.#partsAt = performance.now();
    const answer = await fetch(`${this.#place}/parts`, {
      method: "PUT",
      headers: { Authorization: `Bearer ${this.token}`, "Content-Type": "application/json" },
      body: JSON.stringify({ taken }),
    }).catch(() => null);
    if (!answer?.ok && taken) this.#taken = false;
  }

  #forget() {
    this.#drop();
    this.#settle();
    this.#newest = this.#shown = this.#missing = null;
    this.#moves = true;
    this.#taken = false;
  }

  #drop() {
    clearTimeout(this.#still);
    for (const { bitmaps } of this.#pending.splice(0)) for (const { bitmap } of bitmaps) bitmap.close();
  }

  #settle() {
    clearTimeout(this.#hold);
    this.#hold = 0;
  }

  #cover() {
    const isHere = this.#frame.number !== null;
    this.canvas.classList.add("on");
    if (!this.#covers || this.isHere !== isHere) this.onShown(isHere);
    this.#covers = true;
    this.isHere = isHere;
  }

  #uncover() {
    this.#settle();
    this.#heldAt = 0;
    this.canvas.classList.remove("on");
    if (this.#covers) this.onShown(false);
    this.#covers = this.isHere = false;
  }
}

/** How far one number is ahead of another; they begin anew after 2^24. */
const ahead = (one, other) => (one - other) << 8 >> 8;
