// The sheets of the lesson (the programme without the teacher) as they come from the box: a stream of messages,
// each a head in JSON and the PNG files that it names.

import { Pieces } from "./pieces.js";

const SILENT_MS = 12_000; // the box says every few seconds that it is there

/** Calls onSheet({number, base, moves, layout, bitmaps}) for each message, until the stream ends. Throws the status. */
export async function followSheets(place, token, signal, onSheet) {
  const quiet = new AbortController();
  const stop = () => quiet.abort();
  signal.addEventListener("abort", stop);
  let timer = setTimeout(stop, SILENT_MS);
  try {
    const answer = await fetch(`${place}/sheets`, { headers: { Authorization: `Bearer ${token}` }, signal: quiet.signal });
    if (!answer.ok) throw answer.status;
    const source = new Pieces(answer.body.getReader(), () => { clearTimeout(timer); timer = setTimeout(stop, SILENT_MS); });
    for (;;) {
      const length = new DataView((await source.take(4)).buffer).getUint32(0);
      const head = JSON.parse(new TextDecoder().decode(await source.take(length)));
      if (!("number" in head)) continue;
      const bitmaps = [];
      for (const [x, y, width, height, bytes] of head.patches) {
        bitmaps.push(decoded(await source.take(bytes)).then((bitmap) => ({ x, y, width, height, bitmap })));
      }
      onSheet({ ...head, bitmaps: await Promise.all(bitmaps) });
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    quiet.abort();
  }
}

/** The very codes of the PNG: neither alpha nor a colour profile may touch them. */
function decoded(png) {
  return createImageBitmap(new Blob([png], { type: "image/png" }), { colorSpaceConversion: "none", premultiplyAlpha: "none" });
}
