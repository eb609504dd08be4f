import type { FieldValue } from "../../model/packet.js";

/** Offsets of struct __sk_buff (include/uapi/linux/bpf.h). */
export const skbField = {
  len: 0,
  pkt_type: 4,
  mark: 8,
  queue_mapping: 12,
  protocol: 16,
  vlan_present: 20,
  vlan_tci: 24,
  vlan_proto: 28,
  priority: 32,
  ingress_ifindex: 36,
  ifindex: 40,
  tc_index: 44,
  cb: 48,
  hash: 68,
  tc_classid: 72,
  data: 76,
  data_end: 80,
  data_meta: 140,
  flow_keys: 144,
  tstamp: 152,
  wire_len: 160,
  gso_segs: 164,
  sk: 168,
  gso_size: 176,
  tstamp_type: 180,
  hwtstamp: 184,
} as const;

export const skbContextBytes = 192;
export const cbBytes = 20;

/** Offset and size of fields that programs of a type may write to (tc_cls_act_is_valid_access and its siblings). */
export type WritableField = readonly [offsetBytes: number, sizeBytes: number];

const cb: WritableField = [skbField.cb, cbBytes];
const mark: WritableField = [skbField.mark, 4];
const priority: WritableField = [skbField.priority, 4];
const tstamp: WritableField = [skbField.tstamp, 8];

export const writableFields = {
  sched_cls: [
    mark,
    [skbField.queue_mapping, 4],
    priority,
    [skbField.tc_index, 4],
    cb,
    [skbField.tc_classid, 4],
    tstamp,
  ],
  cgroup_skb: [mark, priority, cb, tstamp],
  socket_filter: [cb],
  lwt_in: [mark, priority, cb],
  lwt_out: [mark, priority, cb],
  lwt_xmit: [mark, priority, cb],
} as const satisfies Record<string, readonly WritableField[]>;

export type SkbProgramType = keyof typeof writableFields;

/** Programs on a route, "lightweight tunnels". */
export function isLwt(type: SkbProgramType): boolean {
  return type === "lwt_in" || type === "lwt_out" || type === "lwt_xmit";
}

/** What a test run takes from a context that goes in, and gives in one that comes out (net/bpf/test_run.c). */
export const skbInputFields = [
  "mark",
  "priority",
  "ingress_ifindex",
  "ifindex",
  "cb",
  "tstamp",
  "wire_len",
  "gso_segs",
  "gso_size",
  "hwtstamp",
] as const;

const wideFields: ReadonlySet<string> = new Set(["tstamp", "hwtstamp"]);

/** Sets a field of the structure that a view begins with; `cb` is a list of five words. */
export function writeSkbField(view: DataView, name: string, value: FieldValue): void {
  const offset = (skbField as Readonly<Record<string, number>>)[name];
  if (offset === undefined) throw new RangeError(`struct __sk_buff has no field ${name}`);
  if (Array.isArray(value)) value.forEach((word, i) => view.setUint32(offset + 4 * i, Number(word), true));
  else if (wideFields.has(name)) view.setBigUint64(offset, BigInt(value as number | bigint), true);
  else view.setUint32(offset, Number(value), true);
}

/** What goes with a packet from one program to the next, beside what a test run gives back. */
const carriedFields = ["pkt_type", "vlan_present", "vlan_tci", "vlan_proto"] as const;

/** The fields that come out of a run; numbers are numbers up to 53 bits. */
export function readSkbFields(view: DataView): Record<string, FieldValue> {
  const read = (name: (typeof skbInputFields | typeof carriedFields)[number]): FieldValue => {
    const offset = skbField[name];
    if (name === "cb") return Array.from({ length: cbBytes / 4 }, (_, i) => view.getUint32(offset + 4 * i, true));
    if (!wideFields.has(name)) return view.getUint32(offset, true);
    const wide = view.getBigUint64(offset, true);
    return wide <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(wide) : wide;
  };
  return Object.fromEntries([...skbInputFields, ...carriedFields].map((name) => [name, read(name)]));
}
