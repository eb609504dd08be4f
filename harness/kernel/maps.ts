import { harnessError } from "../model/error.js";
import { toHex } from "../model/hex.js";
import { whyUnreadable, whyUnsettable } from "../model/map-access.js";
import { isPerCpu, type MapSpec } from "../model/object.js";
import type { MapObservation } from "../model/observation.js";
import type { MapPatch, MapValue, TcpEnd } from "../model/plan.js";
import { BpfMap, createMap, openMapById, slotBytes } from "./bpf-map.js";
import { possibleCpus } from "./cpus.js";
import { libc } from "./libc.js";

export type Entries = MapObservation["entries"];

/** What map values refer to, besides bytes. */
export interface References {
  /** Descriptor of a loaded program. */
  programFdOf(name: string): number;
  /** Descriptor of an end of a connection that a step has opened; undefined where it is not open. */
  socketFdOf(end: TcpEnd): number | undefined;
  /** Descriptor of the AF_XDP socket on a queue. */
  xskFdOf(queue: number): number;
  /** Index of an interface of the host that the program is attached to. */
  ifindexOf(dev: string): number;
}

/** Sets or deletes one entry as user space does; the map's own type decides what the value means. */
export function applyPatch(map: BpfMap, patch: MapPatch, references: References): void {
  const reason = whyUnsettable(map.spec);
  if (reason !== undefined) throw harnessError("unsupported", reason, { span: patch.span });
  if (patch.op === "delete") {
    map.delete(patch.key, patch.span);
    return;
  }
  const { value, span, key } = patch;
  if (!value) throw harnessError("internal", `map '${map.spec.name}': an entry to set without a value`, { span });
  if (value.kind === "inner") return setInner(map, patch, value.entries, references);
  map.update(key, encodeValue(map, value, references), span);
}

function encodeValue(map: BpfMap, value: Exclude<MapValue, { kind: "inner" }>, references: References): Uint8Array {
  const raw = new Uint8Array(map.rawValueBytes);
  const words = new DataView(raw.buffer);
  switch (value.kind) {
    case "bytes":
      if (isPerCpu(map.spec.type))
        for (let cpu = 0; cpu < possibleCpus(); cpu++) putSlot(raw, map.spec, cpu, value.bytes);
      else raw.set(value.bytes);
      return raw;
    case "perCpu":
      // A scenario may name more CPUs than this machine has: those values have nowhere to go.
      value.values.slice(0, possibleCpus()).forEach((bytes, cpu) => putSlot(raw, map.spec, cpu, bytes));
      return raw;
    case "program":
      words.setUint32(0, references.programFdOf(value.name), true);
      return raw;
    case "socket": {
      const fd = references.socketFdOf(value.end);
      if (fd === undefined) throw harnessError("scenario", `connection '${value.end.connection}' is not open`);
      words.setUint32(0, fd, true);
      return raw;
    }
    case "xsk":
      words.setUint32(0, references.xskFdOf(value.queue), true);
      return raw;
    case "device": // struct bpf_devmap_val, or only its first half
      words.setUint32(0, references.ifindexOf(value.dev), true);
      if (value.program !== undefined) words.setInt32(4, references.programFdOf(value.program), true);
      return raw;
    case "cpu": // struct bpf_cpumap_val, or only its first half
      words.setUint32(0, value.queueSize, true);
      if (value.program !== undefined) words.setInt32(4, references.programFdOf(value.program), true);
      return raw;
  }
}

function putSlot(raw: Uint8Array, spec: MapSpec, cpu: number, bytes: Uint8Array): void {
  raw.set(bytes, cpu * slotBytes(spec));
}

/** A new map like the template, filled, then put into the outer map, which keeps it alive. */
function setInner(map: BpfMap, patch: MapPatch, entries: readonly MapPatch[], references: References): void {
  const template = map.spec.inner;
  if (!template)
    throw harnessError("scenario", `map '${map.spec.name}' has no inner map to make more of`, {
      span: patch.span,
      hint: "declare the template in C: __array(values, struct { … })",
    });
  const fd = createMap(template);
  try {
    const inner = new BpfMap(template, fd);
    for (const entry of entries) applyPatch(inner, entry, references);
    const value = new Uint8Array(4);
    new DataView(value.buffer).setInt32(0, fd, true);
    map.update(patch.key, value, patch.span);
  } finally {
    libc().close(fd);
  }
}

/**
 * Everything in a map. Maps in maps, program arrays, devmaps and cpumaps give what the kernel gives: the numbers of
 * inner maps and programs, interface indices, queue sizes. Queues and stacks, which have no keys, get their
 * elements' places as keys (32-bit, the next one to come out is 0).
 */
export function readEntries(map: BpfMap): Entries {
  const reason = whyUnreadable(map.spec);
  if (reason) throw harnessError("unsupported", reason);
  if (map.spec.type === "queue" || map.spec.type === "stack") return readQueue(map);
  return map.entries().map(({ key, value }) => ({ key, values: valuesOf(map.spec, value) }));
}

/** Contents of the inner maps of an array or hash of maps, by outer key: `outer[0x00000000]` and its entries. */
export function readInnerMaps(map: BpfMap): { readonly name: string; readonly entries: Entries }[] {
  const { inner, name } = map.spec;
  if (!inner || whyUnreadable(inner)) return [];
  return map.entries().map(({ key, value }) => {
    const id = new DataView(value.buffer, value.byteOffset).getUint32(0, true);
    const fd = openMapById(id);
    try {
      return { name: `${name}[0x${toHex(key)}]`, entries: readEntries(new BpfMap(inner, fd)) };
    } finally {
      libc().close(fd);
    }
  });
}

function valuesOf(spec: MapSpec, raw: Uint8Array): Uint8Array[] {
  if (!isPerCpu(spec.type)) return [raw];
  return Array.from({ length: possibleCpus() }, (_, cpu) => {
    const start = cpu * slotBytes(spec);
    return raw.slice(start, start + spec.valueSizeBytes);
  });
}

/** The only way to see behind a queue's head is to take it off: everything is taken out and put back. */
function readQueue(map: BpfMap): Entries {
  const values: Uint8Array[] = [];
  for (let value = map.pop(); value; value = map.pop()) values.push(value);
  const none = new Uint8Array(0);
  for (const value of map.spec.type === "stack" ? values.toReversed() : values) map.update(none, value);
  return values.map((value, place) => {
    const key = new Uint8Array(4);
    new DataView(key.buffer).setUint32(0, place, true);
    return { key, values: [value] };
  });
}
