import type { MapSpec } from "../../model/object.js";
import { errno } from "../errno.js";
import { byteText } from "../byte-text.js";
import { updateFlags, type MapEntry, type MapStore } from "./map-store.js";

/**
 * bloom_filter (kernel/bpf/bloom_filter.c). This one is never wrong: which values a kernel mistakes for
 * others depends on a random seed.
 */
export class BloomFilterStore implements MapStore {
  readonly spec: MapSpec;
  readonly address: number;
  readonly #values = new Set<string>();

  constructor(spec: MapSpec, address: number) {
    this.spec = spec;
    this.address = address;
  }

  push(value: Uint8Array, flags: number): number {
    if (flags !== updateFlags.any) return -errno.EINVAL;
    this.#values.add(byteText(value));
    return 0;
  }

  has(value: Uint8Array): boolean {
    return this.#values.has(byteText(value));
  }

  lookup(): number {
    return 0;
  }

  update(): number {
    return -errno.EINVAL;
  }

  delete(): number {
    return -errno.EOPNOTSUPP;
  }

  set(_: Uint8Array, values: readonly Uint8Array[]): number {
    return this.push(values[0]!, updateFlags.any);
  }

  /** The kernel cannot list what is in a filter either. */
  entries(): Iterable<MapEntry> {
    return [];
  }
}
