import type { MapSpec } from "../../model/object.js";
import { errno } from "../errno.js";
import type { MapEntry, MapStore } from "./map-store.js";

export interface PerfEvent {
  readonly cpu: number;
  readonly bytes: Uint8Array;
}

/** perf_event_array, with a reader on every CPU that loses nothing. */
export class PerfEventArrayStore implements MapStore {
  readonly spec: MapSpec;
  readonly address: number;
  #events: PerfEvent[] = [];

  constructor(spec: MapSpec, address: number) {
    this.spec = spec;
    this.address = address;
  }

  output(cpu: number, bytes: Uint8Array): void {
    this.#events.push({ cpu, bytes });
  }

  /** What was written since the last time. */
  consume(): PerfEvent[] {
    const events = this.#events;
    this.#events = [];
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
