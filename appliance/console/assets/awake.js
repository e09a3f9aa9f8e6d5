// The screen of a classroom must not go dark. Needs https or this machine; elsewhere it is left out.
const AGAIN_MS = 1000;
const REFUSED_MS = 30_000; // an empty battery, for one

/** Holds the screen awake whenever the page is in sight, for ever. */
export function keepAwake() {
  if (!navigator.wakeLock) return;
  let lock = null;
  let isAsking = false;
  const ask = async () => {
    if (isAsking || document.visibilityState !== "visible" || (lock && !lock.released)) return;
    isAsking = true;
    try {
      lock = await navigator.wakeLock.request("screen");
      lock.addEventListener("release", () => setTimeout(ask, AGAIN_MS)); // hidden pages lose it, and others by chance
    } catch {
      setTimeout(ask, REFUSED_MS);
    }
    isAsking = false;
  };
  document.addEventListener("visibilitychange", ask);
  ask();
}
