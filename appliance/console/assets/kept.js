// A viewer's access, kept by this browser: a classroom's screen finds its lesson after a restart, without its link.
// Only what watches and no more is kept, which the box is asked first; never an assistant's or a presenter's.
import { Api } from "./box.js";

const PLACE = "watch.kept";
const SESSION = ["watch.token", "watch.name"]; // as takeAccess keeps them for a tab

/** What the link gave, else what was kept. */
export const accessOf = (given) => (given.token ? given : stored() ?? given);

/** Keeps an access if it is a viewer's, in place of the one before. */
export async function keep({ token, name }) {
  const { role } = await new Api(token).call("GET", "/access").catch(() => ({ role: "" }));
  if (role !== "viewer") return;
  try { localStorage.setItem(PLACE, JSON.stringify({ token, name })); } catch { /* storage is refused: for this tab only */ }
}

/** Has the box itself ended this access? What a proxy refuses, or nobody answers, may work again. */
export async function isRevoked(token) {
  try {
    const answer = await fetch("/api/v1/access", { headers: { Authorization: `Bearer ${token}` }, signal: AbortSignal.timeout(10_000) });
    return answer.status === 401 && /\binvalid_token\b/.test(answer.headers.get("WWW-Authenticate") ?? "");
  } catch {
    return false;
  }
}

/** The tab's access goes, and the kept one if it is this; without a token: whatever is kept. */
export function forget(token = stored()?.token) {
  try {
    for (const place of SESSION) sessionStorage.removeItem(place);
    if (stored()?.token === token) localStorage.removeItem(PLACE);
  } catch { /* storage is refused: nothing was kept */ }
}

function stored() {
  try {
    const kept = JSON.parse(localStorage.getItem(PLACE));
    return typeof kept?.token === "string" && kept.token ? { token: kept.token, name: String(kept.name ?? "") } : null;
  } catch {
    return null;
  }
}
