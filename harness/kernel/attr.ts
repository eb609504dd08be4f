/**
 * bpf(2): command numbers and the places of fields in `union bpf_attr` (include/uapi/linux/bpf.h), which is laid
 * out by hand so that one buffer can be kept and changed in place. attr.live.test.ts holds the numbers against the
 * kernel headers.
 */
export const bpfCommands = {
  BPF_MAP_CREATE: 0,
  BPF_MAP_LOOKUP_ELEM: 1,
  BPF_MAP_UPDATE_ELEM: 2,
  BPF_MAP_DELETE_ELEM: 3,
  BPF_MAP_GET_NEXT_KEY: 4,
  BPF_PROG_LOAD: 5,
  BPF_OBJ_PIN: 6,
  BPF_OBJ_GET: 7,
  BPF_PROG_TEST_RUN: 10,
  BPF_MAP_GET_FD_BY_ID: 14,
  BPF_OBJ_GET_INFO_BY_FD: 15,
  BPF_MAP_LOOKUP_AND_DELETE_ELEM: 21,
  BPF_MAP_LOOKUP_BATCH: 24,
} as const;

/** Field name → offset in bytes, by the C names: `test.data_in`. */
export const attrOffsets = {
  map_type: 0,
  key_size: 4,
  value_size: 8,
  max_entries: 12,
  map_flags: 16,
  inner_map_fd: 20,
  map_name: 28,
  map_extra: 64,

  map_fd: 0,
  key: 8,
  value: 16,
  next_key: 16,
  flags: 24,

  "batch.in_batch": 0,
  "batch.out_batch": 8,
  "batch.keys": 16,
  "batch.values": 24,
  "batch.count": 32,
  "batch.map_fd": 36,
  "batch.elem_flags": 40,

  "test.prog_fd": 0,
  "test.retval": 4,
  "test.data_size_in": 8,
  "test.data_size_out": 12,
  "test.data_in": 16,
  "test.data_out": 24,
  "test.repeat": 32,
  "test.duration": 36,
  "test.ctx_size_in": 40,
  "test.ctx_size_out": 44,
  "test.ctx_in": 48,
  "test.ctx_out": 56,
  "test.flags": 64,
  "test.batch_size": 72,

  pathname: 0,
  bpf_fd: 8,

  map_id: 0,

  "info.bpf_fd": 0,
  "info.info_len": 4,
  "info.info": 8,
} as const;

/** Enough for every command above; the kernel wants unused bytes to be zero. */
export const attrSizeBytes = 80;
