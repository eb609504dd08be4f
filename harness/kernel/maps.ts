import { harnessError } from "../model/error.js";
import { toHex } from "../model/hex.js";
import { isPerCpu, type MapSpec, type MapType } from "../model/object.js";
import type { MapObservation } from "../model/observation.js";
import type { MapPatch, MapValue } from "../model/plan.js";
import { BpfMap, createMap, openMapById, slotBytes } from "./bpf-map.js";
import { possibleCpus } from "./cpus.js";
import { libc } from "./libc.js";

export type Entries = MapObservation["entries"];

/** What map values refer to, besides bytes. */
export interface References {
  /** Descriptor of a loaded program. */
  programFdOf(name: string): number;
  /** Index of an interface of the host that the program is attached to. */
  ifindexOf(dev: string): number;
}

/** Why user space cannot see what such a map holds; undefined where it can. Kernel 6.18, and no kernel before it. */
const unreadable: Partial<Record<MapType, string>> = {
  perf_event_array: "its slots are perf events: read its records with expect.events",
  ringbuf: "it is a stream: read its records with expect.events",
  user_ringbuf: "only user space writes to it",
  bloom_filter: "it can say whether a value may be there, not which are",
  cgroup_array: "the kernel gives no value back",
  xskmap: "the kernel gives no AF_XDP socket back",
  sockmap: "the kernel gives no socket back",
  sockhash: "the kernel gives no socket back",
  reuseport_sockarray: "the kernel gives no socket back",
  sk_storage: "its keys are sockets, and cannot be listed",
  inode_storage: "its keys are inodes, and cannot be listed",
  task_storage: "its keys are tasks, and cannot be listed",
  cgrp_storage: "its keys are cgroups, and cannot be listed",
  struct_ops: "it holds kernel functions",
  arena: "it is memory, not entries",
};

/** Why a scenario cannot expect anything of such a map's contents; undefined where it can. */
export function whyUnreadable(spec: MapSpec): string | undefined {
  const reason = unreadable[spec.type];
  return reason && `contents of map '${spec.name}' (${spec.type}): ${reason}`;
}

/** Values of these are sockets, perf events or the like, which a scenario cannot name. */
const unsettable: Partial<Record<MapType, string>> = {
  perf_event_array: "expect.events sets up its buffers",
  ringbuf: "only programs write to it",
  user_ringbuf: "it is a stream, not entries",
  cgroup_array: "its values are cgroups",
  xskmap: "its values are AF_XDP sockets",
  sockmap: "its values are sockets",
  sockhash: "its values are sockets",
  reuseport_sockarray: "its values are sockets",
  sk_storage: "its keys are sockets",
  inode_storage: "its keys are inodes",
  task_storage: "its keys are tasks",
  cgrp_storage: "its keys are cgroups",
  struct_ops: "it holds kernel functions",
  arena: "it is memory, not entries",
};

/** Why a scenario cannot put entries into such a map; undefined where it can. */
export function whyUnsettable(spec: MapSpec): string | undefined {
  const reason = unsettable[spec.type];
  return reason && `entries of map '${spec.name}' (${spec.type}): ${reason}`;
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
