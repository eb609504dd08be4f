import { isPerCpu, type MapSpec } from "../../model/object.js";
import type { Arena } from "../arena.js";
import { errno } from "../errno.js";
import { flagsError, type EntryAddress, type MapEntry, type MapStore } from "./map-store.js";
import { ValueSlots } from "./value-slots.js";

/** array and percpu_array (kernel/bpf/arraymap.c): all slots are always there. */
export class ArrayStore implements MapStore {
  readonly spec: MapSpec;
  readonly address: number;
  readonly #slots: ValueSlots;
  readonly #start: number;
  onReplaced: ((value: number) => void) | undefined;

  constructor(spec: MapSpec, address: number, slots: ValueSlots, start: number) {
    this.spec = spec;
    this.address = address;
    this.#slots = slots;
    this.#start = start;
  }

  /** Undefined where memory is used up. */
  static create(spec: MapSpec, address: number, arena: Arena, cpus: number, permission?: number) {
    const slots = new ValueSlots(arena, spec.name, spec.valueSizeBytes, isPerCpu(spec.type) ? cpus : 1, permission);
    const start = slots.allocateArray(spec.maxEntries);
    return start === undefined ? undefined : new ArrayStore(spec, address, slots, start);
  }

  /** Address of the value of index 0, where globals lie. */
  get firstValue(): number {
    return this.#start;
  }

  lookup(key: Uint8Array, cpu: number): number {
    const slot = this.#slotOf(key);
    return slot === undefined ? 0 : this.#slots.onCpu(slot, cpu);
  }

  update(key: Uint8Array, value: Uint8Array, flags: number, cpu: number): number {
    return this.#change(key, flags, (slot) => this.#slots.write(slot, cpu, value));
  }

  set(key: Uint8Array, values: readonly Uint8Array[]): number {
    return this.#change(key, 0, (slot) => this.#slots.writeAll(slot, values));
  }

  delete(): number {
    return -errno.EINVAL;
  }

  entryAt(address: number): EntryAddress | undefined {
    const index = Math.floor((address - this.#start) / (this.#slots.at(this.#start, 1) - this.#start));
    if (index < 0 || index >= this.spec.maxEntries) return undefined;
    return { key: u32Key(index), value: this.#slots.at(this.#start, index) };
  }

  *entries(): Iterable<MapEntry> {
    for (let index = 0; index < this.spec.maxEntries; index++)
      yield { key: u32Key(index), values: this.#slots.read(this.#slots.at(this.#start, index)) };
  }

  #change(key: Uint8Array, flags: number, write: (slot: number) => void): number {
    const slot = this.#slotOf(key);
    const wrong = flagsError(flags, true);
    if (wrong === -errno.EINVAL) return wrong;
    if (slot === undefined) return -errno.E2BIG;
    if (wrong !== undefined) return wrong;
    write(slot);
    this.onReplaced?.(slot);
    return 0;
  }

  #slotOf(key: Uint8Array): number | undefined {
    const index = indexOf(key);
    return index < this.spec.maxEntries ? this.#slots.at(this.#start, index) : undefined;
  }
}

/** The index that the four bytes of an array's key are. */
export function indexOf(key: Uint8Array): number {
  return (key[0]! | (key[1]! << 8) | (key[2]! << 16) | (key[3]! << 24)) >>> 0;
}

export function u32Key(index: number): Uint8Array {
  return new Uint8Array([index, index >>> 8, index >>> 16, index >>> 24]);
}
