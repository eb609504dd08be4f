import type { MapSpec } from "../../model/object.js";
import type { Arena } from "../arena.js";
import { errno } from "../errno.js";
import { byteText } from "../byte-text.js";
import { indexOf } from "./array.js";
import { flagsError, type MapEntry, type MapStore } from "./map-store.js";
import { ValueSlots } from "./value-slots.js";

interface LpmEntry {
  readonly slot: number;
  /** As it was written last, with whatever its unused bits were. */
  readonly key: Uint8Array;
}

/**
 * lpm_trie (kernel/bpf/lpm_trie.c): keys are a prefix length, 32 bits, and the bytes it counts in.
 * One table for each length of prefix; a lookup tries those that have entries, longest first.
 */
export class LpmTrieStore implements MapStore {
  readonly spec: MapSpec;
  readonly address: number;
  readonly #slots: ValueSlots;
  /** By prefix length: entries by data whose other bits are zero. */
  readonly #tables: (Map<string, LpmEntry> | undefined)[] = [];
  readonly #maxPrefixBits: number;
  #size = 0;

  constructor(spec: MapSpec, address: number, arena: Arena) {
    this.spec = spec;
    this.address = address;
    this.#slots = new ValueSlots(arena, spec.name, spec.valueSizeBytes, 1);
    this.#maxPrefixBits = 8 * (spec.keySizeBytes - 4);
  }

  lookup(key: Uint8Array): number {
    const bits = indexOf(key);
    if (bits > this.#maxPrefixBits) return 0;
    for (let length = Math.min(bits, this.#tables.length - 1); length >= 0; length--) {
      const entry = this.#tables[length]?.get(prefixText(key, length));
      if (entry) return entry.slot;
    }
    return 0;
  }

  update(key: Uint8Array, value: Uint8Array, flags: number): number {
    const bits = indexOf(key);
    if (flags > 2 || bits > this.#maxPrefixBits) return -errno.EINVAL;
    const table = (this.#tables[bits] ??= new Map<string, LpmEntry>());
    const text = prefixText(key, bits);
    const known = table.get(text);
    const wrong = flagsError(flags, known !== undefined);
    if (wrong !== undefined) return wrong;
    if (known === undefined && this.#size >= this.spec.maxEntries) return -errno.ENOSPC;
    const slot = known?.slot ?? this.#slots.take();
    if (slot === undefined) return -errno.ENOMEM;
    if (known === undefined) this.#size++;
    this.#slots.write(slot, 0, value);
    table.set(text, { slot, key: key.slice() });
    return 0;
  }

  set(key: Uint8Array, values: readonly Uint8Array[]): number {
    return this.update(key, values[0]!, 0);
  }

  delete(key: Uint8Array): number {
    const bits = indexOf(key);
    if (bits > this.#maxPrefixBits) return -errno.EINVAL;
    const text = prefixText(key, bits);
    const entry = this.#tables[bits]?.get(text);
    if (!entry) return -errno.ENOENT;
    this.#tables[bits]!.delete(text);
    this.#slots.give(entry.slot);
    this.#size--;
    return 0;
  }

  *entries(): Iterable<MapEntry> {
    for (const table of this.#tables)
      for (const { slot, key } of table?.values() ?? []) yield { key: key.slice(), values: this.#slots.read(slot) };
  }
}

/** The data of a key with everything behind the prefix as zero. */
function prefixText(key: Uint8Array, bits: number): string {
  const data = key.slice(4);
  const whole = bits >> 3;
  if (whole < data.length) data[whole] = data[whole]! & (0xff00 >> (bits & 7));
  data.fill(0, whole + 1);
  return byteText(data);
}
