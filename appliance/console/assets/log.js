// The lesson's log: marks, signals and what happened, with the page. Exported as the API gives it.
import { onLanguage, t } from "./words.js";

const $ = (id) => document.getElementById(id);
const SIGNALS = ["hand_up", "no_picture", "no_sound", "too_fast", "fine"];
const TALK = ["talk_asked", "talk_withdrawn", "talk_declined", "talk_let_in", "talk_ended", "talk_camera", "talk_camera_shown"];
const SHOWN = 200;

export class LessonLog {
  #entries = [];
  #newest = 0;
  #isAsking = false;
  #isFirst = true;

  constructor(api, { order, toast }) {
    Object.assign(this, { api, order, toast });
    onLanguage(() => this.#draw());
  }

  start() {
    $("mark").addEventListener("click", () => this.mark("mark"));
    $("bad-matte").addEventListener("click", () => this.mark("bad_matte"));
    $("log-csv").addEventListener("click", () => this.#save("/lesson-log/csv", "csv"));
    $("log-json").addEventListener("click", () => this.#save("/lesson-log", "json"));
    $("log-clear").addEventListener("click", () => { if (confirm(t("clear_log_sure"))) this.order("DELETE", "/lesson-log"); });
  }

  async mark(kind) {
    if (await this.order("POST", "/lesson-log", { kind })) this.toast(`${t(kind)}: ${t("marked")}`);
  }

  /** With every status of the box. */
  async follow(status) {
    if (status.log_newest === this.#newest || this.#isAsking) return;
    this.#isAsking = true;
    const answer = await this.order("GET", `/lesson-log?after=${status.log_newest < this.#newest ? 0 : this.#newest}`);
    this.#isAsking = false;
    if (!answer) return;
    if (status.log_newest < this.#newest) this.#entries = []; // another box's, or one that lost its state
    this.#newest = answer.newest;
    const fresh = answer.entries;
    if (fresh.some((entry) => entry.kind === "cleared")) this.#entries = [];
    this.#entries = [...this.#entries, ...fresh].slice(-SHOWN);
    const said = fresh.filter((entry) => entry.kind === "talk_asked" || SIGNALS.includes(entry.kind)).at(-1);
    if (said && !this.#isFirst) this.toast(`${said.room || t("unnamed")}: ${t(said.kind === "talk_asked" ? "log_talk_asked" : said.kind)}`);
    this.#isFirst = false;
    this.#draw();
  }

  #draw() {
    $("no-log").hidden = this.#entries.length > 0;
    $("log").replaceChildren(...this.#entries.toReversed().map((entry) => {
      const li = document.createElement("li");
      li.dataset.kind = entry.kind;
      const time = document.createElement("time");
      const at = new Date(entry.at_s * 1000);
      time.dateTime = at.toISOString();
      time.textContent = at.toLocaleTimeString();
      const words = document.createElement("span");
      words.textContent = sentence(entry);
      li.append(time, words);
      return li;
    }));
  }

  async #save(path, kind) {
    try {
      const address = await this.api.picture(path); // any answer's body, with the token
      const link = Object.assign(document.createElement("a"), { href: address, download: `lesson-log.${kind}` });
      link.click();
      setTimeout(() => URL.revokeObjectURL(address), 10_000);
    } catch (error) {
      this.toast(error.message || t("failed"));
    }
  }
}

/** index: from 0. */
export const onPage = (index) => t("on_page").replace("{n}", index + 1);

function sentence(entry) {
  const isMark = ["mark", "bad_matte", ...SIGNALS].includes(entry.kind);
  const kind = isMark ? t(entry.kind) : t(`log_${entry.kind}`);
  const detail = entry.kind === "layout" ? t({ corner: "corner_layout", courseware: "courseware_layout" }[entry.detail] ?? entry.detail) : SIGNALS.includes(entry.detail) ? t(entry.detail) : "";
  const quality = entry.kind === "bad_matte" && entry.matte_quality !== null ? `${t("matte")} ${Math.round(entry.matte_quality * 100)} %` : "";
  return [entry.room || ([...SIGNALS, ...TALK].includes(entry.kind) ? t("unnamed") : ""), kind, detail, onPage(entry.page_index), quality].filter(Boolean).join(" · ");
}
