// A stream of messages of any length, as the box sends sheets and a room's small picture.

const MOST_BYTES = 64_000_000; // what no box sends: the stream is not what it should be

/** Bytes in the lengths asked for, out of a stream that comes in pieces of any length. */
export class Pieces {
  #reader;
  #onPiece;
  #piece = new Uint8Array(0);

  constructor(reader, onPiece) { this.#reader = reader; this.#onPiece = onPiece; }

  async take(length) {
    if (length > MOST_BYTES) throw new Error("not a stream of the box");
    const whole = new Uint8Array(length);
    for (let filled = 0; filled < length;) {
      if (!this.#piece.length) {
        const { value, done } = await this.#reader.read();
        if (done) throw new Error("the stream ended");
        this.#piece = value;
        this.#onPiece();
      }
      const part = this.#piece.subarray(0, length - filled);
      whole.set(part, filled);
      filled += part.length;
      this.#piece = this.#piece.subarray(part.length);
    }
    return whole;
  }
}
