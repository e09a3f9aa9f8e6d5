// Where the box is not up yet when a classroom's screen is switched on: a page that waits for it, not the browser's error.
// It keeps that page alone. Everything else comes from the box, every time.
const KEPT = "watch-waiting";
const PAGE = "/assets/waiting.html?waiting";
const PARTS = [PAGE, ...["waiting.js", "clock.js", "words-watch.js", "look.css", "watch.css", "icon.svg"].map((name) => `/assets/${name}?waiting`)];
const PATIENCE_MS = 8000; // a machine that is off does not even refuse
const OF_ALL = { ignoreVary: true }; // scripts come with an Origin, which the box might answer otherwise
const AWAY = new Set([502, 503, 504]); // a proxy without its box

addEventListener("install", (event) => { skipWaiting(); event.waitUntil(renew()); });
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  const { pathname, search } = new URL(event.request.url);
  if (event.request.mode === "navigate") event.respondWith(open(event, pathname + search));
  else if (search === "?waiting") event.respondWith(caches.match(event.request, OF_ALL).then((kept) => kept ?? fetch(event.request)));
});

async function open(event, address) {
  try {
    const answer = await fetch(address, { cache: "no-cache", signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!AWAY.has(answer.status)) {
      event.waitUntil(renew().catch(() => {})); // the one before stays
      return answer;
    }
  } catch { /* below: it waits */ }
  return (await caches.match(PAGE, OF_ALL)) ?? Response.error();
}

async function renew() {
  const kept = await caches.open(KEPT);
  await kept.addAll(PARTS.map((part) => new Request(part, { cache: "no-cache" })));
}
