// Rooms of the console: who watches and how well, their links, layers and signals.
import { onLanguage, t } from "./words.js";

const $ = (id) => document.getElementById(id);
const MOODS = { connected: "good", connecting: "wait", disconnected: "bad", closed: "bad" };
const LAYERS = ["teacher", "444", "420", "low", "sound"];

export class Rooms {
  #rooms = [];
  #revision = -1;
  #status = null;
  #rows = new Map(); // by room or viewer: a button must not vanish under a finger
  #open = null;

  constructor(api, { order, copy }) {
    Object.assign(this, { api, order, copy });
    onLanguage(() => this.#rows.clear());
  }

  start() {
    $("room-form").addEventListener("submit", async (event) => {
      event.preventDefault();
      const name = $("room-name").value.trim();
      if (!name) return;
      const room = await this.order("POST", "/rooms", { name });
      if (!room) return;
      $("room-name").value = "";
      await this.#refresh();
      this.#show(room);
    });
    $("room-close").addEventListener("click", () => $("room-dialog").close());
    $("room-copy").addEventListener("click", () => this.copy("room-link"));
    $("room-remove").addEventListener("click", () => this.#remove(this.#open));
  }

  /** With every status of the box. */
  follow(status) {
    if (status.rooms_revision !== this.#revision) {
      this.#revision = status.rooms_revision;
      this.#refresh().then(() => this.#draw(status));
    }
    this.#status = status;
    this.#draw(status);
  }

  async #refresh() { this.#rooms = await this.order("GET", "/rooms") ?? this.#rooms; }

  #draw(status) {
    const { viewers } = status;
    $("viewer-count").textContent = viewers.length;
    const entries = [];
    for (const room of this.#rooms) {
      const here = viewers.filter((viewer) => viewer.room_id === room.id);
      if (here.length === 0) entries.push([room.id, room, null]);
      for (const viewer of here) entries.push([viewer.viewer_id, room, viewer]);
    }
    const known = new Set(this.#rooms.map((room) => room.id));
    for (const viewer of viewers) if (!known.has(viewer.room_id)) entries.push([viewer.viewer_id, null, viewer]);
    $("no-viewers").hidden = entries.length > 0;
    const rows = new Map();
    for (const [key, room, viewer] of entries) {
      const row = this.#rows.get(key) ?? this.#row();
      this.#fill(row, room, viewer, status);
      rows.set(key, row);
    }
    const wanted = [...rows.values()].map((row) => row.li);
    if (wanted.length !== $("viewers").children.length || wanted.some((li, at) => $("viewers").children[at] !== li)) {
      $("viewers").replaceChildren(...wanted);
    }
    this.#rows = rows;
  }

  #row() {
    const make = (tag, name, text = "") => Object.assign(document.createElement(tag), { className: name, textContent: text });
    const row = {
      li: make("li", "room"), dot: make("span", "dot"), what: make("div", "what"), name: make("strong", ""),
      signal: make("button", "signal"), detail: make("span", "detail"), layer: make("select", "layer"),
      link: make("button", "", t("room_link")), remove: make("button", "", t("remove")), talk: make("button", ""),
      muteSound: make("button", "mute", t("mute_sound")), muteVoice: make("button", "mute", t("mute_voice")),
    };
    for (const button of [row.signal, row.link, row.remove, row.talk, row.muteSound, row.muteVoice]) button.type = "button";
    row.layer.append(new Option(t("layer_auto"), "auto"), ...LAYERS.map((layer) => new Option(t(`layer_${layer}`), layer)));
    row.layer.addEventListener("change", () => this.order("PUT", `/viewers/${encodeURIComponent(row.viewer.viewer_id)}/layer`, { layer: row.layer.value }));
    row.signal.addEventListener("click", () => this.order("DELETE", `/viewers/${encodeURIComponent(row.viewer.viewer_id)}/signal`));
    row.link.addEventListener("click", () => this.#show(row.room));
    row.remove.addEventListener("click", () => {
      if (row.room) this.#remove(row.room);
      else this.order("DELETE", `/viewers/${encodeURIComponent(row.viewer.viewer_id)}`);
    });
    row.talk.addEventListener("click", () => {
      if (["let_in", "speaking"].includes(row.viewer.talk)) this.order("DELETE", "/talk");
      else this.order("PUT", "/talk", { viewer_id: row.viewer.viewer_id });
    });
    row.muteSound.addEventListener("click", () => this.#mute(row, "sound"));
    row.muteVoice.addEventListener("click", () => this.#mute(row, "voice"));
    const acts = make("div", "acts");
    acts.append(row.layer, row.link, row.talk, row.muteSound, row.muteVoice, row.remove);
    row.what.append(row.name, row.signal, row.detail, acts);
    row.li.append(row.dot, row.what);
    return row;
  }

  #fill(row, room, viewer, status) {
    Object.assign(row, { room, viewer });
    const isConsole = viewer?.name === "console" && !room;
    const name = room?.name ?? (isConsole ? t("this_console") : viewer.name || t("unnamed"));
    set(row.name, name);
    row.dot.className = `dot ${viewer ? MOODS[viewer.state] ?? "" : ""}`;
    set(row.detail, viewer ? detail(viewer, room, status) : t("room_absent"));
    const signal = viewer?.signal;
    row.signal.hidden = !signal;
    row.signal.dataset.kind = signal?.kind ?? "";
    if (signal) {
      set(row.signal, `${t(signal.kind)} · ${new Date(signal.at_s * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })} ✓`);
      label(row.signal, `${name}: ${t(signal.kind)}. ${t("seen")}`);
    }
    row.layer.hidden = !viewer || isConsole;
    if (viewer) {
      for (const option of row.layer.options) option.disabled = option.value !== "auto" && !viewer.layers.includes(option.value);
      if (document.activeElement !== row.layer) row.layer.value = viewer.pinned ? viewer.layer : "auto";
      label(row.layer, `${t("layer_choice")}: ${name}`);
    }
    row.talk.hidden = !viewer || isConsole;
    set(row.talk, t(["let_in", "speaking"].includes(viewer?.talk) ? "talk_stop" : "talk_let_in"));
    label(row.talk, `${row.talk.textContent}: ${name}`);
    const mute = viewer?.mute ?? room?.mute;
    for (const [button, what] of [[row.muteSound, "sound"], [row.muteVoice, "voice"]]) {
      button.hidden = isConsole;
      button.setAttribute("aria-pressed", String(Boolean(mute?.[what])));
      label(button, `${t(`mute_${what}`)}: ${name}`);
    }
    row.link.hidden = !room;
    row.remove.hidden = isConsole;
    label(row.link, `${t("room_link")}: ${name}`);
    label(row.remove, `${t("remove")}: ${name}`);
  }

  async #mute(row, what) {
    const before = row.viewer?.mute ?? row.room.mute;
    const mute = { ...before, [what]: !before[what] };
    const place = row.room ? `/rooms/${row.room.id}` : `/viewers/${encodeURIComponent(row.viewer.viewer_id)}`;
    if (!await this.order("PUT", `${place}/mute`, mute) || !row.room) return;
    await this.#refresh();
    if (this.#status) this.#draw(this.#status);
  }

  async #show(room) {
    this.#open = room;
    $("room-title").textContent = room.name;
    // A link to "this machine" helps nobody else: the network's, if there is one.
    $("room-link").value = room.links.at(-1);
    $("room-qr").removeAttribute("src");
    $("room-qr").alt = `${t("qr")}: ${room.name}`;
    $("room-dialog").showModal();
    try {
      $("room-qr").src = await this.api.picture(`/rooms/${room.id}/qr`);
    } catch { /* the link above says the same */ }
  }

  async #remove(room) {
    if (!confirm(`${t("room_remove_sure")}\n${room.name}`)) return;
    if ($("room-dialog").open) $("room-dialog").close();
    await this.order("DELETE", `/rooms/${room.id}`);
  }
}

const set = (node, text) => { if (node.textContent !== text) node.textContent = text; };
const label = (node, text) => { if (node.getAttribute("aria-label") !== text) node.setAttribute("aria-label", text); };

/** The whole way: camera to sending, half a round trip, the viewer's buffer and decoder. */
function delay(viewer, status) {
  const onBox = status.programme?.capture_to_send_ms.p50;
  if (onBox === undefined || viewer.rtt_ms === null || viewer.play_delay_ms === null) return null;
  return Math.round((onBox + viewer.rtt_ms / 2 + viewer.play_delay_ms) / 10) * 10;
}

function detail(viewer, room, status) {
  const whole = delay(viewer, status);
  const first = viewer.opened_to_picture_ms ?? viewer.first_picture_ms;
  return [
    room || viewer.name === "console" ? "" : t("common_link"),
    t(viewer.state),
    t(`layer_${viewer.layer}`),
    `${t("loss")} ${(viewer.loss * 100).toFixed(viewer.loss >= 0.1 ? 0 : 1)} %`,
    whole === null ? "" : `${t("room_delay")} ${whole} ${t("ms")}`,
    viewer.freezes === null ? "" : `${t("freezes")} ${viewer.freezes}`,
    first === null ? t("layer_waits") : `${t("first_picture")} ${(first / 1000).toFixed(1)} ${t("seconds")}`,
  ].filter(Boolean).join(" · ");
}
