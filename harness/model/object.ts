import type { ProgramType } from "./hook.js";

/** A BPF object as its ELF bytes describe it: the same value on every machine, before any kernel saw it. */
export interface BpfObject {
  /** File name without folders and extension. */
  readonly name: string;
  /** The ELF file itself, which `kernel` and `wire` hand to libbpf. */
  readonly bytes: Uint8Array;
  /** Of the machine the object was compiled for: `-target bpfel` or `-target bpfeb`. */
  readonly byteOrder: "little" | "big";
  /** Contents of the `license` section; empty where there is none. */
  readonly license: string;
  readonly programs: readonly ProgramSpec[];
  /** C files that its instructions came from, functions included, as line information names them; ascending. */
  readonly sources: readonly string[];
  /** Numbers of the helpers that its programs and functions call, ascending. */
  readonly helpers: readonly number[];
  readonly maps: readonly MapSpec[];
  /** Variables of `.rodata*`, `.data*`, `.bss*` and `.kconfig`, by name. */
  readonly globals: readonly GlobalSpec[];
  /** Every named struct and union of the BTF, which is where the type of an event is found by its name. */
  readonly structs: readonly StructType[];
  /** Functions of the kernel (kfuncs) that the object declares. */
  readonly kernelFunctions: readonly KernelFunctionSpec[];
}

export interface KernelFunctionSpec {
  readonly name: string;
  /** As the declaration names them; r1, r2, … where it does not. */
  readonly parameters: readonly {
    readonly name: string;
    /** What a pointer points to; undefined for numbers, and for what no value can be written of. */
    readonly pointsTo: DataType | undefined;
  }[];
}

export interface ProgramSpec {
  /** The C function's name. */
  readonly name: string;
  /** ELF section, for example `xdp` or `?tc/ingress`. */
  readonly section: string;
  /** From libbpf's table of section names; undefined where the section does not say. */
  readonly type: ProgramType | undefined;
  /** Expected attach type where the section implies one: the kernel's name in lower case, without BPF_ (`tcx_ingress`). */
  readonly attachType: string | undefined;
  /** Takes packets in several buffers: `xdp.frags`. */
  readonly frags: boolean;
  /** False for `SEC("?…")`: libbpf loads it only when asked to. */
  readonly autoload: boolean;
  /** Raw 8-byte instructions, before relocation. */
  readonly instructions: Uint8Array;
  /** C source lines of instructions, ascending by instruction; empty without .BTF.ext. */
  readonly lines: readonly LineInfo[];
}

export interface LineInfo {
  /** Index of the 8-byte slot in the program. */
  readonly instruction: number;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The source line's text as clang stored it. */
  readonly text: string;
}

/** Map types by their kernel names in lower case, without BPF_MAP_TYPE_; index = the kernel's number. */
export const mapTypes = [
  "unspec",
  "hash",
  "array",
  "prog_array",
  "perf_event_array",
  "percpu_hash",
  "percpu_array",
  "stack_trace",
  "cgroup_array",
  "lru_hash",
  "lru_percpu_hash",
  "lpm_trie",
  "array_of_maps",
  "hash_of_maps",
  "devmap",
  "sockmap",
  "cpumap",
  "xskmap",
  "sockhash",
  "cgroup_storage",
  "reuseport_sockarray",
  "percpu_cgroup_storage",
  "queue",
  "stack",
  "sk_storage",
  "devmap_hash",
  "struct_ops",
  "ringbuf",
  "inode_storage",
  "task_storage",
  "bloom_filter",
  "user_ringbuf",
  "cgrp_storage",
  "arena",
] as const;

export type MapType = (typeof mapTypes)[number];

/** One value per possible CPU behind each key. */
export function isPerCpu(type: MapType): boolean {
  return (
    type === "percpu_hash" || type === "percpu_array" || type === "lru_percpu_hash" || type === "percpu_cgroup_storage"
  );
}

export interface MapSpec {
  readonly name: string;
  readonly type: MapType;
  readonly keySizeBytes: number;
  readonly valueSizeBytes: number;
  /** 0 where the object leaves it to the loader (perf event arrays: number of CPUs). */
  readonly maxEntries: number;
  /** BPF_F_ flags of BPF_MAP_CREATE. */
  readonly flags: number;
  /** Types by BTF; undefined for objects or maps without it. */
  readonly key: DataType | undefined;
  readonly value: DataType | undefined;
  /** The template of an array or hash of maps. */
  readonly inner: MapSpec | undefined;
  readonly pinByName: boolean;
  /** `map_extra`: the number of hash functions of a bloom filter. */
  readonly extra: number;
  /** Slots that the object fills when it is loaded: programs of a prog_array, maps of an array or hash of maps. */
  readonly slots: readonly { readonly index: number; readonly target: string }[];
}

export interface GlobalSpec {
  readonly name: string;
  /** ELF section (`.rodata`, `.data.foo`, …), which is also how libbpf names the map, after the object's name. */
  readonly section: string;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  readonly type: DataType;
  /** Initial bytes from the ELF file; zeroes for `.bss`. */
  readonly initial: Uint8Array;
}

/** A C type as BTF describes it, resolved through typedefs and qualifiers; pointers are opaque. */
export type DataType =
  | {
      readonly kind: "int";
      readonly name: string;
      readonly sizeBytes: number;
      readonly signed: boolean;
      readonly encoding: "integer" | "char" | "bool";
      /** Big-endian by declaration (`__be16`, `__be32`, `__be64`): written and printed as the number meant. */
      readonly bigEndian: boolean;
    }
  | { readonly kind: "float"; readonly name: string; readonly sizeBytes: number }
  | {
      readonly kind: "enum";
      readonly name: string;
      readonly sizeBytes: number;
      readonly signed: boolean;
      readonly values: readonly { readonly name: string; readonly value: bigint }[];
    }
  | StructType
  | { readonly kind: "array"; readonly sizeBytes: number; readonly length: number; readonly element: DataType }
  | { readonly kind: "pointer"; readonly sizeBytes: number }
  /** Bytes without a known shape: forward declarations, maps without BTF. */
  | { readonly kind: "opaque"; readonly name: string; readonly sizeBytes: number };

export interface StructType {
  readonly kind: "struct" | "union";
  /** Tag, or else the name of the typedef; empty where there is neither. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly members: readonly DataMember[];
}

export interface DataMember {
  /** Empty for an anonymous struct or union, whose members are spoken of as if they were the parent's. */
  readonly name: string;
  readonly offsetBits: number;
  /** Width of a bit-field; undefined for an ordinary member. */
  readonly bitfieldBits: number | undefined;
  readonly type: DataType;
}
