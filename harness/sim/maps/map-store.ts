import type { MapSpec } from "../../model/object.js";
import { errno } from "../errno.js";

/** What a program may ask of an update (BPF_ANY, BPF_NOEXIST, BPF_EXIST of include/uapi/linux/bpf.h). */
export const updateFlags = { any: 0, noExist: 1, exist: 2, lock: 4 } as const;

export interface MapEntry {
  readonly key: Uint8Array;
  /** One value, or one per CPU. */
  readonly values: readonly Uint8Array[];
}

export interface EntryAddress {
  readonly key: Uint8Array;
  /** Address of the value's first byte. */
  readonly value: number;
}

/**
 * A live map. Keys and values have the sizes of its spec; results are 0 or a negative errno, as the
 * kernel's map operations return them (kernel/bpf/*map.c).
 */
export interface MapStore {
  readonly spec: MapSpec;
  /** What a program has as a pointer to the map; nothing can be read there. */
  readonly address: number;
  /** Address of the value, on the CPU for per-CPU maps; 0 where there is none. */
  lookup(key: Uint8Array, cpu: number): number;
  /** By a program, on one CPU. */
  update(key: Uint8Array, value: Uint8Array, flags: number, cpu: number): number;
  delete(key: Uint8Array): number;
  /** By user space: values of all CPUs. */
  set(key: Uint8Array, values: readonly Uint8Array[]): number;
  /** The entry in whose value an address lies; only of types whose values may hold timers. */
  entryAt?(address: number): EntryAddress | undefined;
  /** Told the address of every value that is replaced or removed. */
  onReplaced?: ((value: number) => void) | undefined;
  /** Contents in a fixed order; for arrays all slots. */
  entries(): Iterable<MapEntry>;
}

/** The error of an update's flags where a key is there, or is not; undefined if it may go on. */
export function flagsError(flags: number, exists: boolean): number | undefined {
  const plain = flags & ~updateFlags.lock;
  if (plain > updateFlags.exist) return -errno.EINVAL;
  if (plain === updateFlags.noExist && exists) return -errno.EEXIST;
  if (plain === updateFlags.exist && !exists) return -errno.ENOENT;
  return undefined;
}
