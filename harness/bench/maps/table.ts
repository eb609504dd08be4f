import { attrOffsets as at, attrSizeBytes, bpfCommands } from "../../kernel/attr.js";
import { BpfMap } from "../../kernel/bpf-map.js";
import { possibleCpus } from "../../kernel/cpus.js";
import { libc, orThrow } from "../../kernel/libc.js";
import type { LoadedObject } from "../../kernel/loaded-object.js";
import type { RunFolder } from "../../kernel/run-folder.js";
import { isPerCpu, mapTypes, type MapSpec } from "../../model/object.js";
import { loadProgram, word32 } from "../load-program.js";
import { shippedObject } from "../shipped-object.js";
import { TestRunTimer } from "../test-run-timer.js";

/** The maps of bpf/bench/bench_maps.bpf.c. */
export const tableTypes = {
  array: "array",
  percpu_array: "per-CPU array",
  hash: "hash",
  percpu_hash: "per-CPU hash",
  lru_hash: "LRU hash",
  lpm_trie: "LPM trie",
} as const;

export type TableType = keyof typeof tableTypes;
export type Operation = "lookup" | "update";

/** The shortest frame; programs do not look at it. */
const frame = new Uint8Array(64);

/** A map of a size, filled in part, and a program that does one thing to a random key of it. */
export class Table {
  readonly #loaded: LoadedObject;
  readonly #mapFd: number;
  readonly #timer: TestRunTimer;

  /** `filled`: from 0 to 1, of the keys that are drawn. Arrays are always full. */
  constructor(type: TableType, operation: Operation, entries: number, filled: number, folder: RunFolder) {
    const object = shippedObject("bench_maps");
    const spec: MapSpec = { ...object.maps.find(({ name }) => name === type)!, maxEntries: entries };
    this.#mapFd = createMap(spec);
    fill(new BpfMap(spec, this.#mapFd), Math.round(entries * filled));
    const globals = { keys: word32(entries) };
    const reuse = new Map([[type, this.#mapFd]]);
    this.#loaded = loadProgram({ object, entry: `${operation}_${type}`, hook: "xdp", globals, reuse }, folder);
    this.#timer = new TestRunTimer(this.#loaded.programFd, { data: frame, context: undefined });
  }

  get programFd(): number {
    return this.#loaded.programFd;
  }

  /** Nanoseconds an operation, the drawing of the key included. */
  measure(runs: number): number {
    return this.#timer.run(runs);
  }

  close(): void {
    this.#loaded.close();
    libc().close(this.#mapFd);
  }
}

function createMap(spec: MapSpec): number {
  const attr = new Uint8Array(attrSizeBytes);
  const view = new DataView(attr.buffer);
  view.setUint32(at.map_type, mapTypes.indexOf(spec.type), true);
  view.setUint32(at.key_size, spec.keySizeBytes, true);
  view.setUint32(at.value_size, spec.valueSizeBytes, true);
  view.setUint32(at.max_entries, spec.maxEntries, true);
  view.setUint32(at.map_flags, spec.flags, true);
  return orThrow(libc().bpf(bpfCommands.BPF_MAP_CREATE, attr, attrSizeBytes), `creating a ${spec.type}`);
}

function fill(map: BpfMap, entries: number): void {
  const { type, keySizeBytes, valueSizeBytes } = map.spec;
  if (type === "array" || type === "percpu_array") return;
  const value = new Uint8Array(valueSizeBytes * (isPerCpu(type) ? possibleCpus() : 1));
  const key = new Uint8Array(keySizeBytes);
  const view = new DataView(key.buffer);
  if (type === "lpm_trie") view.setUint32(0, 32, true);
  for (let n = 0; n < entries; n++) {
    view.setUint32(keySizeBytes - 4, n, true);
    map.update(key, value);
  }
}
