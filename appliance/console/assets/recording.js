// Recording: the button, the light, and the files.
import { item } from "./status.js";
import { chosenLanguage, t } from "./words.js";
import { WorstMattes } from "./worst.js";

const $ = (id) => document.getElementById(id);

const megabytes = (bytes) => `${Math.ceil(bytes / 1e6)} MB`;
const when = (one) => new Date(one.started_s * 1000).toLocaleString(chosenLanguage() === "zh" ? "zh-CN" : "en-GB");

export class RecordingCard {
  constructor(api, { order, toast }) {
    this.api = api;
    this.order = order;
    this.toast = toast;
    this.now = null;
    this.shown = "";
    this.worst = new WorstMattes(api);
  }

  start() {
    this.worst.start();
    $("record").addEventListener("click", async () => {
      $("record").disabled = true;
      await this.order("POST", `/recordings/${this.now?.state === "off" ? "start" : "stop"}`);
      $("record").disabled = false;
    });
  }

  /** Called with every status. */
  follow(recording, raw) {
    this.now = recording;
    const isOn = recording.state !== "off";
    $("recording-light").hidden = !isOn && !raw?.is_on;
    $("record").textContent = t(isOn ? "record_stop" : "record");
    $("record").classList.toggle("strong", !isOn);
    const minutes = Math.floor((recording.since_s ?? 0) / 60);
    const words = { off: recording.fault ? t(`recording_${recording.fault}`) : t("recording_off"), waiting: t("recording_waiting"),
      recording: `${minutes} ${t("minutes")} · ${megabytes(recording.written_bytes)}` }[recording.state];
    const rawWords = !raw ? "" : raw.is_on ? t("recording_raw") : `${t("recording_raw_ended")} ${chosenLanguage() === "zh" ? raw.reason_zh : raw.reason}`;
    if ($("recording-raw").textContent !== rawWords) $("recording-raw").textContent = rawWords;
    if ($("recording-state").textContent !== words) $("recording-state").textContent = words;
    const key = [recording.state, recording.item_id, raw?.is_on, chosenLanguage()].join();
    if (key !== this.shown) { this.shown = key; this.refresh(); }
  }

  async refresh() {
    const [answer, raws] = await Promise.all(["/recordings", "/recordings/raw"].map((path) => this.api.call("GET", path).catch(() => null)));
    if (answer) {
      $("recordings").replaceChildren(...answer.items.map((one) => this.#row(one, [],
        this.#button("download", one, () => this.#download(one)),
        ...(one.worst_bytes ? [this.#button("worst", one, () => this.worst.show(one, when(one)))] : []),
        this.#button("delete", one, () => this.#remove(one)))));
    }
    if (raws) {
      // Too large for a browser's download: a person is told where they lie.
      $("raws").replaceChildren(...raws.items.map((one) => this.#row(one, [one.folder], this.#button("delete", one, () => this.#removeRaw(one)))));
      $("raws-box").hidden = raws.items.length === 0;
      $("raws-count").textContent = `${raws.items.length} · ${megabytes(raws.used_bytes)}`;
    }
  }

  #row(one, more, ...buttons) {
    const length = one.duration_s === null ? "" : `${Math.max(1, Math.round(one.duration_s / 60))} ${t("minutes")}`;
    const words = [length, megabytes(one.size_bytes), one.is_open && t("recording_growing"), ...more].filter(Boolean).join(" · ");
    const li = item(one.is_open ? "bad" : "", when(one), words);
    if (!one.is_open) {
      const acts = document.createElement("div");
      acts.className = "acts";
      acts.append(...buttons);
      li.lastChild.append(acts);
    }
    return li;
  }

  #button(key, one, act) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = t(key);
    button.setAttribute("aria-label", `${t(key)}: ${when(one)}`);
    button.addEventListener("click", act);
    return button;
  }

  async #download(one) {
    this.toast(t("downloading"));
    await this.api.download(`/recordings/${one.id}`, `lesson-${one.id}.mp4`).catch((error) => this.toast(error.message || t("failed")));
  }

  async #remove(one) {
    if (!confirm(t("recording_delete_sure"))) return;
    await this.order("DELETE", `/recordings/${one.id}`);
    this.refresh();
  }

  async #removeRaw(one) {
    if (!confirm(t("raw_delete_sure"))) return;
    await this.order("DELETE", `/recordings/raw/${one.id}`);
    this.refresh();
  }
}
