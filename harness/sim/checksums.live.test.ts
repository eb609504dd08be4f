import * as fc from "fast-check";
import { ipSummed } from "../model/ip-summed.js";
import { packetArbitrary } from "../packet/arbitraries.js";
import { frames, itAgreesWithTheKernel, type HelperCase } from "./helper-agreement.test.js";

/** Packets that come with the sum of their bytes; a test run fails where that is wrong afterwards. */
const summed = fc
  .oneof(
    frames,
    packetArbitrary.filter(({ linkType, bytes }) => linkType === "ethernet" && bytes.length > 60).map((p) => p.bytes),
  )
  .map((bytes) => ({ bytes: bytes.slice(0, 1500), fields: { ip_summed: ipSummed.complete } }));

/** The sum itself, in 16 bits: which 32 a processor keeps is its own business. */
const sum = `
  __u64 sum = (__u32)bpf_csum_update(context, 0);
  sum = (sum & 0xffff) + (sum >> 16);
  note((__u16)((sum & 0xffff) + (sum >> 16)));`;

function summing(name: string, calls: string, type: HelperCase["type"] = "sched_cls"): HelperCase {
  return { name, type, samples: summed, calls };
}

const cases: readonly HelperCase[] = [
  summing("the sum", `${sum} note(bpf_csum_level(context, arg[0] % 5));`),
  summing(
    "bytes written with and without the sum",
    `note(bpf_skb_store_bytes(context, arg[0] % 70, arg, (arg[1] & 15) + 1, arg[2] % 4)); ${sum}`,
  ),
  summing(
    "bytes written at both kinds of offset",
    `
    note(bpf_skb_store_bytes(context, 14 + arg[0] % 30, arg, (arg[1] & 15) + 1, BPF_F_RECOMPUTE_CSUM));
    note(bpf_skb_store_bytes(context, 15 + arg[2] % 30, arg, (arg[3] & 15) + 1, BPF_F_RECOMPUTE_CSUM));
    ${sum}`,
  ),
  summing(
    "bpf_l3_csum_replace and a field of the header",
    `
    __u32 size = arg[1] & 6;
    __u64 from = size ? arg[2] : 0;
    note(bpf_l3_csum_replace(context, 24, from, arg[3], size));
    ${sum}`,
  ),
  summing(
    "bpf_l4_csum_replace",
    `
    __u32 size = arg[1] & 6, at = 14 + arg[4] % 40;
    note(bpf_l4_csum_replace(context, at, size ? arg[2] : 0, arg[3], size | (arg[0] & 0xf0)));
    ${sum}`,
  ),
  summing(
    "an address of IPv4 translated",
    `
    __u32 before;
    if (context->protocol == bpf_htons(0x0800)) {
      bpf_skb_load_bytes(context, 26, &before, 4);
      note(bpf_l3_csum_replace(context, 24, before, arg[1], 4));
      note(bpf_l4_csum_replace(context, 50, before, arg[1], arg[3] % 3 ? BPF_F_PSEUDO_HDR | 4 : 4));
      note(bpf_skb_store_bytes(context, 26, &arg[1], 4, 0));
    }
    ${sum}`,
  ),
  summing(
    "an address of IPv6 translated",
    `
    __u32 before;
    if (context->protocol == bpf_htons(0x86dd)) {
      bpf_skb_load_bytes(context, 22, &before, 4);
      __u32 difference = bpf_csum_diff(&before, 4, &arg[1], 4, 0);
      note(bpf_l4_csum_replace(context, 50, 0, difference, arg[3] % 3 ? BPF_F_PSEUDO_HDR | BPF_F_IPV6 : BPF_F_PSEUDO_HDR));
      note(bpf_skb_store_bytes(context, 22, &arg[1], 4, arg[4] % 2 ? BPF_F_RECOMPUTE_CSUM : 0));
    }
    ${sum}`,
  ),
  summing(
    "bpf_csum_update",
    `
    __u32 before;
    bpf_skb_load_bytes(context, 30, &before, 4);
    note(bpf_skb_store_bytes(context, 30, &arg[1], 4, 0));
    bpf_csum_update(context, bpf_csum_diff(&before, 4, &arg[1], 4, 0));
    ${sum}`,
  ),
  summing(
    "bpf_skb_adjust_room",
    `
    note(bpf_skb_adjust_room(context, (int)(arg[0] % 80) - 30, arg[1] % 2, arg[2] % 0x200));
    ${sum}
    note(bpf_skb_adjust_room(context, 20 + arg[3] % 40, BPF_ADJ_ROOM_MAC, arg[2] & 6));
    note(bpf_skb_adjust_room(context, -(20 + (int)(arg[3] % 40)), BPF_ADJ_ROOM_MAC, 0));`,
  ),
  summing(
    "bpf_skb_change_proto",
    `
    note(bpf_skb_change_proto(context, arg[0] % 2 ? bpf_htons(0x0800) : bpf_htons(0x86dd), 0));
    ${sum}
    note(bpf_skb_store_bytes(context, 14, arg, 20, BPF_F_RECOMPUTE_CSUM));
    note(context->protocol);`,
  ),
  summing("bpf_skb_change_head", `note(bpf_skb_change_head(context, arg[0] % 100, 0)); ${sum}`),
  // A packet that becomes shorter has no sum any more, which a test run compares all the same.
  summing(
    "bpf_skb_change_tail",
    `
    note(bpf_skb_change_tail(context, context->len + (arg[0] % 3) * 2, 0));
    note(bpf_csum_update(context, 0) == -524);
    note(bpf_csum_level(context, arg[1] % 5));
    note(bpf_csum_level(context, 0));`,
  ),
  summing("bpf_skb_pull_data", `note(bpf_skb_pull_data(context, arg[0] % 120)); ${sum}`),
  summing(
    "VLAN tags",
    `
    note(bpf_skb_vlan_push(context, bpf_htons(arg[0] % 2 ? 0x8100 : 0x88a8), arg[1] & 0xfff));
    if (arg[2] % 2) note(bpf_skb_vlan_push(context, bpf_htons(0x8100), arg[3] & 0xfff));
    ${sum}
    if (arg[4] % 2) note(bpf_skb_vlan_pop(context));`,
  ),
  summing("VLAN tags of the packet", `note(bpf_skb_vlan_pop(context)); ${sum}`),
  summing("bpf_skb_ecn_set_ce", `note(bpf_skb_ecn_set_ce(context)); ${sum}`),
  {
    ...summing(
      "bytes written by way of a dynptr",
      `
      struct bpf_dynptr whole;
      note(bpf_dynptr_from_skb((struct __sk_buff *)context, 0, &whole));
      note(bpf_dynptr_write(&whole, arg[0] % 60, arg, 16, arg[1] % 4));
      ${sum}`,
    ),
    maps: `extern int bpf_dynptr_from_skb(struct __sk_buff *skb, __u64 flags, struct bpf_dynptr *ptr) __ksym;`,
  },
  summing(
    "bpf_lwt_push_encap",
    `
    __u8 header[40] = { 0x45 };
    __builtin_memcpy(header + 12, arg, 8);
    note(bpf_lwt_push_encap(context, BPF_LWT_ENCAP_IP, header, 20 + arg[0] % 16));`,
    "lwt_in",
  ),
  summing("a program of a cgroup", `note(context->len);`, "cgroup_skb"),
];

describe("checksums of all bytes, simulated and in the kernel", () => itAgreesWithTheKernel(cases));
