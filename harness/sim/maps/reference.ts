import type { MapSpec } from "../../model/object.js";
import { errno } from "../errno.js";
import { indexOf, u32Key } from "./array.js";
import { textBytes, byteText } from "../byte-text.js";
import { flagsError, type MapEntry, type MapStore } from "./map-store.js";
import type { ValueSlots } from "./value-slots.js";

/** The kernel object in a slot. */
export type Reference =
  /** Linked when it is first needed. */
  | { readonly kind: "program"; readonly name: string }
  | { readonly kind: "map"; readonly store: MapStore }
  | {
      readonly kind: "device";
      readonly dev: string;
      readonly ifindex: number;
      /** That sees the packet on its way out. */
      readonly program?: string | undefined;
    }
  | { readonly kind: "xsk"; readonly queue: number }
  | {
      readonly kind: "cpu";
      readonly queueSizeBytes: number;
      /** That sees the packet on the other CPU. */
      readonly program?: string | undefined;
    };

interface Entry {
  readonly target: Reference;
  /** What a lookup by a program returns: an inner map, or a value to read; 0 where it may not look. */
  readonly address: number;
}

/**
 * Maps whose values are kernel objects: prog_array, array_of_maps, hash_of_maps, devmap, devmap_hash,
 * cpumap and xskmap. Only user space fills them; the key of an array among them is an index.
 */
export class ReferenceStore implements MapStore {
  readonly spec: MapSpec;
  readonly address: number;
  readonly #entries = new Map<string, Entry>();
  readonly #slots: ValueSlots;
  readonly #isHash: boolean;

  constructor(spec: MapSpec, address: number, slots: ValueSlots) {
    this.spec = spec;
    this.address = address;
    this.#slots = slots;
    this.#isHash = spec.type === "hash_of_maps" || spec.type === "devmap_hash";
  }

  get(key: Uint8Array): Reference | undefined {
    return this.#entries.get(byteText(key))?.target;
  }

  put(key: Uint8Array, target: Reference): number {
    const text = byteText(key);
    if (!this.#isHash && indexOf(key) >= this.spec.maxEntries) return -errno.E2BIG;
    if (this.#isHash && !this.#entries.has(text) && this.#entries.size >= this.spec.maxEntries) return -errno.E2BIG;
    const address = this.#addressFor(target);
    if (address === undefined) return -errno.ENOMEM;
    this.#entries.set(text, { target, address });
    return 0;
  }

  /** What all slots hold. */
  targets(): Reference[] {
    return [...this.#entries.values()].map(({ target }) => target);
  }

  innerMaps(): { readonly key: Uint8Array; readonly store: MapStore }[] {
    return [...this.#entries].flatMap(([text, { target }]) =>
      target.kind === "map" ? [{ key: textBytes(text), store: target.store }] : [],
    );
  }

  lookup(key: Uint8Array): number {
    return this.#entries.get(byteText(key))?.address ?? 0;
  }

  /** Programs cannot make references. */
  update(key: Uint8Array, _: Uint8Array, flags: number): number {
    return flagsError(flags, this.#entries.has(byteText(key))) ?? -errno.EINVAL;
  }

  delete(key: Uint8Array): number {
    return this.#entries.delete(byteText(key)) ? 0 : -errno.ENOENT;
  }

  set(): number {
    return -errno.EINVAL;
  }

  /** Values as user space reads them, but for ids, which no one can know: they are 0. */
  *entries(): Iterable<MapEntry> {
    for (const [text, { target }] of this.#entries) {
      const value = new Uint8Array(this.spec.valueSizeBytes);
      value.set(u32Key(numberOf(target)));
      yield { key: textBytes(text), values: [value] };
    }
  }

  #addressFor(target: Reference): number | undefined {
    if (target.kind === "map") return target.store.address;
    if (target.kind === "program") return 0;
    const slot = this.#slots.take();
    if (slot !== undefined) this.#slots.write(slot, 0, u32Key(numberOf(target)));
    return slot;
  }
}

function numberOf(target: Reference): number {
  if (target.kind === "device") return target.ifindex;
  return target.kind === "cpu" ? target.queueSizeBytes : 0;
}
