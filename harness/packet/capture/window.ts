import { joinBytes } from "../join-bytes.js";

/**
 * The unread stretch of a file. A decoder looks at the bytes synchronously and says how many it
 * needs; only then is there anything asynchronous. That keeps the cost of a packet low, and what is
 * held in memory is never more than what a decoder asked for plus one chunk of the input.
 */
export class Window {
  /** Offset in the file of the first unread byte. */
  offset = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #view = new DataView(this.#bytes.buffer);
  #start = 0;
  readonly #chunks: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;

  constructor(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>) {
    this.#chunks = Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]();
  }

  get available(): number {
    return this.#bytes.length - this.#start;
  }

  u8(at: number): number {
    return this.#view.getUint8(this.#start + at);
  }

  u16(at: number, littleEndian: boolean): number {
    return this.#view.getUint16(this.#start + at, littleEndian);
  }

  u32(at: number, littleEndian: boolean): number {
    return this.#view.getUint32(this.#start + at, littleEndian);
  }

  /** A copy: it neither changes with the input's buffers nor keeps a whole chunk alive. */
  copy(from: number, to: number): Uint8Array {
    return this.#bytes.slice(this.#start + from, this.#start + to);
  }

  /** Marks the first bytes as read. */
  advance(count: number): void {
    this.#start += count;
    this.offset += count;
  }

  /** Reads on until so many bytes are available; false where the file ends first. */
  async fill(count: number): Promise<boolean> {
    const parts: Uint8Array[] = [];
    let total = this.available;
    while (total < count) {
      const { done, value } = await this.#chunks.next();
      if (done) break;
      parts.push(value);
      total += value.length;
    }
    if (parts.length > 0) this.#replace([this.#bytes.subarray(this.#start), ...parts]);
    return total >= count;
  }

  /** Passes over bytes without keeping them; false where the file ends first. */
  async skip(count: number): Promise<boolean> {
    let left = count;
    for (;;) {
      const now = Math.min(left, this.available);
      this.advance(now);
      left -= now;
      if (left === 0) return true;
      if (!(await this.fill(1))) return false;
    }
  }

  /** Everything not yet read: to hand the input over to a decompressor. Nothing else may be called afterwards. */
  async *rest(): AsyncGenerator<Uint8Array, void, void> {
    try {
      yield this.#bytes.subarray(this.#start);
      for (;;) {
        const { done, value } = await this.#chunks.next();
        if (done) return;
        yield value;
      }
    } finally {
      await this.close();
    }
  }

  /** Tells the input that nobody reads on (a file stream closes its file then). */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  #replace(parts: readonly Uint8Array[]): void {
    const filled = parts.filter((part) => part.length > 0);
    const { buffer, byteOffset, byteLength } = filled.length === 1 ? filled[0]! : joinBytes(filled);
    // A plain view: the `slice` of Node's Buffer would not copy.
    this.#bytes = new Uint8Array(buffer, byteOffset, byteLength);
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength);
    this.#start = 0;
  }
}
