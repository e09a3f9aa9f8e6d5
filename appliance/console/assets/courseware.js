// The courseware drawer: drop, progress, search, open, rename, order, delete; and the strip of pages.
import { FilmTransport } from "./film.js";
import { makeMovable } from "./moving.js";
import { chosenLanguage, t } from "./words.js";

const $ = (id) => document.getElementById(id);
const THUMBNAIL_MS = 1000;
const THUMBNAIL_TRIES = 60;

export class CoursewareDrawer {
  #revision = -1;
  #openId = "";
  #shelf = "";
  #items = [];
  #mostBytes = Infinity;
  #pictures = new Map(); // "id/index": address of a thumbnail
  #stripKey = "";
  #isAsking = false;

  constructor(api, { order, toast, goTo }) { Object.assign(this, { api, order, toast, goTo, film: new FilmTransport({ order }) }); }

  start() {
    this.film.start();
    $("upload").addEventListener("click", () => $("file").click());
    $("file").addEventListener("change", () => { this.#send([...$("file").files]); $("file").value = ""; });
    $("search").addEventListener("input", () => this.#draw());
    $("courseware").addEventListener("change", () => this.order("PUT", "/courseware", { name: $("courseware").value }));
    $("courseware").addEventListener("pointerdown", () => this.refresh());
    // Anywhere on the page: a file that misses the zone must not replace the console.
    addEventListener("dragover", (event) => {
      if (!event.dataTransfer.types.includes("Files")) return; // a row of the list is on its way
      event.preventDefault();
      $("drop").classList.add("over");
    });
    addEventListener("dragleave", (event) => { if (!event.relatedTarget) $("drop").classList.remove("over"); });
    addEventListener("drop", (event) => {
      event.preventDefault();
      if (!event.dataTransfer.files.length) return;
      $("drop").classList.remove("over");
      this.#send([...event.dataTransfer.files]);
    });
  }

  /** With every status of the box. */
  follow(status) {
    const isNew = status.library_revision !== this.#revision || status.open_id !== this.#openId || status.courseware !== this.#shelf;
    [this.#revision, this.#openId, this.#shelf] = [status.library_revision, status.open_id, status.courseware];
    if (isNew) this.refresh();
    this.#showStrip(status);
    this.film.follow(status);
  }

  async refresh() {
    if (this.#isAsking) { this.#revision = -1; return; } // asked again with the next status
    this.#isAsking = true;
    const answer = await this.order("GET", `/courseware?lang=${chosenLanguage()}`);
    this.#isAsking = false;
    if (!answer) return;
    this.#items = answer.items;
    this.#mostBytes = answer.max_file_bytes;
    const options = answer.available.map((name) => new Option(name === "demo" ? t("demo") : name, name));
    $("courseware").replaceChildren(new Option("–", ""), ...options);
    $("courseware").value = answer.open_id ? "" : answer.name;
    this.#draw();
  }

  async #send(files) {
    // A film before its captions, whatever the order of the hand that dropped both.
    for (const file of files.toSorted((one, other) => isVtt(one) - isVtt(other))) {
      if (isVtt(file)) { await this.#caption(file); continue; }
      if (file.size > this.#mostBytes) {
        this.toast(`${file.name}: ${t("file_too_large")} (${Math.round(this.#mostBytes / 1e6)} MB)`);
        continue;
      }
      $("progress").hidden = false;
      try {
        await this.api.upload(file, chosenLanguage(), (share) => { $("progress").value = share; });
      } catch (error) {
        this.toast(`${file.name}: ${error.detail || error.message || t("failed")}`);
      }
      $("progress").hidden = true;
    }
  }

  /** Captions to the newest video of the same name, as soon as that was prepared. */
  async #caption(file) {
    const stem = (name) => name.replace(/\.[^.]*$/, "").toLowerCase();
    for (let attempt = 0; attempt < 60; attempt++) {
      const answer = await this.order("GET", `/courseware?lang=${chosenLanguage()}`);
      const item = answer?.items.find((known) => stem(known.name) === stem(file.name));
      if (item?.state === "preparing") { await new Promise((done) => setTimeout(done, 1000)); continue; }
      if (!item) break;
      try {
        await this.api.send("PUT", `/courseware/${item.id}/captions?lang=${chosenLanguage()}`, "text/vtt", file);
        this.toast(`${item.name}: ${t("captions_added")}`);
      } catch (error) {
        this.toast(`${file.name}: ${error.detail || error.message || t("failed")}`);
      }
      return;
    }
    this.toast(`${file.name}: ${t("captions_no_video")}`);
  }

  #draw() {
    const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = this.#items.filter((item) => words.every((word) => item.name.toLowerCase().includes(word)));
    $("no-items").hidden = this.#items.length > 0;
    // Not under somebody's finger: a button keeps the focus over a redraw.
    const focused = document.activeElement?.dataset?.key;
    $("library").replaceChildren(...found.map((item) => this.#row(item)));
    if (focused) document.querySelector(`[data-key="${focused}"]`)?.focus();
  }

  #row(item) {
    const li = document.createElement("li");
    li.className = item.is_open ? "opened" : "";
    makeMovable(li, item, this.#items, (place) => this.order("PATCH", `/courseware/${item.id}`, { place }));
    const cover = document.createElement("img");
    cover.alt = "";
    cover.draggable = false; // the row is what is dragged
    if (item.drawn > 0) this.#thumbnail(item.id, 0).then((address) => { if (address) cover.src = address; });
    const what = document.createElement("div");
    what.className = "what";
    const detail = document.createElement("span");
    detail.textContent = item.state === "refused" ? item.problem : item.state === "preparing" ? `${t("preparing")}…`
      : item.kind === "film" ? [t("film_unit"), item.captions ? `${item.captions} ${t("captions_unit")}` : ""].filter(Boolean).join(" · ") : `${item.pages} ${t("pages_unit")}`;
    detail.className = item.state;
    what.append(item.name, detail, this.#buttons(item));
    li.append(cover, what);
    return li;
  }

  #buttons(item) {
    const row = document.createElement("div");
    row.className = "acts";
    const button = (key, act) => {
      const made = document.createElement("button");
      made.type = "button";
      made.textContent = t(key);
      made.dataset.key = `${key}-${item.id}`;
      made.setAttribute("aria-label", `${t(key)}: ${item.name}`);
      made.addEventListener("click", act);
      row.append(made);
      return made;
    };
    const place = this.#items.indexOf(item);
    if (item.state === "ready") {
      const open = button(item.is_open ? "opened" : "open", () => this.order("POST", `/courseware/${item.id}/open?lang=${chosenLanguage()}`));
      open.classList.toggle("strong", !item.is_open);
    }
    if (place > 0) button("move_up", () => this.order("PATCH", `/courseware/${item.id}`, { place: place - 1 }));
    button("rename", () => {
      const name = prompt(t("rename"), item.name);
      if (name?.trim()) this.order("PATCH", `/courseware/${item.id}`, { name });
    });
    if (item.captions > 0) button("captions_remove", () => this.order("DELETE", `/courseware/${item.id}/captions`));
    button("delete", () => { if (confirm(`${t("delete_sure")}\n${item.name}`)) this.order("DELETE", `/courseware/${item.id}`); });
    return row;
  }

  /** The pages of what is open: of the library, or of the box's own folder. */
  #showStrip(status) {
    const item = this.#items.find((known) => known.id === status.open_id);
    const pages = status.open_id ? item?.pages ?? 0 : status.page.count;
    const count = !status.is_screen && pages > 1 ? pages : 0;
    $("strip").hidden = count === 0;
    const place = status.open_id || `available/${encodeURIComponent(status.courseware)}`;
    const key = `${place}/${count}`;
    if (key !== this.#stripKey) {
      this.#stripKey = key;
      // A file of the folder may be replaced under its name; an upload never changes.
      for (const [known, address] of this.#pictures) {
        if (!known.startsWith("available/")) continue;
        URL.revokeObjectURL(address);
        this.#pictures.delete(known);
      }
      $("strip").replaceChildren(...Array.from({ length: count }, (_, index) => this.#page(place, index)));
    }
    for (const [index, li] of [...$("strip").children].entries()) {
      const isShown = index === status.page.index;
      if (isShown && li.firstChild.getAttribute("aria-current") !== "page") li.scrollIntoView({ block: "nearest", inline: "center" });
      li.firstChild.setAttribute("aria-current", isShown ? "page" : "false");
    }
  }

  #page(place, index) {
    const li = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = index + 1;
    button.setAttribute("aria-label", `${t("page")} ${index + 1}`);
    button.addEventListener("click", () => this.goTo(index));
    // Only what comes into sight is fetched: a lesson may have two thousand pages.
    let isInSight = false;
    new IntersectionObserver(async ([entry], observer) => {
      if (isInSight && entry.isIntersecting) return; // it is being asked for
      isInSight = entry.isIntersecting;
      // What is being drawn is asked for again while somebody looks at its place.
      for (let attempt = 0; isInSight && li.isConnected && attempt < THUMBNAIL_TRIES; attempt++) {
        const address = await this.#thumbnail(place, index);
        if (address) {
          observer.disconnect();
          button.style.backgroundImage = `url("${address}")`;
        }
        if (address !== null) return;
        await new Promise((done) => setTimeout(done, THUMBNAIL_MS));
      }
    }).observe(li);
    li.append(button);
    return li;
  }

  /** Its address; "" where there is none: its number stands there; null while it is being drawn. */
  async #thumbnail(place, index) {
    const key = `${place}/${index}`;
    if (!this.#pictures.has(key)) {
      try {
        this.#pictures.set(key, await this.api.picture(`/courseware/${place}/pages/${index}/thumbnail`));
      } catch (error) {
        return error.status === 503 ? null : "";
      }
    }
    return this.#pictures.get(key);
  }
}

const isVtt = (file) => /\.vtt$/i.test(file.name);
