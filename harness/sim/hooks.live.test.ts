import * as fc from "fast-check";
import { frames, itAgreesWithTheKernel, type HelperCase } from "./helper-agreement.test.js";

/** Some with fewer bytes in the first buffer than would fit. */
const inSeveralBuffers = fc
  .tuple(fc.uint8Array({ minLength: 64, maxLength: 64 }), fc.integer({ min: 64, max: 20_000 }), fc.option(fc.nat(5000)))
  .map(([seed, length, linear]) => {
    const bytes = Uint8Array.from({ length }, (_, i) => seed[i % 64]! ^ (i >> 6));
    return linear === null ? { bytes } : { bytes, linearBytes: Math.min(linear, length) };
  });

/** Packets as the kernel may have put them together from segments, with whatever else an skb says beside its bytes. */
const withFields = fc
  .record({
    bytes: frames,
    mark: fc.nat(),
    priority: fc.nat(),
    cb: fc.array(fc.nat(), { minLength: 5, maxLength: 5 }),
    tstamp: fc.bigInt({ min: 0n, max: 2n ** 62n }),
    hwtstamp: fc.bigInt({ min: 0n, max: 2n ** 62n }),
    ingress_ifindex: fc.nat({ max: 1 }),
    wire_len: fc.oneof(fc.constant(0), fc.integer({ min: 200, max: 65_536 })),
    gso_segs: fc.nat({ max: 65_535 }),
    gso_size: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 9000 })),
  })
  .map(({ bytes, ...fields }) => ({ bytes, fields }));

/** Connections that sockets are looked up for; nobody listens. */
const lookups = fc
  .record({
    family: fc.constantFrom(2, 10),
    protocol: fc.constantFrom(6, 17),
    remote_ip4: fc.uint8Array({ minLength: 4, maxLength: 4 }),
    local_ip4: fc.uint8Array({ minLength: 4, maxLength: 4 }),
    remote_ip6: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    local_ip6: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    remote_port: fc.nat({ max: 0xffff }),
    local_port: fc.nat({ max: 0xffff }),
  })
  .map((fields) => ({ bytes: new Uint8Array(), fields }));

/** Bytes that a program sees; the compiler may not calculate with the pointers themselves any further. */
const edge = `
  __u64 edge = context->data_end - context->data;
  asm volatile("" : "+r"(edge));`;

const cases: readonly HelperCase[] = [
  {
    name: "XDP packets in several buffers",
    type: "xdp",
    samples: inSeveralBuffers,
    calls: `
      __u8 bytes[16] = {};
      __u64 *first = (void *)(long)context->data, length = bpf_xdp_get_buff_len(context);
      note(length);
      ${edge}
      note(edge);
      if (first + 1 <= (__u64 *)(long)context->data_end) note(*first);
      note(bpf_xdp_load_bytes(context, arg[0] % 21000, bytes, (arg[1] & 15) + 1));
      note(bpf_xdp_load_bytes(context, edge - arg[1] % 20, bytes, 16));
      for (int i = 0; i < 16; i++) note(bytes[i]);
      note(bpf_xdp_store_bytes(context, arg[2] % 70000, bytes, 16));
      note(bpf_xdp_store_bytes(context, 3520 + 4096 - arg[3] % 20, bytes, 16));
      note(bpf_xdp_adjust_head(context, (int)(arg[4] % 300) - 150));
      note(bpf_xdp_adjust_tail(context, arg[5] % 3 ? (int)(arg[5] % 600) - 300 : -(arg[5] % 21000)));
      note(bpf_xdp_get_buff_len(context));
      note(bpf_xdp_adjust_tail(context, (int)(arg[3] % 10000) - 7000));
      note(bpf_xdp_get_buff_len(context));
      __u32 mtu = 0;
      note(bpf_check_mtu(context, 1, &mtu, 0, 0));`,
  },
  {
    name: "bpf_xdp_pull_data",
    type: "xdp",
    samples: inSeveralBuffers,
    maps: `extern int bpf_xdp_pull_data(struct xdp_md *context, __u32 length) __ksym __weak;`,
    calls: `
      note(bpf_xdp_adjust_meta(context, -(int)(arg[5] & 0x1c)));
      for (int i = 0; i < 4; i++) {
        note(bpf_xdp_pull_data(context, arg[i] % (i % 2 ? 200 : 4500)));
        note(context->data_end - context->data);
        note(bpf_xdp_get_buff_len(context));
        note(bpf_xdp_adjust_tail(context, -(arg[4] % 500)));
      }
      note(bpf_xdp_adjust_tail(context, arg[4] % 700));
      __u64 *first = (void *)(long)context->data;
      if (first + 1 <= (__u64 *)(long)context->data_end) note(*first);`,
  },
  {
    name: "dynptrs of XDP packets in several buffers",
    type: "xdp",
    samples: inSeveralBuffers,
    maps: `
      extern int bpf_dynptr_from_xdp(struct xdp_md *xdp, __u64 flags, struct bpf_dynptr *ptr) __ksym __weak;
      extern void *bpf_dynptr_slice(const struct bpf_dynptr *ptr, __u32 offset, void *buffer, __u32 buffer__szk) __ksym;
      extern void *bpf_dynptr_slice_rdwr(const struct bpf_dynptr *ptr, __u32 offset, void *buffer, __u32 buffer__szk) __ksym;
      extern __u32 bpf_dynptr_size(const struct bpf_dynptr *ptr) __ksym;`,
    calls: `
      ${edge}
      struct bpf_dynptr whole;
      __u8 bytes[16] = {}, *part;
      note(bpf_dynptr_from_xdp(context, 0, &whole));
      note(bpf_dynptr_size(&whole));
      note(bpf_dynptr_read(bytes, 16, &whole, arg[0] % 21000, 0));
      for (int i = 0; i < 16; i++) note(bytes[i]);
      note(bpf_dynptr_write(&whole, edge - arg[1] % 20, bytes, 16, 0));
      part = bpf_dynptr_slice(&whole, edge - arg[2] % 20, bytes, 16);
      note(part ? part[0] << 8 | part[15] : -1);
      part = bpf_dynptr_slice_rdwr(&whole, edge + 4096 - arg[3] % 20, bytes, 16);
      if (part) { note(part[0] << 8 | part[15]); part[3] = arg[4]; }`,
  },
  {
    name: "what an skb says beside its bytes",
    type: "sched_cls",
    samples: withFields,
    calls: `
      note(context->mark); note(context->priority); note(context->cb[2]); note(context->tstamp); note(context->hwtstamp);
      note(context->ingress_ifindex); note(context->ifindex); note(context->wire_len); note(context->gso_segs);
      note(context->gso_size); note(context->len); note(context->tstamp_type); note(context->hash);
      context->mark = arg[0]; context->priority = arg[1]; context->cb[1] = arg[2]; context->tstamp = arg[3];
      bpf_set_hash(context, arg[4]);
      note(context->hash);
      if (arg[5] % 2) bpf_set_hash_invalid(context);
      note(context->hash);
      note(bpf_skb_set_tstamp(context, arg[4] % 3 ? arg[4] : 0, arg[5] % 5));
      note(context->tstamp_type);`,
  },
  ...(
    [
      ["bpf_skb_adjust_room", "bpf_skb_adjust_room(context, (int)(arg[0] % 80) - 20, arg[1] % 2, arg[2] % 0x200)"],
      ["bpf_skb_change_proto", "bpf_skb_change_proto(context, arg[0] % 2 ? bpf_htons(0x0800) : bpf_htons(0x86dd), 0)"],
      ["bpf_skb_change_tail", "bpf_skb_change_tail(context, arg[0] % 200, 0)"],
      ["bpf_skb_change_head", "bpf_skb_change_head(context, arg[0] % 200, 0)"],
      ["bpf_skb_vlan_push", "bpf_skb_vlan_push(context, bpf_htons(0x8100), arg[0] & 0xfff)"],
      ["bpf_skb_ecn_set_ce", "bpf_skb_ecn_set_ce(context)"],
    ] as const
  ).map(([name, call]): HelperCase => ({
    name: `segments and hash after ${name}`,
    type: "sched_cls",
    samples: withFields,
    calls: `
        bpf_set_hash(context, arg[5]);
        note(${call});
        note(context->len); note(context->gso_size); note(context->gso_segs); note(context->protocol);
        note(context->hash); note(context->wire_len);
        note(${call});
        note(context->len); note(context->gso_size); note(context->gso_segs); note(context->hash);`,
  })),
  {
    name: "the hash of a packet that is written to",
    type: "sched_cls",
    calls: `
      bpf_set_hash(context, arg[0]);
      note(bpf_skb_store_bytes(context, arg[1] % 60, &arg[2], 4, arg[3] % 4));
      note(context->hash);
      bpf_set_hash(context, arg[1]);
      note(bpf_skb_pull_data(context, arg[4] % 200));
      note(bpf_l4_csum_replace(context, 40, arg[1], arg[3], 4));
      note(bpf_skb_vlan_pop(context));
      note(context->hash);`,
  },
  {
    name: "several layers of encapsulation",
    type: "sched_cls",
    samples: withFields,
    calls: `
      note(bpf_skb_adjust_room(context, 20 + arg[0] % 60, BPF_ADJ_ROOM_MAC, arg[1] & 0x3f));
      note(context->len); note(context->protocol);
      note(bpf_skb_adjust_room(context, 20 + arg[2] % 60, BPF_ADJ_ROOM_MAC,
        (arg[3] & 0x5e) | (arg[4] % 2 ? BPF_F_ADJ_ROOM_ENCAP_L2(arg[4] % 20) : 0)));
      note(context->len); note(context->protocol);
      note(bpf_skb_adjust_room(context, -(20 + (int)(arg[5] % 60)), BPF_ADJ_ROOM_MAC, arg[0] & 0x1a1));
      note(context->len); note(context->protocol); note(context->gso_size);`,
  },
  {
    name: "bpf_check_mtu of segments",
    type: "sched_cls",
    samples: withFields,
    calls: `
      __u32 length = 0;
      note(bpf_check_mtu(context, 0, &length, arg[0] % 2 ? 0 : 70000, 0));
      length = arg[1] % 2 ? 0 : 65600;
      note(bpf_check_mtu(context, 0, &length, 0, 0));`,
  },
  {
    name: "what a socket lookup is told",
    type: "sk_lookup",
    samples: lookups,
    calls: `
      note(context->family); note(context->protocol); note(context->ingress_ifindex); note(!context->sk);
      for (int i = 0; i < 6; i++) note(arg[i]);
      for (int i = 0; i < 4; i++) { note(context->remote_ip6[i]); note(context->local_ip6[i]); }
      note(*(__u8 *)&context->family); note(*((__u8 *)&context->remote_ip4 + 1)); note(*((__u16 *)&context->local_ip4 + 1));
      note(*(__u8 *)&context->remote_port); note(*((__u8 *)&context->remote_port + 1));
      note(*(__u16 *)&context->remote_port); note(*(volatile __u8 *)&context->local_port);
      note(*(volatile __u16 *)&context->local_port); note(*((__u8 *)&context->protocol));
      note(bpf_sk_assign(context, 0, arg[3] % 5));`,
  },
  {
    name: "what a program on a route sees",
    type: "lwt_out",
    calls: `
      note(context->len); note(context->protocol); note(context->mark); note(context->pkt_type); note(context->hash);
      note(context->ingress_ifindex); note(context->ifindex); note(context->priority);
      note(context->data_end - context->data);
      note(bpf_skb_pull_data(context, arg[0] % 200));
      note(bpf_get_route_realm(context));
      note(bpf_get_cgroup_classid(context));
      context->mark = arg[1]; context->priority = arg[2]; context->cb[4] = arg[3];
      note(context->mark); note(context->priority); note(context->cb[4]);
      __u8 *first = (void *)(long)context->data;
      if (first + 1 <= (__u8 *)(long)context->data_end) note(*first);`,
  },
  {
    name: "bpf_lwt_push_encap",
    type: "lwt_in",
    calls: `
      __u8 header[64] = {};
      __builtin_memcpy(header + 12, arg, 24);
      /* No fewer than five words: of what is less, each architecture's ip_fast_csum() makes something else. */
      header[0] = arg[0] % 5 == 0 ? arg[0] >> 8 | 5 : arg[0] % 2 ? 0x45 : arg[0] % 4 ? 0x60 : 0x46;
      if (arg[1] % 3 == 0) header[11] = 7;
      note(bpf_lwt_push_encap(context, arg[2] % 4 ? BPF_LWT_ENCAP_IP : 2 + arg[3] % 3, header, arg[4] % 5 ? 40 : (arg[5] & 63) + 1));
      note(context->len); note(context->protocol);
      __u8 *first = (void *)(long)context->data;
      if (first + 12 <= (__u8 *)(long)context->data_end) note(first[10] + (first[11] << 8));
      note(bpf_lwt_push_encap(context, BPF_LWT_ENCAP_IP, header, 20));
      note(context->len); note(context->protocol);`,
  },
  {
    name: "what a program on a route may change before a packet leaves",
    type: "lwt_xmit",
    calls: `
      __u8 bytes[8] = {};
      note(bpf_skb_store_bytes(context, arg[0] % 100, arg, 8, arg[1] % 5));
      note(bpf_l3_csum_replace(context, 10, arg[1], arg[2], 2));
      note(bpf_l4_csum_replace(context, 26, arg[1], arg[3], 4 | BPF_F_MARK_MANGLED_0));
      note(bpf_csum_update(context, arg[4]));
      note(bpf_skb_change_tail(context, arg[2] % 150, arg[3] % 8 == 0));
      note(context->len);
      note(bpf_skb_change_head(context, arg[4] % 100, arg[5] % 8 == 0));
      note(context->len);
      note(bpf_skb_load_bytes(context, arg[5] % 30, bytes, 8));
      for (int i = 0; i < 8; i++) note(bytes[i]);
      bpf_set_hash_invalid(context);
      note(context->hash);
      struct bpf_tunnel_key key = { .tunnel_id = arg[0] };
      note(bpf_skb_set_tunnel_key(context, &key, sizeof(key), 0));
      note(bpf_redirect(arg[0], arg[1] % 3));
      note(bpf_clone_redirect(context, 12345, 0));
      __u8 *first = (void *)(long)context->data;
      if (first + 1 <= (__u8 *)(long)context->data_end) *first = arg[2];`,
  },
  {
    name: "what a flow dissector sees, and how its offsets are brought back into the packet",
    type: "flow_dissector",
    calls: `
      struct bpf_flow_keys *keys = context->flow_keys;
      __u8 bytes[8] = {};
      note(keys->nhoff); note(keys->thoff); note(keys->n_proto); note(keys->flags); note(keys->ip_proto);
      note(bpf_skb_load_bytes(context, arg[0] % 60, bytes, 8));
      for (int i = 0; i < 8; i++) note(bytes[i]);
      keys->nhoff = arg[1] % 3 ? arg[1] % 150 : arg[1];
      keys->thoff = arg[2] % 3 ? arg[2] % 150 : arg[2];
      keys->sport = arg[3]; keys->ipv4_src = arg[4]; keys->flow_label = arg[5]; keys->is_frag = arg[0] % 2;
      keys->ipv6_dst[3] = arg[1];
      note(context->data_end - context->data);`,
  },
  {
    name: "what a program of a cgroup sees and changes beside the bytes",
    type: "cgroup_skb",
    samples: withFields,
    calls: `
      __u8 bytes[8] = {};
      note(context->len); note(context->protocol); note(context->mark); note(context->priority); note(context->pkt_type);
      note(context->ingress_ifindex); note(context->ifindex); note(context->cb[3]); note(context->hash);
      note(context->gso_segs); note(context->gso_size); note(context->tstamp); note(context->hwtstamp);
      note(context->vlan_present); note(context->queue_mapping);
      note(bpf_skb_load_bytes_relative(context, arg[0] % 80, bytes, 8, arg[1] % 3));
      for (int i = 0; i < 8; i++) note(bytes[i]);
      note(bpf_skb_ecn_set_ce(context));
      context->mark = arg[2]; context->priority = arg[3]; context->cb[0] = arg[4]; context->tstamp = arg[5];
      note(context->tstamp);
      __u8 *first = (void *)(long)context->data;
      if (first + 2 <= (__u8 *)(long)context->data_end) note(first[1]);`,
  },
  ...(["socket_filter", "sched_cls"] as const).map((type): HelperCase => ({
    name: `legacy loads, from the data, the network header and the link layer, as ${type}`,
    type,
    maps: `
        unsigned long long load_byte(void *skb, unsigned long long offset) asm("llvm.bpf.load.byte");
        unsigned long long load_half(void *skb, unsigned long long offset) asm("llvm.bpf.load.half");
        unsigned long long load_word(void *skb, unsigned long long offset) asm("llvm.bpf.load.word");`,
    // A load beyond the packet ends the program, and returns 0.
    calls: `
        note(load_byte(context, arg[0] % 100));
        note(load_half(context, arg[1] % 100));
        note(load_word(context, arg[2] % 100));
        note(load_word(context, SKF_NET_OFF + (int)(arg[3] % 80) - 16));
        note(load_byte(context, SKF_LL_OFF + (int)(arg[4] % 80)));
        note(load_half(context, arg[5] % 7 == 0 ? SKF_AD_OFF + (int)(arg[5] % 60) : (int)(arg[5] % 40)));`,
  })),
  {
    name: "what a socket filter sees",
    type: "socket_filter",
    calls: `
      __u8 bytes[8] = {};
      note(context->len); note(context->protocol); note(context->mark); note(context->pkt_type); note(context->hash);
      note(context->ifindex); note(context->vlan_present); note(context->priority); note(context->queue_mapping);
      note(bpf_skb_load_bytes_relative(context, arg[0] % 80, bytes, 8, arg[1] % 3));
      for (int i = 0; i < 8; i++) note(bytes[i]);
      note(bpf_get_socket_uid(context));
      note(!!bpf_get_socket_cookie(context));
      context->cb[1] = arg[3];
      note(context->cb[1]);`,
  },
];

describe("hooks, simulated and in the kernel", () => itAgreesWithTheKernel(cases));
