// What a connection with the box needs before its offer: the servers that find a way, and the addresses they lend.

const GATHER_MS = 1500;

/** STUN and TURN servers of the box, as it tells them where offers are posted; none where it cannot be asked. */
export async function iceServers(address, token) {
  try {
    const answer = await fetch(address, {
      method: "OPTIONS",
      headers: { Authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(5_000),
    });
    return serversOf(answer.headers.get("Link") ?? "");
  } catch {
    return []; // the offer will tell what is wrong
  }
}

/** The offer has all its addresses, or as many as came in time: a dead network interface may hold this up. */
export function gathered(peer) {
  if (peer.iceGatheringState === "complete") return Promise.resolve();
  return new Promise((done) => {
    setTimeout(done, GATHER_MS);
    peer.addEventListener("icegatheringstatechange", () => { if (peer.iceGatheringState === "complete") done(); });
  });
}

/** The servers in a Link header (RFC 9725 section 4.6). */
function serversOf(header) {
  const servers = [];
  for (const [, urls, rest] of header.matchAll(/<([^>]+)>((?:\s*;\s*[\w-]+="[^"]*")*)/g)) {
    const found = Object.fromEntries([...rest.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, key, value]) => [key, value]));
    if (found.rel !== "ice-server") continue;
    servers.push(found.username ? { urls, username: found.username, credential: found.credential } : { urls });
  }
  return servers;
}
