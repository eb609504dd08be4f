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
  tstamp: 152,
  wire_len: 160,
  gso_segs: 164,
  gso_size: 176,
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
} as const satisfies Record<string, readonly WritableField[]>;

export type SkbProgramType = keyof typeof writableFields;
