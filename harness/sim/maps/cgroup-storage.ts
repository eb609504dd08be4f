import { isPerCpu, type MapSpec } from "../../model/object.js";
import type { Arena } from "../arena.js";
import { errno } from "../errno.js";
import type { MapEntry, MapStore } from "./map-store.js";
import { ValueSlots } from "./value-slots.js";

/**
 * cgroup_storage and percpu_cgroup_storage (kernel/bpf/local_storage.c): a value for each cgroup that a program is
 * attached to. A test run attaches to none, and gives the program zeroes of its own every time.
 */
export class CgroupStorageStore implements MapStore {
  readonly spec: MapSpec;
  readonly address: number;
  readonly #slots: ValueSlots;
  readonly #slot: number;

  constructor(spec: MapSpec, address: number, slots: ValueSlots, slot: number) {
    this.spec = spec;
    this.address = address;
    this.#slots = slots;
    this.#slot = slot;
  }

  /** Undefined where memory is used up. */
  static create(spec: MapSpec, address: number, arena: Arena, cpus: number): CgroupStorageStore | undefined {
    const slots = new ValueSlots(arena, spec.name, spec.valueSizeBytes, isPerCpu(spec.type) ? cpus : 1);
    const slot = slots.allocateArray(1);
    return slot === undefined ? undefined : new CgroupStorageStore(spec, address, slots, slot);
  }

  /** What bpf_get_local_storage() returns. */
  current(cpu: number): number {
    return this.#slots.onCpu(this.#slot, cpu);
  }

  /** Before each run. */
  clear(): void {
    this.#slots.writeAll(this.#slot, []);
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

  set(): number {
    return -errno.ENOENT;
  }

  entries(): Iterable<MapEntry> {
    return [];
  }
}
