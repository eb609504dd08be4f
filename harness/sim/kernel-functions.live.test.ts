import { itAgreesWithTheKernel, type HelperCase } from "./helper-agreement.test.js";

/** What older headers lack. */
const types = `
  typedef _Bool bool;
  struct bpf_list_head { __u64 opaque[2]; } __attribute__((aligned(8)));
  struct bpf_list_node { __u64 opaque[3]; } __attribute__((aligned(8)));
  struct bpf_rb_root { __u64 opaque[2]; } __attribute__((aligned(8)));
  struct bpf_rb_node { __u64 opaque[4]; } __attribute__((aligned(8)));`;

/** Functions that return a bool are declared as int: of their result, x86-64 sets the lowest byte only. */
const dynptrFunctions = `
  ${types}
  extern int bpf_dynptr_from_xdp(struct xdp_md *xdp, __u64 flags, struct bpf_dynptr *ptr) __ksym __weak;
  extern int bpf_dynptr_from_skb(struct __sk_buff *skb, __u64 flags, struct bpf_dynptr *ptr) __ksym __weak;
  extern void *bpf_dynptr_slice(const struct bpf_dynptr *ptr, __u32 offset, void *buffer, __u32 buffer__szk) __ksym;
  extern void *bpf_dynptr_slice_rdwr(const struct bpf_dynptr *ptr, __u32 offset, void *buffer, __u32 buffer__szk) __ksym;
  extern int bpf_dynptr_adjust(const struct bpf_dynptr *ptr, __u32 start, __u32 end) __ksym;
  extern int bpf_dynptr_is_null(const struct bpf_dynptr *ptr) __ksym;
  extern int bpf_dynptr_is_rdonly(const struct bpf_dynptr *ptr) __ksym;
  extern __u32 bpf_dynptr_size(const struct bpf_dynptr *ptr) __ksym;
  extern int bpf_dynptr_clone(const struct bpf_dynptr *ptr, struct bpf_dynptr *clone) __ksym;`;

const dynptrCalls = `
  struct bpf_dynptr copy;
  __u8 bytes[16] = {}, *part;
  note(bpf_dynptr_size(&whole));
  note(bpf_dynptr_is_rdonly(&whole) & 1);
  note(bpf_dynptr_read(bytes, 16, &whole, arg[0] % 90, arg[1] % 2));
  for (int i = 0; i < 16; i++) note(bytes[i]);
  note(bpf_dynptr_write(&whole, arg[1] % 90, bytes, 16, arg[2] % 9));
  note(bpf_dynptr_clone(&whole, &copy));
  note(bpf_dynptr_adjust(&copy, arg[3] % 40, arg[4] % 90));
  note(bpf_dynptr_size(&copy));
  note(bpf_dynptr_is_null(&copy) & 1);
  part = bpf_dynptr_slice(&copy, arg[5] % 60, bytes, 16);
  note(part ? part[0] << 8 | part[15] : -1);
  part = bpf_dynptr_slice_rdwr(&copy, arg[0] % 30, bytes, 16);
  if (part) part[3] = arg[1];
  note(bpf_dynptr_write(&copy, arg[2] % 60, &arg[3], 4, 0));`;

const objects = `
  ${types}
  #define __contains(name, node) __attribute__((btf_decl_tag("contains:" #name ":" #node)))
  #define private(name) SEC(".data." #name) __attribute__((aligned(8)))
  extern void *bpf_obj_new_impl(__u64 local_type_id, void *meta) __ksym;
  extern void bpf_obj_drop_impl(void *object, void *meta) __ksym;
  extern int bpf_list_push_front_impl(struct bpf_list_head *head, struct bpf_list_node *node, void *meta, __u64 off) __ksym;
  extern int bpf_list_push_back_impl(struct bpf_list_head *head, struct bpf_list_node *node, void *meta, __u64 off) __ksym;
  extern struct bpf_list_node *bpf_list_pop_front(struct bpf_list_head *head) __ksym;
  extern struct bpf_list_node *bpf_list_pop_back(struct bpf_list_head *head) __ksym;
  extern int bpf_rbtree_add_impl(struct bpf_rb_root *root, struct bpf_rb_node *node,
    bool (less)(struct bpf_rb_node *a, const struct bpf_rb_node *b), void *meta, __u64 off) __ksym;
  extern struct bpf_rb_node *bpf_rbtree_first(struct bpf_rb_root *root) __ksym;
  extern struct bpf_rb_node *bpf_rbtree_remove(struct bpf_rb_root *root, struct bpf_rb_node *node) __ksym;
  #define new(type) ((type *)bpf_obj_new_impl(__builtin_btf_type_id(*(type *)0, 0), 0))
  #define drop(object) bpf_obj_drop_impl(object, 0)
  #define holder(pointer, type, member) ((type *)((void *)(pointer) - __builtin_offsetof(type, member)))`;

const cases: readonly HelperCase[] = [
  {
    name: "dynptrs of XDP packets",
    type: "xdp",
    maps: dynptrFunctions,
    calls: `struct bpf_dynptr whole; note(bpf_dynptr_from_xdp(context, arg[3] % 4 == 0, &whole)); ${dynptrCalls}`,
  },
  {
    name: "dynptrs of skbs",
    type: "sched_cls",
    maps: dynptrFunctions,
    calls: `struct bpf_dynptr whole; note(bpf_dynptr_from_skb(context, arg[3] % 4 == 0, &whole)); ${dynptrCalls}`,
  },
  {
    name: "dynptrs of memory and of ring buffers",
    type: "xdp",
    maps: `
      struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } ring SEC(".maps");
      struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, __u32); __type(value, char[64]); __uint(max_entries, 1); } memory SEC(".maps");`,
    calls: `
      struct bpf_dynptr whole, record;
      __u8 bytes[8] = {}, *part;
      __u32 *value = bpf_map_lookup_elem(&memory, &zero);
      if (!value) return 0;
      note(bpf_dynptr_from_mem(value, 64, arg[0] % 3, &whole));
      note(bpf_dynptr_write(&whole, arg[1] % 70, arg, 8, arg[2] % 2));
      note(bpf_dynptr_read(bytes, 8, &whole, arg[3] % 70, 0));
      for (int i = 0; i < 8; i++) note(bytes[i]);
      part = bpf_dynptr_data(&whole, arg[4] % 70, 8);
      if (part) part[7]++;
      note(bpf_ringbuf_reserve_dynptr(&ring, arg[5] % 128, arg[0] % 2, &record));
      note(bpf_dynptr_write(&record, arg[1] % 70, arg, 8, 0));
      if (arg[2] % 2) bpf_ringbuf_submit_dynptr(&record, 1); else bpf_ringbuf_discard_dynptr(&record, 1);`,
  },
  {
    name: "loops over numbers",
    type: "xdp",
    maps: `
      struct bpf_iter_num { __u64 opaque; } __attribute__((aligned(8)));
      extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym;
      extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym;
      extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym;`,
    calls: `
      struct bpf_iter_num it;
      int *next;
      note(bpf_iter_num_new(&it, (int)(arg[0] % 50) - 10, arg[1] % 7 ? (int)(arg[2] % 60) : 0x7fffffff));
      for (int left = 70; (next = bpf_iter_num_next(&it)); ) { note(*next); if (left-- == 0) break; }
      bpf_iter_num_destroy(&it);`,
  },
  {
    name: "lists of allocated objects",
    type: "sched_cls",
    maps: `${objects}
      struct item { struct bpf_list_node node; __u32 number; };
      private(list) struct bpf_spin_lock lock;
      private(list) struct bpf_list_head head __contains(item, node);`,
    calls: `
      for (int i = 0; i < 3; i++) {
        struct bpf_list_node *node;
        struct item *item = new(struct item);
        if (!item) return 0;
        item->number = arg[i];
        bpf_spin_lock(&lock);
        if (arg[i] & 1) bpf_list_push_front_impl(&head, &item->node, 0, 0);
        else bpf_list_push_back_impl(&head, &item->node, 0, 0);
        bpf_spin_unlock(&lock);
        if (!(arg[3] >> i & 1)) continue;
        bpf_spin_lock(&lock);
        node = arg[4] >> i & 1 ? bpf_list_pop_front(&head) : bpf_list_pop_back(&head);
        bpf_spin_unlock(&lock);
        if (!node) continue;
        item = holder(node, struct item, node);
        note(item->number);
        drop(item);
      }`,
  },
  {
    name: "trees of allocated objects",
    type: "sched_cls",
    maps: `${objects}
      struct leaf { struct bpf_rb_node node; __u32 number; };
      private(tree) struct bpf_spin_lock lock;
      private(tree) struct bpf_rb_root root __contains(leaf, node);
      static bool less(struct bpf_rb_node *a, const struct bpf_rb_node *b) {
        return holder(a, struct leaf, node)->number < holder(b, struct leaf, node)->number;
      }`,
    calls: `
      for (int i = 0; i < 4; i++) {
        struct bpf_rb_node *node;
        struct leaf *leaf = new(struct leaf);
        if (!leaf) return 0;
        leaf->number = arg[i] % 100;
        bpf_spin_lock(&lock);
        bpf_rbtree_add_impl(&root, &leaf->node, less, 0, 0);
        bpf_spin_unlock(&lock);
        if (arg[4] >> i & 1) continue;
        bpf_spin_lock(&lock);
        node = bpf_rbtree_first(&root);
        if (!node) { bpf_spin_unlock(&lock); continue; }
        node = bpf_rbtree_remove(&root, node);
        bpf_spin_unlock(&lock);
        if (!node) continue;
        leaf = holder(node, struct leaf, node);
        note(leaf->number);
        drop(leaf);
      }`,
  },
  {
    name: "exceptions",
    type: "sched_cls",
    maps: `
      extern void bpf_throw(__u64 cookie) __ksym;
      __attribute__((noinline)) static int deep(__u32 number) { if (number & 1) bpf_throw(number & 0xffff); return number & 0xff; }`,
    calls: `note(deep(arg[0])); bpf_skb_store_bytes(context, 20, &arg[1], 4, 0); note(deep(arg[1]));`,
  },
  {
    name: "connection tracking without connections",
    type: "xdp",
    maps: `
      struct bpf_ct_opts { __s32 netns; __s32 error; __u8 protocol, direction; __u16 zone; __u8 zone_direction, reserved[3]; };
      struct nf_conn { int unused; } __attribute__((preserve_access_index));
      extern struct nf_conn *bpf_xdp_ct_lookup(struct xdp_md *xdp, struct bpf_sock_tuple *tuple, __u32 tuple_size,
        struct bpf_ct_opts *options, __u32 options_size) __ksym;
      extern void bpf_ct_release(struct nf_conn *connection) __ksym;`,
    calls: `
      struct bpf_sock_tuple tuple = {};
      struct bpf_ct_opts options = { .netns = -1 - (arg[0] % 9 == 0), .protocol = arg[1] % 3 ? 6 : arg[2] % 20,
        .zone = arg[3] % 2, .reserved = { arg[4] % 5 == 0 } };
      struct nf_conn *found = arg[5] % 4 == 0 ? bpf_xdp_ct_lookup(context, &tuple, 36, &options, 12)
        : arg[5] % 4 == 1 ? bpf_xdp_ct_lookup(context, &tuple, 20, &options, 16)
        : bpf_xdp_ct_lookup(context, &tuple, 12, &options, 16);
      note(!!found);
      note(options.error);
      if (found) bpf_ct_release(found);`,
  },
];

describe("kernel functions, simulated and in the kernel", () => itAgreesWithTheKernel(cases));
