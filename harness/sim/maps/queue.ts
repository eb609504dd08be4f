import type { MapSpec } from "../../model/object.js";
import { errno } from "../errno.js";
import { u32Key } from "./array.js";
import { updateFlags, type MapEntry, type MapStore } from "./map-store.js";

/** queue and stack (kernel/bpf/queue_stack_maps.c): values without keys. */
export class QueueStore implements MapStore {
  readonly spec: MapSpec;
  readonly address: number;
  /** Oldest first. */
  readonly #values: Uint8Array[] = [];

  constructor(spec: MapSpec, address: number) {
    this.spec = spec;
    this.address = address;
  }

  /** With BPF_EXIST a full map gives up its oldest value. */
  push(value: Uint8Array, flags: number): number {
    if (flags !== updateFlags.any && flags !== updateFlags.exist) return -errno.EINVAL;
    if (this.#values.length >= this.spec.maxEntries) {
      if (flags !== updateFlags.exist) return -errno.E2BIG;
      this.#values.shift();
    }
    this.#values.push(value.slice());
    return 0;
  }

  /** The value that is next: of a queue the oldest, of a stack the latest. */
  peek(): Uint8Array | undefined {
    return this.spec.type === "queue" ? this.#values[0] : this.#values.at(-1);
  }

  pop(): Uint8Array | undefined {
    return this.spec.type === "queue" ? this.#values.shift() : this.#values.pop();
  }

  lookup(): number {
    return 0;
  }

  update(): number {
    return -errno.EINVAL;
  }

  delete(): number {
    return -errno.EINVAL;
  }

  set(_: Uint8Array, values: readonly Uint8Array[]): number {
    return this.push(values[0]!, updateFlags.any);
  }

  /** As keys, of which there are none, the values' places: 0 is the next to come out. */
  *entries(): Iterable<MapEntry> {
    const inOrder = this.spec.type === "queue" ? this.#values : this.#values.toReversed();
    for (const [place, value] of inOrder.entries()) yield { key: u32Key(place), values: [value.slice()] };
  }
}
