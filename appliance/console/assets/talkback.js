// Talk-back in the console: who asks to speak, whose turn it is, their voice, heard here, and their camera.
import { GuestCamera } from "./guest_camera.js";
import { onLanguage, t } from "./words.js";
import { Player } from "./whep.js";

const $ = (id) => document.getElementById(id);
const QUIET_DBFS = -60;

export class Talkback {
  #status = null;
  #player = null;
  #asking = new Map(); // rows by viewer: a button must not vanish under a finger

  constructor(token, programme, { order }) {
    Object.assign(this, { token, programme, order, camera: new GuestCamera(token, { order }) });
    onLanguage(() => { this.#asking.clear(); this.#draw(); });
  }

  start() {
    $("talk-stop").addEventListener("click", () => this.order("DELETE", "/talk"));
    $("talk-mute").addEventListener("click", () => this.order("PATCH", "/talk", { is_muted: !this.#status.talk.is_muted }));
    $("talk-in-programme").addEventListener("change", (event) => this.order("PATCH", "/talk", { in_programme: event.target.checked }));
    $("talk-here").addEventListener("change", () => this.#hear());
    this.camera.start();
  }

  follow(status) {
    this.#status = status;
    this.#draw();
    this.#hear();
    this.camera.follow(status.talk);
  }

  #draw() {
    if (!this.#status) return;
    const { talk, viewers } = this.#status;
    this.#drawAsking(viewers.filter((viewer) => viewer.talk === "asking"));
    $("talk-turn").hidden = talk === null;
    $("talk-bar").hidden = talk === null && this.#asking.size === 0;
    if (!talk) return;
    const name = talk.name || t("unnamed");
    say("talk-who", `${name} · ${t(talk.is_muted ? "talk_is_muted" : talk.state === "speaking" ? "talk_is_speaking" : "talk_is_let_in")}`);
    $("talk-level").value = talk.level_dbfs === null ? 0 : Math.max(0, 1 - talk.level_dbfs / QUIET_DBFS);
    if (document.activeElement !== $("talk-in-programme")) $("talk-in-programme").checked = talk.in_programme;
    $("talk-mute").setAttribute("aria-pressed", String(talk.is_muted));
  }

  #drawAsking(viewers) {
    const rows = new Map(viewers.map((viewer) => [viewer.viewer_id, this.#asking.get(viewer.viewer_id) ?? this.#row(viewer)]));
    for (const viewer of viewers) {
      const text = `${viewer.name || t("unnamed")} ${t("talk_asks")}`;
      const who = rows.get(viewer.viewer_id).firstChild;
      if (who.textContent !== text) who.textContent = text;
    }
    const wanted = [...rows.values()];
    if (wanted.length !== $("talk-asking").children.length || wanted.some((li, at) => $("talk-asking").children[at] !== li)) $("talk-asking").replaceChildren(...wanted);
    this.#asking = rows;
  }

  #row({ viewer_id: id }) {
    const li = document.createElement("li");
    const act = (key, name, press) => {
      const button = Object.assign(document.createElement("button"), { type: "button", className: name, textContent: t(key) });
      button.addEventListener("click", press);
      return button;
    };
    li.append(
      Object.assign(document.createElement("strong"), { className: "who" }),
      act("talk_let_in", "strong", () => this.order("PUT", "/talk", { viewer_id: id })),
      act("talk_decline", "", () => this.order("DELETE", `/viewers/${encodeURIComponent(id)}/ask`)),
    );
    return li;
  }

  /** The voice in this room, from the moment that somebody is let in. */
  #hear() {
    const talk = this.#status?.talk ?? null;
    const wanted = talk !== null && $("talk-here").checked;
    if (wanted && !this.#player) {
      this.#player = new Player($("voice"), { token: this.token, name: "console", hear: "voice", onState: () => $("voice").play().catch(() => {}) });
      this.#player.play();
    } else if (!wanted && this.#player) {
      this.#player.stop();
      this.#player = null;
      $("voice").srcObject = null;
    }
    // Once, not twice: the programme's preview has it too.
    $("voice").muted = Boolean(talk?.in_programme) && !this.programme.muted;
  }
}

function say(id, text) { if ($(id).textContent !== text) $(id).textContent = text; }
