import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { execa } from "execa";
import { whyNoKernel } from "../kernel/probe.js";
import { clangArguments } from "./compile.js";
import { readProgram } from "./object.js";
import { projectRoot } from "./project.js";
import { replayCapture } from "./replay.js";

/**
 * Types that the kernel has otherwise or not at all, and everything that a program may ask of them: what libbpf
 * answers, our own relocations have to answer, too.
 */
const source = `
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

/* In another order than the kernel's, and with members that it has not. */
struct sk_buff___other {
  unsigned int no_such_member;
  int priority;
  unsigned int mark;
  unsigned short queue_mapping;
  unsigned char ip_summed : 2, cloned : 1;
  struct { struct { __u16 protocol; }; };
  unsigned char cb[48];
} __attribute__((preserve_access_index));
struct iphdr___v { unsigned char ttl; } __attribute__((preserve_access_index));
/* Narrower than the kernel's. */
struct net_device___narrow { unsigned short mtu; unsigned char ifindex; } __attribute__((preserve_access_index));
struct no_such_struct { int x; } __attribute__((preserve_access_index));
typedef struct { int counter; } atomic_t___f;
enum bpf_map_type___v { BPF_MAP_TYPE_XSKMAP___v = 900, BPF_MAP_TYPE_NEVER = 901 };
union no_union { int x; };

#define note(value) (hash = (hash ^ (__u64)(value)) * 0x100000001b3)

SEC("xdp") int asks(struct xdp_md *context) {
  __u64 hash = 0xcbf29ce484222325;
  struct sk_buff___other *skb = 0;
  struct net_device___narrow *device = 0;
  note(bpf_core_field_exists(skb->mark)); note(bpf_core_field_exists(skb->no_such_member));
  note(bpf_core_field_exists(skb->protocol)); note(bpf_core_field_exists(skb->ip_summed));
  note(bpf_core_field_offset(struct sk_buff___other, mark));
  note(bpf_core_field_offset(struct sk_buff___other, priority));
  note(bpf_core_field_offset(struct sk_buff___other, protocol));
  note(bpf_core_field_offset(struct sk_buff___other, cb[5]));
  note(bpf_core_field_size(skb->cb)); note(bpf_core_field_size(skb->queue_mapping));
  note(bpf_core_field_size(device->mtu)); note(bpf_core_field_size(device->ifindex));
  note(__builtin_preserve_field_info(skb->ip_summed, BPF_FIELD_BYTE_OFFSET));
  note(__builtin_preserve_field_info(skb->ip_summed, BPF_FIELD_LSHIFT_U64));
  note(__builtin_preserve_field_info(skb->ip_summed, BPF_FIELD_RSHIFT_U64));
  note(__builtin_preserve_field_info(skb->cloned, BPF_FIELD_LSHIFT_U64));
  note(__builtin_preserve_field_info(skb->mark, BPF_FIELD_SIGNED));
  note(__builtin_preserve_field_info(device->mtu, BPF_FIELD_SIGNED));
  note(bpf_core_type_exists(struct sk_buff___other)); note(bpf_core_type_exists(struct no_such_struct));
  note(bpf_core_type_exists(union no_union)); note(bpf_core_type_exists(atomic_t___f));
  note(bpf_core_type_size(struct sk_buff___other)); note(bpf_core_type_size(struct no_such_struct));
  note(bpf_core_type_size(struct iphdr___v));
  note(bpf_core_enum_value_exists(enum bpf_map_type___v, BPF_MAP_TYPE_XSKMAP___v));
  note(bpf_core_enum_value_exists(enum bpf_map_type___v, BPF_MAP_TYPE_NEVER));
  note(bpf_core_enum_value(enum bpf_map_type___v, BPF_MAP_TYPE_XSKMAP___v));
  struct no_such_struct *nothing = 0;
  if (bpf_core_field_exists(nothing->x)) note(bpf_core_field_offset(struct no_such_struct, x));
  return hash & 0x7fffffff;
}
char LICENSE[] SEC("license") = "GPL";`;

describe("CO-RE relocations", () => {
  let folder: string;
  before(async function () {
    if (whyNoKernel() !== undefined) this.skip();
    folder = await mkdtemp(join(tmpdir(), "packetproof-core-"));
  });
  after(async () => folder && rm(folder, { recursive: true }));

  it("come to what libbpf makes of them with the running kernel's types", async () => {
    const file = join(folder, "asks.bpf.c");
    await writeFile(file, source);
    await execa("clang", [...clangArguments(), "-Wno-unused", "-c", file, "-o", `${file}.o`]);
    const object = await readProgram(`${file}.o`);
    const packets = join(projectRoot, "fixtures", "pcap", "real-traffic.pcap");
    const both = await replayCapture({ object, packets, frames: "1", backends: ["sim", "kernel"] });
    expect(both.report.packets[0]!.kernel).to.include({ fault: null, unsupported: null });
    expect(both.report.packets[0]!.sim!.retval).to.equal(both.report.packets[0]!.kernel!.retval);
    // The object's own types say something else: there was something to relocate.
    const alone = await replayCapture({ object, packets, frames: "1", backends: ["sim"] });
    expect(alone.report.packets[0]!.sim!.retval).not.to.equal(both.report.packets[0]!.sim!.retval);
  });
});
