// Recording: the button, the light, and the files.
import { item } from "./status.js";
import { chosenLanguage, t } from "./words.js";

const $ = (id) => document.getElementById(id);

export class RecordingCard {
  constructor(api, { order, toast }) {
    this.api = api;
    this.order = order;
    this.toast = toast;
    this.now = null;
    this.shown = "";
  }

  start() {
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
    const megabytes = Math.round(recording.written_bytes / 1e6);
    const words = { off: recording.fault ? t(`recording_${recording.fault}`) : t("recording_off"), waiting: t("recording_waiting"),
      recording: `${minutes} ${t("minutes")} · ${megabytes} MB` }[recording.state];
    const rawWords = !raw ? "" : raw.is_on ? t("recording_raw") : `${t("recording_raw_ended")} ${raw.reason}`;
    if ($("recording-raw").textContent !== rawWords) $("recording-raw").textContent = rawWords;
    if ($("recording-state").textContent !== words) $("recording-state").textContent = words;
    const key = [recording.state, recording.item_id, chosenLanguage()].join();
    if (key !== this.shown) { this.shown = key; this.refresh(); }
  }

  async refresh() {
    const answer = await this.api.call("GET", "/recordings").catch(() => null);
    if (answer) $("recordings").replaceChildren(...answer.items.map((one) => this.#row(one)));
  }

  #row(one) {
    const when = new Date(one.started_s * 1000).toLocaleString(chosenLanguage() === "zh" ? "zh-CN" : "en-GB");
    const length = one.duration_s === null ? "" : `${Math.max(1, Math.round(one.duration_s / 60))} ${t("minutes")}`;
    const words = [length, `${Math.ceil(one.size_bytes / 1e6)} MB`, one.is_open && t("recording_growing")].filter(Boolean).join(" · ");
    const buttons = one.is_open ? [] : [this.#button("download", when, () => this.#download(one)), this.#button("delete", when, () => this.#remove(one))];
    return item(one.is_open ? "bad" : "", when, words, ...buttons);
  }

  #button(key, when, act) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = t(key);
    button.setAttribute("aria-label", `${t(key)}: ${when}`);
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
}
