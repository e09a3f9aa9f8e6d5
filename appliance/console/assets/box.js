// The way to the box: the token of the link, the REST API, the stream of its status.

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

  async call(method, path, body) {
    let answer;
    try {
      answer = await fetch(`/api/v1${path}`, {
        method,
        headers: { Authorization: `Bearer ${this.token}`, ...(body && { "Content-Type": "application/json" }) },
        body: body && JSON.stringify(body),
        signal: AbortSignal.timeout(10_000),
      });
    } catch {
      throw new Refusal(0, "");
    }
    if (!answer.ok) throw new Refusal(answer.status, (await answer.json().catch(() => ({}))).detail ?? "");
    return answer.status === 204 ? null : answer.json();
  }

  /** Calls onStatus for every change, for ever; onAway when the box cannot be reached. Ends on a wrong token. */
  async follow(onStatus, onAway) {
    for (let attempt = 0; ; attempt++) {
      try {
        await this.#stream((status) => { attempt = 0; onStatus(status); });
      } catch (error) {
        if (error instanceof Refusal && [401, 403].includes(error.status)) throw error;
      }
      onAway();
      await pause(attempt);
    }
  }

  async #stream(onStatus) {
    // EventSource cannot send the token; a stream read by hand can.
    const answer = await fetch("/api/v1/events", { headers: { Authorization: `Bearer ${this.token}` } });
    if (!answer.ok) throw new Refusal(answer.status, "");
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      text += value;
      const parts = text.split("\n\n");
      text = parts.pop();
      for (const part of parts) {
        const data = part.split("\n").find((line) => line.startsWith("data: "));
        if (data) onStatus(JSON.parse(data.slice(6)));
      }
    }
  }
}

/** Longer with every attempt, and never the same for all: a box that returns is not run over. */
export function pause(attempt) {
  const most = Math.min(12_000, 500 * 2 ** attempt);
  return new Promise((done) => setTimeout(done, most * (0.5 + Math.random() / 2)));
}
