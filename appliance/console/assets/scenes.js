// Saved scenes: kept on the box, shown with a click or with the keys 1 to 9.
import { onLanguage, t } from "./words.js";

const $ = (id) => document.getElementById(id);

export class Scenes {
  #scenes = [];
  #revision = -1;

  constructor({ order }) {
    this.order = order;
    onLanguage(() => this.#draw());
  }

  start() {
    $("scene-form").addEventListener("submit", async (event) => {
      event.preventDefault();
      const name = $("scene-name").value.trim();
      if (name && await this.order("POST", "/scenes", { name })) $("scene-name").value = "";
    });
  }

  /** The nth of the list, from 0. */
  showNth(n) { if (this.#scenes[n]) this.#show(this.#scenes[n]); }

  async follow(status) {
    if (status.scenes_revision === this.#revision) return;
    this.#revision = status.scenes_revision;
    this.#scenes = await this.order("GET", "/scenes") ?? this.#scenes;
    this.#draw();
  }

  #show(saved) { this.order("POST", `/scenes/${saved.id}/show`); }

  #draw() {
    $("scenes").replaceChildren(...this.#scenes.map((saved, index) => {
      const li = document.createElement("li");
      const show = Object.assign(document.createElement("button"), { type: "button", className: "show", textContent: saved.name });
      if (index < 9) show.prepend(Object.assign(document.createElement("kbd"), { textContent: index + 1 }));
      show.addEventListener("click", () => this.#show(saved));
      const remove = Object.assign(document.createElement("button"), { type: "button", className: "quiet", textContent: "×" });
      remove.setAttribute("aria-label", `${t("delete")}: ${saved.name}`);
      remove.addEventListener("click", () => this.order("DELETE", `/scenes/${saved.id}`));
      li.append(show, remove);
      return li;
    }));
  }
}
