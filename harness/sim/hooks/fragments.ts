import type { Arena } from "../arena.js";
import { PacketBuffer } from "./packet-buffer.js";

const pageBytes = 4096;

/** MAX_SKB_FRAGS of include/linux/skbuff.h, unless the kernel was built with another number. */
const mostFragments = 17;

/** What does not fit into a packet's first buffer fits into these. */
export const mostFragmentBytes = mostFragments * pageBytes;

interface Fragment {
  readonly page: PacketBuffer;
  from: number;
  to: number;
}

/**
 * The part of a packet that is not linear: bytes in pages of their own (skb_frag_t of struct skb_shared_info). No
 * pointer of a program's leads there but through helpers and slices of dynptrs. Offsets are counted from the first
 * of these bytes on.
 */
export class Fragments {
  readonly #arena: Arena;
  /** Made when a packet needs them: most never do. */
  readonly #pages: PacketBuffer[] = [];
  #list: Fragment[] = [];

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** What is behind the linear part of a fresh packet, page by page. */
  open(bytes: Uint8Array): void {
    for (const { page } of this.#list) page.open(page.start, page.start);
    this.#list = [];
    for (let at = 0; at < bytes.length; at += pageBytes) {
      const index = this.#list.length;
      const page = (this.#pages[index] ??= new PacketBuffer(
        this.#arena,
        pageBytes,
        undefined,
        "a fragment of the packet",
      ));
      const piece = bytes.subarray(at, at + pageBytes);
      page.set(page.start, piece);
      this.#list.push({ page, from: page.start, to: page.start + piece.length });
    }
    this.#publish();
  }

  get sizeBytes(): number {
    return this.#list.reduce((sum, { from, to }) => sum + to - from, 0);
  }

  /** Bytes that lie in one fragment, as a view; undefined where they do not. */
  bytesAt(offset: number, length: number): Uint8Array | undefined {
    let start = offset;
    for (const { from, to } of this.#list) {
      if (start < to - from)
        return start + length <= to - from
          ? this.#arena.bytes.subarray(from + start, from + start + length)
          : undefined;
      start -= to - from;
    }
    return undefined;
  }

  /** A copy of bytes, wherever they lie. */
  copy(offset: number, length: number): Uint8Array {
    const out = new Uint8Array(length);
    this.#eachPiece(offset, length, (piece, at) => out.set(piece, at));
    return out;
  }

  write(offset: number, bytes: Uint8Array): void {
    this.#eachPiece(offset, bytes.length, (piece, at) => piece.set(bytes.subarray(at, at + piece.length)));
  }

  /** Zeroes behind the last byte; false where its page has no room for them. */
  grow(length: number): boolean {
    const last = this.#list.at(-1);
    if (!last || last.to + length > last.page.start + pageBytes) return false;
    last.page.clear(last.to, last.to + length);
    last.to += length;
    this.#publish();
    return true;
  }

  /** Takes bytes off the end; returns how many there were fewer than asked for. */
  trim(length: number): number {
    let left = length;
    for (let last = this.#list.at(-1); last && left > 0; last = this.#list.at(-1)) {
      const taken = Math.min(left, last.to - last.from);
      last.to -= taken;
      left -= taken;
      if (last.to > last.from) break;
      last.page.open(last.page.start, last.page.start);
      this.#list.pop();
    }
    this.#publish();
    return left;
  }

  /** Takes bytes off the front. */
  take(length: number): Uint8Array {
    const taken = this.copy(0, length);
    let left = length;
    for (const fragment of this.#list) {
      const some = Math.min(left, fragment.to - fragment.from);
      fragment.from += some;
      left -= some;
      if (fragment.from === fragment.to) fragment.page.open(fragment.page.start, fragment.page.start);
    }
    this.#list = this.#list.filter(({ from, to }) => to > from);
    this.#publish();
    return taken;
  }

  #eachPiece(offset: number, length: number, visit: (piece: Uint8Array, at: number) => void): void {
    let start = 0;
    for (const { from, to } of this.#list) {
      const low = Math.max(offset, start);
      const high = Math.min(offset + length, start + to - from);
      if (low < high) visit(this.#arena.bytes.subarray(from + low - start, from + high - start), low - offset);
      start += to - from;
    }
  }

  #publish(): void {
    for (const { page, from, to } of this.#list) page.open(from, to);
  }
}
