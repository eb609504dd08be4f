import { readable, writable, type Arena } from "../arena.js";

/**
 * A packet in the arena with room before and behind it. Only the bytes of the packet (and, for XDP, of
 * its metadata) can be accessed; which these are changes when the packet grows or shrinks.
 */
export class PacketBuffer {
  readonly #arena: Arena;
  readonly #permission: number;
  /** First and last address, exclusive, that the packet can grow to. */
  readonly start: number;
  readonly end: number;
  /** The part that can be accessed now. */
  #open = { from: 0, to: 0 };

  constructor(arena: Arena, sizeBytes: number, permission = readable | writable, name = "the packet") {
    this.#arena = arena;
    this.#permission = permission;
    const start = arena.allocate(sizeBytes, 0, () => ({
      name,
      start: this.#open.from - this.start,
      sizeBytes: this.#open.to - this.#open.from,
    }));
    if (start === undefined) throw new RangeError(`no room for ${name} of ${sizeBytes} bytes`);
    this.start = start;
    this.end = start + sizeBytes;
  }

  /** Makes these addresses, and no others of the buffer, accessible. */
  open(from: number, to: number): void {
    const { from: wasFrom, to: wasTo } = this.#open;
    if (from === wasFrom && to === wasTo) return;
    this.#arena.protect(wasFrom, wasTo - wasFrom, 0);
    this.#arena.protect(from, to - from, this.#permission);
    this.#open = { from, to };
  }

  set(address: number, bytes: Uint8Array): void {
    this.#arena.bytes.set(bytes, address);
  }

  copy(from: number, to: number): Uint8Array {
    return this.#arena.bytes.slice(from, to);
  }

  /** Bytes in their place. */
  view(from: number, sizeBytes: number): Uint8Array {
    return this.#arena.bytes.subarray(from, from + sizeBytes);
  }

  /** Moves bytes as memmove() does. */
  move(to: number, from: number, sizeBytes: number): void {
    this.#arena.bytes.copyWithin(to, from, from + sizeBytes);
  }

  clear(from: number, to: number): void {
    this.#arena.bytes.fill(0, from, to);
  }
}
