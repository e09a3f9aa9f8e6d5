// The worst mattes of a recording, side by side with what the camera saw. Pictures are fetched as they come into
// sight; closed, the page forgets them.
import { onPage } from "./log.js";
import { t } from "./words.js";

const $ = (id) => document.getElementById(id);
const AHEAD = "400px";
const GRADES = [[0.25, "worst_very_bad"], [0.5, "worst_bad"], [0.75, "worst_fair"], [Infinity, "worst_good"]];

export class WorstMattes {
  #round = 0; // grows with every opening and closing: what was asked for before comes too late
  #addresses = [];
  #sight = null;

  constructor(api) { this.api = api; }

  start() {
    $("worst-close").addEventListener("click", () => $("worst-dialog").close());
    $("worst-dialog").addEventListener("close", () => this.#forget());
    $("worst-cut").addEventListener("change", () => $("worst-list").classList.toggle("cut", $("worst-cut").checked));
  }

  /** one: of the list of recordings. title: what a person calls it. */
  async show(one, title) {
    const round = ++this.#round;
    $("worst-title").textContent = `${t("worst")} · ${title}`;
    this.#say("");
    $("worst-dialog").showModal();
    try {
      const { items } = await this.api.call("GET", `/recordings/${one.id}/worst`);
      if (round !== this.#round) return;
      this.#draw(one, items, round);
      if (items.length === 0) this.#say(t("worst_none"));
    } catch (error) {
      if (round === this.#round) this.#say(error.message || t("failed"));
    }
  }

  #draw(one, moments, round) {
    const rows = new Map(moments.map((moment) => [row(one, moment), moment]));
    $("worst-list").replaceChildren(...rows.keys());
    this.#sight = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        this.#sight.unobserve(target);
        this.#fill(target, `/recordings/${one.id}/worst`, rows.get(target), round);
      }
    }, { root: $("worst-list"), rootMargin: AHEAD });
    for (const li of rows.keys()) this.#sight.observe(li);
  }

  async #fill(li, place, moment, round) {
    const asked = [moment.camera, moment.alpha].map((name) => this.api.picture(`${place}/${name}`));
    const got = await Promise.allSettled(asked);
    const found = got.flatMap(({ value }) => value ?? []);
    if (round !== this.#round) { drop(found); return; }
    this.#addresses.push(...found);
    if (found.length < asked.length) { li.querySelector(".gone").textContent = t("worst_gone"); return; }
    const [camera, alpha] = found;
    const [saw, matte] = li.querySelectorAll("a");
    saw.href = saw.firstChild.src = camera;
    matte.href = matte.firstChild.src = alpha;
    matte.lastChild.src = camera;
    matte.lastChild.style.maskImage = `url(${alpha})`;
  }

  #say(text) { $("worst-said").textContent = text; }

  #forget() {
    this.#round += 1;
    this.#sight?.disconnect();
    $("worst-list").replaceChildren();
    drop(this.#addresses);
    this.#addresses = [];
  }
}

function drop(addresses) { for (const address of addresses) URL.revokeObjectURL(address); }

/** A moment without its pictures yet: what was when, the camera's picture, the matte and the cut-out. */
function row(one, moment) {
  const make = (tag, more) => Object.assign(document.createElement(tag), more);
  const when = clock(moment.taken_s - one.started_s);
  const said = [when, onPage(moment.page), `${grade(moment.score)} (${Math.round(moment.score * 100)} %)`].join(" · ");
  const picture = (key, className) => make("img", { className, alt: `${t(key)}, ${when}` });
  const link = () => make("a", { target: "_blank", rel: "noopener", title: t("worst_open") });
  const [saw, matte] = [link(), link()];
  saw.append(picture("behind_camera", "camera"));
  matte.append(picture("behind_matte", "alpha"), picture("worst_cut", "cut-out"));
  const li = make("li", {});
  li.append(make("p", { textContent: said }), saw, matte, make("p", { className: "hint gone" }));
  return li;
}

const grade = (score) => t(GRADES.find(([below]) => score < below)[1]);

/** Seconds as 1:02:03, or 2:03. */
function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return `${hours ? `${hours}:${two(minutes)}` : minutes}:${two(whole % 60)}`;
}
