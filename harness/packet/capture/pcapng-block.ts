import { captureError, type FilePlace } from "./fault.js";
import { optionCodes, padded } from "./pcapng-format.js";
import type { Window } from "./window.js";

/** One option of a block: its code, and where in the body its value is. */
export interface BlockOption {
  readonly code: number;
  readonly at: number;
  readonly bytes: number;
}

const utf8 = new TextDecoder();

/** A complete block without its frame: offsets count from behind the leading length. */
export class BlockBody {
  readonly #window: Window;
  readonly #littleEndian: boolean;
  readonly #name: string;
  /** Bytes between the two lengths. */
  readonly bytes: number;

  constructor(window: Window, blockBytes: number, littleEndian: boolean, name: string) {
    this.#window = window;
    this.#littleEndian = littleEndian;
    this.#name = name;
    this.bytes = blockBytes - 12;
  }

  /** Only for offsets that `expect` has vouched for. */
  u8(at: number): number {
    return this.#window.u8(8 + at);
  }

  u16(at: number): number {
    return this.#window.u16(8 + at, this.#littleEndian);
  }

  u32(at: number): number {
    return this.#window.u32(8 + at, this.#littleEndian);
  }

  /** A signed 64-bit integer. */
  i64(at: number): bigint {
    const [first, second] = [this.u32(at), this.u32(at + 4)];
    const [high, low] = this.#littleEndian ? [second, first] : [first, second];
    return BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low));
  }

  copy(at: number, bytes: number): Uint8Array {
    return this.#window.copy(8 + at, 8 + at + bytes);
  }

  text(at: number, bytes: number): string {
    return utf8.decode(this.copy(at, bytes));
  }

  /** Throws unless the body has so many bytes from `at` on. */
  expect(at: number, bytes: number, what: string): void {
    if (at + bytes <= this.bytes) return;
    throw captureError(
      this.place(at),
      `${what} runs over the end of its block: expected ${bytes} bytes, found ${Math.max(0, this.bytes - at)}`,
    );
  }

  place(at: number): FilePlace {
    return { name: this.#name, offset: this.#window.offset + 8 + at };
  }

  /** The options from `at` to the end of the body; every step passes over at least 4 bytes. */
  *options(at: number): Generator<BlockOption, void, void> {
    while (at < this.bytes) {
      this.expect(at, 4, "an option");
      const [code, bytes] = [this.u16(at), this.u16(at + 2)];
      if (code === optionCodes.end) return;
      this.expect(at + 4, padded(bytes), `option ${code}`);
      yield { code, at: at + 4, bytes };
      at += 4 + padded(bytes);
    }
  }
}
