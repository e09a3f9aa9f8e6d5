// The way to the box: the token of the link, the REST API, the stream of its status.

import { chosenLanguage } from "./words.js";

const SILENT_MS = 20_000; // the stream of the status says at least every 15 s that it is there

/** Takes token and name out of the link's fragment and the address bar, and keeps them for this tab. */
export function takeAccess(page) {
  const given = new URLSearchParams(location.hash.slice(1));
  const keep = (key) => {
    const place = `${page}.${key}`;
    try {
      if (given.has(key)) sessionStorage.setItem(place, given.get(key));
      return sessionStorage.getItem(place) ?? "";
    } catch {
      return given.get(key) ?? ""; // storage is refused: until the page is reloaded
    }
  };
  const access = { token: keep("token"), name: keep("name") };
  if (location.hash) history.replaceState(null, "", location.pathname);
  return access;
}

/** What the box refused, or could not be asked: status 0. */
export class Refusal extends Error {
  constructor(status, detail) { super(detail); this.status = status; }
}

export class Api {
  constructor(token) { this.token = token; }

  call(method, path, body, most_ms) { return this.send(method, path, "application/json", body && JSON.stringify(body), most_ms); }

  /** body: text or a file of this type; nothing where there is none. most_ms: to wait for the answer. */
  async send(method, path, type, body, most_ms = 10_000) {
    let answer;
    try {
      answer = await fetch(`/api/v1${path}`, {
        method,
        headers: { ...this.#headers(), ...(body && { "Content-Type": type }) },
        body,
        signal: AbortSignal.timeout(most_ms),
      });
    } catch {
      throw new Refusal(0, "");
    }
    if (!answer.ok) throw new Refusal(answer.status, (await answer.json().catch(() => ({}))).detail ?? "");
    return answer.status === 204 ? null : answer.json();
  }

  /** What the box refuses is said in the language of the page, not of the browser. */
  #headers() { return { Authorization: `Bearer ${this.token}`, "Accept-Language": chosenLanguage() }; }

  /** A picture as an address for <img>, which cannot send the token itself. Raises Refusal. */
  async picture(path) {
    // What the browser says of a box that is away is in its own language, not in the page's.
    const answer = await fetch(`/api/v1${path}`, { headers: this.#headers() }).catch(() => { throw new Refusal(0, ""); });
    if (!answer.ok) throw new Refusal(answer.status, (await answer.json().catch(() => ({}))).detail ?? "");
    return URL.createObjectURL(await answer.blob());
  }

  /** A file of the box to the browser's downloads. Raises Refusal. */
  async download(path, name) {
    const link = document.createElement("a");
    link.href = await this.picture(path);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }

  /** Sends a file; onShare is told how much of it has gone, 0 to 1. Raises Refusal. */
  upload(file, language, onShare) {
    return new Promise((done, fail) => {
      const request = new XMLHttpRequest(); // fetch cannot tell how far it is
      request.open("POST", `/api/v1/courseware?name=${encodeURIComponent(file.name.slice(-200))}&lang=${language}`);
      request.setRequestHeader("Authorization", `Bearer ${this.token}`);
      request.setRequestHeader("Content-Type", "application/octet-stream");
      request.responseType = "json";
      request.upload.addEventListener("progress", (event) => onShare(event.loaded / event.total));
      request.addEventListener("load", () => {
        if (request.status === 201) done(request.response);
        else fail(new Refusal(request.status, request.response?.detail ?? ""));
      });
      request.addEventListener("error", () => fail(new Refusal(0, "")));
      request.send(file);
    });
  }

  /** Calls onStatus for every change, for ever; onLevels, where path asks for them, some five times a second with
      how loud it is; onAway when the box cannot be reached. Ends on a wrong token. */
  async follow(onStatus, onAway, path = "/events", onLevels = () => {}) {
    for (let attempt = 0; ; attempt++) {
      try {
        await this.#stream(path, (status) => { attempt = 0; onStatus(status); }, onLevels);
      } catch (error) {
        if (error instanceof Refusal && [401, 403].includes(error.status)) throw error;
      }
      onAway();
      await pause(attempt);
    }
  }

  async #stream(path, onStatus, onLevels) {
    // A line that is cut without a word ends no stream: what was told last would stand as if it were so.
    const silence = new AbortController();
    let timer = 0;
    const heard = () => { clearTimeout(timer); timer = setTimeout(() => silence.abort(), SILENT_MS); };
    heard();
    try {
      // EventSource cannot send the token; a stream read by hand can.
      const answer = await fetch(`/api/v1${path}`, { headers: { Authorization: `Bearer ${this.token}` }, signal: silence.signal });
      if (!answer.ok) throw new Refusal(answer.status, "");
      for await (const { name, data } of namedEvents(answer, heard)) (name === "levels" ? onLevels : onStatus)(data);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The data of a stream of server-sent events, as they come. onHeard: for all that arrives, heartbeats too. */
export async function* events(answer, onHeard = () => {}) {
  for await (const { data } of namedEvents(answer, onHeard)) yield data;
}


async function* namedEvents(answer, onHeard) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    onHeard();
    text += value;
    const parts = text.split("\n\n");
    text = parts.pop();
    for (const part of parts) {
      const field = (key) => part.split("\n").find((line) => line.startsWith(key))?.slice(key.length);
      const data = field("data: ");
      if (data) yield { name: field("event: "), data: JSON.parse(data) };
    }
  }
}

/** Longer with every attempt, and never the same for all: a box that returns is not run over. */
export function pause(attempt) {
  const most = Math.min(12_000, 500 * 2 ** attempt);
  return new Promise((done) => setTimeout(done, most * (0.5 + Math.random() / 2)));
}
