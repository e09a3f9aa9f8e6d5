// The assistant's ink: the pad over the programme, in the layouts that show the page, and what is exported of it.
import { InkPad } from "./ink_pad.js";
import { pageBox } from "./place.js";
import { t } from "./words.js";

const $ = (id) => document.getElementById(id);

export class Ink {
  #scene = null;
  #pad;

  constructor(video, { order, api, toast }) {
    Object.assign(this, { video, api, toast });
    this.#pad = new InkPad(video, { order, tools: ["none", "pen", "marker", "laser", "spotlight"], box: () => pageBox(video, this.#scene) });
  }

  start() {
    this.#pad.start("none");
    for (const kind of ["png", "svg", "json"]) $(`ink-${kind}`).addEventListener("click", () => this.#save(kind));
    this.video.addEventListener("resize", () => this.#pad.fit());
  }

  /** With every status of the box. */
  follow(status) {
    this.#pad.page = status.page.index;
    const shows = ["aligned", "corner", "beside", "courseware"].includes(status.scene.layout);
    const isSame = this.#scene?.number === status.scene.number;
    this.#scene = status.scene;
    if (!isSame) this.#pad.fit();
    $("ink").classList.toggle("off", !shows);
    if (!shows && this.#pad.tool !== "none") this.#pad.choose("none");
    for (const button of $("ink-tools").children) button.disabled = !shows;
  }

  undo() { this.#pad.undo(); }

  /** The tool, or none when it is in the hand already. */
  toggle(tool) { if (!$("ink").classList.contains("off")) this.#pad.choose(this.#pad.tool === tool ? "none" : tool); }

  async #save(kind) {
    const page = this.#pad.page;
    try {
      const address = await this.api.picture(kind === "json" ? `/ink?page=${page}` : `/ink/page.${kind}`);
      Object.assign(document.createElement("a"), { href: address, download: `page-${page + 1}.${kind}` }).click();
      setTimeout(() => URL.revokeObjectURL(address), 10_000);
    } catch (error) {
      this.toast(error.message || t("failed"));
    }
  }
}
