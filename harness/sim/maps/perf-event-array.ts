import type { MapSpec } from "../../model/object.js";
import { errno } from "../errno.js";
import type { MapEntry, MapStore } from "./map-store.js";

export interface PerfEvent {
  readonly cpu: number;
  readonly bytes: Uint8Array;
  /** Events of this CPU that found no room before this one. */
  readonly lost: number;
}

/** As many pages for each CPU as the `kernel` backend's reader has. */
const bufferBytes = 64 * 4096;

/** struct perf_event_header, and the length before raw data (include/uapi/linux/perf_event.h). */
const headerBytes = 8;
const rawLengthBytes = 4;
/** PERF_RECORD_LOST: header, id and number. */
const lostRecordBytes = 24;

interface Ring {
  used: number;
  lost: number;
}

/**
 * perf_event_array (kernel/events/ring_buffer.c): empty, until user space puts a reader on every CPU, which takes out
 * what is there between runs.
 */
export class PerfEventArrayStore implements MapStore {
  readonly spec: MapSpec;
  readonly address: number;
  #events: PerfEvent[] = [];
  readonly #rings = new Map<number, Ring>();
  #isRead = false;

  constructor(spec: MapSpec, address: number) {
    this.spec = spec;
    this.address = address;
  }

  /** What user space does that wants the events. */
  openReaders(): void {
    this.#isRead = true;
  }

  get isRead(): boolean {
    return this.#isRead;
  }

  output(cpu: number, bytes: Uint8Array): number {
    const ring = this.#rings.get(cpu) ?? { used: 0, lost: 0 };
    this.#rings.set(cpu, ring);
    const record = headerBytes + ((rawLengthBytes + bytes.length + 7) & ~7);
    const needed = record + (ring.lost > 0 ? lostRecordBytes : 0);
    // One byte always stays free: a full buffer would look like an empty one.
    if (ring.used + needed >= bufferBytes) {
      ring.lost++;
      return -errno.ENOSPC;
    }
    this.#events.push({ cpu, bytes, lost: ring.lost });
    ring.used += needed;
    ring.lost = 0;
    return 0;
  }

  /** What was written since the last time. */
  consume(): PerfEvent[] {
    const events = this.#events;
    this.#events = [];
    for (const ring of this.#rings.values()) ring.used = 0;
    return events;
  }

  lookup(): number {
    return 0;
  }

  update(): number {
    return -errno.EINVAL;
  }

  delete(): number {
    return -errno.ENOENT;
  }

  set(): number {
    return -errno.EINVAL;
  }

  entries(): Iterable<MapEntry> {
    return [];
  }
}
