import type { MapSpec } from "../../model/object.js";
import { readable, writable, type Arena } from "../arena.js";
import { errno } from "../errno.js";
import type { MapEntry, MapStore } from "./map-store.js";

/** BPF_RINGBUF_HDR_SZ of include/uapi/linux/bpf.h: before every record. */
const headerBytes = 8;

/** Records are smaller than 1 GiB: the two upper bits of a length are flags. */
const maxRecordBytes = 0x3fff_ffff;

interface Reservation {
  readonly start: number;
  readonly sizeBytes: number;
}

/**
 * ringbuf (kernel/bpf/ringbuf.c). Records lie in the arena from their reservation to their end, when they
 * are copied to the consumer and nobody may touch them any more. The consumer empties the buffer between
 * runs of the program, as a fast reader would.
 */
export class RingBufferStore implements MapStore {
  readonly spec: MapSpec;
  readonly address: number;
  readonly #arena: Arena;
  readonly #start: number;
  readonly #reserved = new Map<number, Reservation>();
  #events: Uint8Array[] = [];
  /** Positions count all bytes ever written, headers included. */
  #producer = 0;
  #consumer = 0;

  constructor(spec: MapSpec, address: number, arena: Arena, start: number) {
    this.spec = spec;
    this.address = address;
    this.#arena = arena;
    this.#start = start;
  }

  /** Undefined where memory is used up. */
  static create(spec: MapSpec, address: number, arena: Arena): RingBufferStore | undefined {
    // A record may begin near the end and goes on behind it: the kernel maps the pages twice for that.
    const describe = (offset: number) => self.#describe(offset);
    const start = arena.allocate(2 * spec.maxEntries, 0, describe);
    if (start === undefined) return undefined;
    const self = new RingBufferStore(spec, address, arena, start);
    return self;
  }

  /** Address of a record of so many bytes; 0 where there is no room. */
  reserve(sizeBytes: number): number {
    const total = headerBytes + ((sizeBytes + 7) & ~7);
    if (sizeBytes > maxRecordBytes || total > this.spec.maxEntries) return 0;
    // One byte always stays free: a full buffer would look like an empty one.
    if (this.#producer + total - this.#consumer >= this.spec.maxEntries) return 0;
    const start = this.#start + (this.#producer % this.spec.maxEntries) + headerBytes;
    this.#producer += total;
    this.#arena.bytes.fill(0, start, start + sizeBytes);
    this.#arena.protect(start, sizeBytes, readable | writable);
    this.#reserved.set(start, { start, sizeBytes });
    return start;
  }

  /** Whether a reserved record begins there. */
  holds(address: number): boolean {
    return this.#reserved.has(address);
  }

  /** Ends the reservation that begins at an address. */
  finish(address: number, verb: "submits" | "discards"): void {
    const { start, sizeBytes } = this.#reserved.get(address)!;
    if (verb === "submits") this.#events.push(this.#arena.bytes.slice(start, start + sizeBytes));
    this.#arena.protect(start, sizeBytes, 0);
    this.#reserved.delete(start);
  }

  /** A record in one go. */
  output(bytes: Uint8Array): number {
    const start = this.reserve(bytes.length);
    if (start === 0) return -errno.EAGAIN;
    this.#arena.bytes.set(bytes, start);
    this.finish(start, "submits");
    return 0;
  }

  /** bpf_ringbuf_query: available data, ring size, consumer and producer position. */
  query(what: number): number {
    return [this.#producer - this.#consumer, this.spec.maxEntries, this.#consumer, this.#producer][what] ?? 0;
  }

  /** What was submitted since the last time. */
  consume(): Uint8Array[] {
    const events = this.#events;
    this.#events = [];
    if (this.#reserved.size === 0) this.#consumer = this.#producer;
    return events;
  }

  /** The key of a ring buffer has no bytes, and nothing can be looked up. */
  lookup(): number {
    return 0;
  }

  update(): number {
    return -errno.ENOTSUPP;
  }

  delete(): number {
    return -errno.ENOTSUPP;
  }

  set(): number {
    return -errno.ENOTSUPP;
  }

  entries(): Iterable<MapEntry> {
    return [];
  }

  #describe(offset: number) {
    const address = this.#start + offset;
    const near = [...this.#reserved.values()].find(
      ({ start, sizeBytes }) => address >= start - headerBytes && address < start + sizeBytes + 64,
    );
    if (near)
      return {
        name: `a record of ring buffer '${this.spec.name}'`,
        start: near.start - this.#start,
        sizeBytes: near.sizeBytes,
      };
    return { name: `the ring buffer '${this.spec.name}'`, start: 0, sizeBytes: 2 * this.spec.maxEntries };
  }
}
