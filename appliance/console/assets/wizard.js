// The calibration wizard: start, how it goes, the result with its picture, four corners by hand; and the
// alarm of a knocked camera.
import { CornerView } from "./corner_view.js";
import { onLanguage, t } from "./words.js";

const $ = (id) => document.getElementById(id);
const POLL_MS = 400;
const ALARM_MS = 3000; // the box follows a knock by itself within that time
const START = [[0.15, 0.15], [0.85, 0.15], [0.85, 0.85], [0.15, 0.85]];

export class Wizard {
  #news = null;
  #status = null;
  #moved = 0;
  #corners = null; // shares, while they are being set
  #held = -1;
  #camera = null; // how it hangs
  #pictures = [];

  constructor(api, { order }) {
    Object.assign(this, { api, order, view: new CornerView(api) });
    onLanguage(() => { if (this.#status) this.follow(this.#status); if (this.#news) this.#ask(); });
  }

  start() {
    for (const id of ["calibrate", "alarm-calibrate"]) $(id).addEventListener("click", () => this.#open());
    $("calibrate-close").addEventListener("click", () => $("calibrate-dialog").close());
    for (const kind of ["pattern", "courseware"]) $(`calibrate-${kind}`).addEventListener("click", () => this.#run("POST", "/calibration", { kind }));
    $("calibrate-corners").addEventListener("click", () => this.#byHand());
    $("corners-use").addEventListener("click", () => this.#run("PUT", "/calibration/corners", { corners: this.#corners }));
    $("corners-back").addEventListener("click", () => { this.#leaveCorners(); this.#show(); });
    $("calibrate-forget").addEventListener("click", async () => { await this.order("DELETE", "/calibration"); setTimeout(() => this.#ask(), POLL_MS); });
    $("camera-turn").addEventListener("click", () => this.#mount({ turn_deg: (this.#camera.turn_deg + 90) % 360 }));
    $("camera-mirror").addEventListener("click", () => this.#mount({ mirrored: !this.#camera.mirrored }));
    $("camera-find").addEventListener("click", () => this.order("POST", "/camera/find"));
    $("upright-leave").addEventListener("click", () => this.order("DELETE", "/camera/found"));
    $("upright-turn").addEventListener("click", async () => {
      const { turn_deg, mirrored } = this.#status.upright;
      this.#showCamera(await this.order("PUT", "/camera", { turn_deg, mirrored }));
    });
    this.view.start();
    for (const [index, handle] of [...$("corner-handles").children].entries()) this.#handle(handle, index);
  }

  /** With every status of the box. */
  follow(status) {
    this.#status = status;
    this.#suggest(status.upright);
    this.view.follow(status);
    this.#showNow(status.programme);
    const { watch, calibrated } = status.programme ?? {};
    if (watch?.geometry !== "moved") this.#moved = 0;
    else if (!this.#moved) this.#moved = performance.now();
    $("alarm").hidden = !this.#moved || performance.now() - this.#moved < ALARM_MS;
    const measured = (word, value, digits, unit) => (value === null ? "" : `${t(word)} ${value.toFixed(digits)}${unit}`);
    const shift = watch?.shift_px === null || !watch ? "" : ` (${watch.shift_px.toFixed(2)} px)`;
    $("calibrated").textContent = calibrated
      ? [t(`source_is_${calibrated.source}`), measured("error", calibrated.rms_px, 2, " px"), measured("angle", calibrated.angle_deg, 0, "°"),
        watch ? t(`geometry_${watch.geometry}`) + shift : ""].filter(Boolean).join(" · ")
      : t("not_calibrated");
  }

  /** How far camera and calibration are apart at this moment. */
  #showNow(programme) {
    const { watch, calibrated } = programme ?? {};
    const verdict = !calibrated || !watch ? "" : watch.verdict;
    $("calibrate-now").dataset.verdict = verdict;
    $("calibrate-now-verdict").textContent = verdict ? t(`shift_${verdict}`) : t("not_calibrated");
    const px = (value) => `${value.toFixed(2)} px`;
    const shift = !verdict || watch.shift_px === null ? "" : `${t("shift")} ${px(watch.shift_px)}${watch.shift_std_px === null ? "" : ` ± ${px(watch.shift_std_px)}`}`;
    $("calibrate-now-shift").textContent = [shift, verdict ? t(`geometry_${watch.geometry}`) : ""].filter(Boolean).join(" · ");
  }

  /** The camera seems to hang otherwise than it is set: said, and turned only on a click. */
  #suggest(found) {
    const isOther = found?.state === "found";
    $("upright-bar").hidden = !isOther;
    const how = isOther ? [found.turn_deg ? `${found.turn_deg}°` : "", found.mirrored ? t("mirror") : ""].filter(Boolean).join(", ") || t("upright_plain") : "";
    $("upright-said").textContent = isOther ? `${t(`upright_by_${found.witness}`)} ${t("upright_as")} ${how}` : "";
    $("camera-found").textContent = found ? (isOther ? $("upright-said").textContent : t(`upright_${found.state}`)) : "";
    $("camera-find").disabled = found?.state === "looking";
  }

  async #open() {
    this.#leaveCorners();
    $("calibrate-dialog").showModal();
    this.#showCamera(await this.order("GET", "/camera"));
    await this.#ask();
  }

  async #mount(change) {
    if (!this.#camera) return;
    const { turn_deg, mirrored } = { ...this.#camera, ...change };
    this.#showCamera(await this.order("PUT", "/camera", { turn_deg, mirrored }));
    setTimeout(() => this.#ask(), POLL_MS);
  }

  #showCamera(camera) {
    this.#camera = camera ?? this.#camera;
    if (!this.#camera) return;
    $("camera-turned").textContent = this.#camera.turn_deg ? `(${this.#camera.turn_deg}°)` : "";
    $("camera-mirror").setAttribute("aria-pressed", String(this.#camera.mirrored));
  }

  async #ask() {
    this.#news = await this.order("GET", "/calibration") ?? this.#news;
    await this.#show();
  }

  async #run(method, path, body) {
    const begun = await this.order(method, path, body);
    if (!begun) return;
    this.#leaveCorners();
    this.#news = begun;
    await this.#show();
    while (this.#news?.state === "running" && $("calibrate-dialog").open) {
      await new Promise((done) => setTimeout(done, POLL_MS));
      await this.#ask();
    }
  }

  async #show() {
    const news = this.#news;
    const isRunning = news?.state === "running";
    const isByHand = this.#corners !== null;
    $("calibrate-ways").hidden = isRunning || isByHand;
    $("corner-stage").hidden = !isByHand;
    $("calibrate-running").hidden = !isRunning || isByHand;
    $("calibrate-result").hidden = isRunning || isByHand || !news || news.state === "none";
    if (!news || isByHand) return;
    $("calibrate-step").textContent = news.step || t("step_begin");
    const { views, points, residual_px: residual } = news.progress ?? {};
    $("calibrate-progress").textContent = [
      views ? `${views} ${t("views")}` : "", Number.isInteger(points) ? `${points} ${t("points")}` : "",
      Number.isFinite(residual) ? `${t("residual")} ${residual.toFixed(2)} px` : "",
    ].filter(Boolean).join(" · ");
    $("calibrate-verdict").textContent = t(`calibration_${news.state}`);
    $("calibrate-result").dataset.state = news.state;
    $("calibrate-reason").textContent = news.reason;
    const report = news.report;
    $("calibrate-figures").textContent = report ? `${t("error")} ${report.rms_px.toFixed(2)} px · ${report.points}/${report.points_of} ${t("points")} · ${t("angle")} ${report.angle_deg.toFixed(0)}°` : "";
    $("calibrate-findings").replaceChildren(...(report?.findings ?? []).map((finding) => {
      const li = document.createElement("li");
      li.dataset.verdict = finding.verdict;
      li.textContent = [finding.text, finding.mend].filter(Boolean).join(": ");
      return li;
    }));
    const picture = $("calibrate-picture");
    picture.hidden = !news.has_picture || isRunning;
    if (!picture.hidden) picture.src = await this.#picture("/calibration/picture");
  }

  async #byHand() {
    $("corner-none").hidden = true;
    this.#corners = structuredClone(START);
    await this.#show();
    try {
      await this.view.open(this.#corners, this.#status);
    } catch (error) {
      $("corner-none").hidden = false;
      $("corner-none").textContent = error.message || t("no_camera_picture");
    }
  }

  #leaveCorners() {
    this.#corners = null;
    this.view.close();
  }

  async #picture(path) {
    const address = await this.api.picture(path);
    this.#pictures.push(address);
    while (this.#pictures.length > 2) URL.revokeObjectURL(this.#pictures.shift());
    return address;
  }

  #handle(handle, index) {
    const share = (value) => Math.round(Math.min(1, Math.max(0, value)) * 1e4) / 1e4;
    handle.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      handle.setPointerCapture(event.pointerId);
      handle.focus();
      this.#held = index;
    });
    handle.addEventListener("pointermove", (event) => {
      if (this.#held !== index) return;
      const box = $("corner-handles").getBoundingClientRect();
      this.#corners[index] = [share((event.clientX - box.left) / box.width), share((event.clientY - box.top) / box.height)];
      this.view.place(this.#corners);
    });
    for (const name of ["pointerup", "pointercancel"]) handle.addEventListener(name, () => { this.#held = -1; });
    handle.addEventListener("keydown", (event) => {
      const by = event.shiftKey ? 0.02 : 0.001;
      const step = { ArrowLeft: [-by, 0], ArrowRight: [by, 0], ArrowUp: [0, -by], ArrowDown: [0, by] }[event.key];
      if (!step) return;
      event.preventDefault();
      this.#corners[index] = this.#corners[index].map((value, axis) => share(value + step[axis]));
      this.view.place(this.#corners);
    });
  }
}
