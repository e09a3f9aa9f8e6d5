// How loud it is, beside the programme: rms and peak as bars, the highest peak held, clipping and silence in words.
import { onLanguage, t } from "./words.js";

const $ = (id) => document.getElementById(id);
const QUIET_DBFS = -60; // the left end: what lies below is a quiet room
const HOLD_MS = 1500;
const FALL_DB_PER_MS = 0.02;
const EVERY_MS = 100; // only the held peak moves by itself

export class Levels {
  #told = null;
  #held = new Map(); // by source: the peak that is held, and since when

  constructor() { onLanguage(() => this.#show()); }

  start() { setInterval(() => { if (this.#told && document.visibilityState === "visible") this.#fall(); }, EVERY_MS); }

  /** With every event of the box. */
  take(levels) {
    this.#told = levels;
    const now = performance.now();
    for (const [source, level] of Object.entries(levels)) {
      if (level && level.peak_dbfs >= this.#heldOf(source, now)) this.#held.set(source, { dbfs: level.peak_dbfs, at: now });
    }
    this.#show();
  }

  /** The studio tells nothing any more: better no meter than a wrong one. */
  forget() {
    if (!this.#told) return;
    this.#told = null;
    this.#held.clear();
    this.#show();
  }

  #heldOf(source, now) {
    const held = this.#held.get(source);
    return held ? held.dbfs - Math.max(0, now - held.at - HOLD_MS) * FALL_DB_PER_MS : -Infinity;
  }

  #show() {
    for (const source of ["teacher", "courseware"]) {
      const level = this.#told?.[source] ?? null;
      const row = $(`level-${source}`);
      row.hidden = source === "courseware" && !level;
      const meter = row.querySelector("[role=meter]");
      const state = !level ? "none" : level.is_clipping ? "clipping" : level.is_silent ? "silent" : "";
      if (row.dataset.state !== state) row.dataset.state = state;
      say(row.querySelector("[role=status]"), state ? t(`level_${state}`) : "");
      say(row.querySelector(".dbfs"), level ? `${Math.round(level.peak_dbfs)} dBFS` : "–");
      meter.style.setProperty("--rms", share(level?.rms_dbfs));
      meter.style.setProperty("--peak", share(level?.peak_dbfs));
      meter.setAttribute("aria-valuenow", String(Math.round(Math.max(QUIET_DBFS, level?.peak_dbfs ?? QUIET_DBFS))));
      meter.setAttribute("aria-valuetext", level ? `${level.peak_dbfs.toFixed(0)} dBFS, rms ${level.rms_dbfs.toFixed(0)} dBFS` : t("level_none"));
    }
    this.#fall();
  }

  #fall() {
    for (const source of ["teacher", "courseware"]) {
      const meter = $(`level-${source}`).querySelector("[role=meter]");
      meter.style.setProperty("--held", share(this.#told?.[source] ? this.#heldOf(source, performance.now()) : undefined));
    }
  }
}

/** Where a level lies in the meter, 0 to 1. */
const share = (dbfs) => (dbfs === undefined ? 0 : Math.min(1, Math.max(0, 1 - dbfs / QUIET_DBFS)).toFixed(3));

const say = (node, text) => { if (node.textContent !== text) node.textContent = text; };
