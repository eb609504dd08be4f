import { isPerCpu, type MapSpec } from "../../model/object.js";
import type { Arena } from "../arena.js";
import { errno } from "../errno.js";
import { textBytes, byteText } from "../byte-text.js";
import { flagsError, updateFlags, type EntryAddress, type MapEntry, type MapStore } from "./map-store.js";
import { ValueSlots } from "./value-slots.js";

/**
 * hash, percpu_hash and their LRU variants (kernel/bpf/hashtab.c).
 *
 * A full LRU map drops exactly the entry that was looked up or written longest ago. The kernel does so
 * only roughly: it moves entries between lists in batches, and prefers its own CPU's.
 */
export class HashStore implements MapStore {
  readonly spec: MapSpec;
  readonly address: number;
  readonly #slots: ValueSlots;
  /** Slot by key; for LRU maps in order of their last use. */
  readonly #entries = new Map<string, number>();
  readonly #isLru: boolean;
  onReplaced: ((value: number) => void) | undefined;

  constructor(spec: MapSpec, address: number, arena: Arena, cpus: number) {
    this.spec = spec;
    this.address = address;
    this.#slots = new ValueSlots(arena, spec.name, spec.valueSizeBytes, isPerCpu(spec.type) ? cpus : 1);
    this.#isLru = spec.type === "lru_hash" || spec.type === "lru_percpu_hash";
  }

  lookup(key: Uint8Array, cpu: number): number {
    const text = byteText(key);
    const slot = this.#entries.get(text);
    if (slot === undefined) return 0;
    if (this.#isLru) this.#touch(text, slot);
    return this.#slots.onCpu(slot, cpu);
  }

  update(key: Uint8Array, value: Uint8Array, flags: number, cpu: number): number {
    return this.#change(key, flags, (slot, isNew) => {
      // A new entry starts with zeroes on the other CPUs (pcpu_init_value).
      if (isNew) this.#slots.writeAll(slot, []);
      this.#slots.write(slot, cpu, value);
    });
  }

  set(key: Uint8Array, values: readonly Uint8Array[]): number {
    return this.#change(key, 0, (slot) => this.#slots.writeAll(slot, values));
  }

  delete(key: Uint8Array): number {
    const text = byteText(key);
    const slot = this.#entries.get(text);
    if (slot === undefined) return -errno.ENOENT;
    this.#entries.delete(text);
    this.#give(slot);
    return 0;
  }

  entryAt(address: number): EntryAddress | undefined {
    for (const [text, value] of this.#entries)
      if (address >= value && address < value + this.spec.valueSizeBytes) return { key: textBytes(text), value };
    return undefined;
  }

  *entries(): Iterable<MapEntry> {
    for (const [text, slot] of this.#entries) yield { key: textBytes(text), values: this.#slots.read(slot) };
  }

  #change(key: Uint8Array, flags: number, write: (slot: number, isNew: boolean) => void): number {
    const text = byteText(key);
    const known = this.#entries.get(text);
    const wrong = flagsError(flags, known !== undefined);
    if (wrong !== undefined) return wrong;
    if (known === undefined && this.#entries.size >= this.spec.maxEntries && !this.#evict()) return -errno.E2BIG;
    const slot = known ?? this.#slots.take();
    if (slot === undefined) return -errno.ENOMEM;
    write(slot, known === undefined);
    // Under its lock a value is written to in place.
    if (known !== undefined && (flags & updateFlags.lock) === 0) this.onReplaced?.(slot);
    this.#touch(text, slot);
    return 0;
  }

  #touch(text: string, slot: number): void {
    if (this.#isLru) this.#entries.delete(text);
    this.#entries.set(text, slot);
  }

  #give(slot: number): void {
    this.onReplaced?.(slot);
    this.#slots.give(slot);
  }

  /** Makes room in an LRU map. */
  #evict(): boolean {
    const [oldest] = this.#isLru ? this.#entries : [];
    if (!oldest) return false;
    this.#entries.delete(oldest[0]);
    this.#give(oldest[1]);
    return true;
  }
}
