// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Moves packets to the CPU of a slot, whose own kernel thread hands them to the stack. */
#include "../include/program.h"

struct {
	__uint(type, BPF_MAP_TYPE_CPUMAP);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct bpf_cpumap_val);
} cpus SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} arrived SEC(".maps");

const volatile __u32 slot = 0;
const volatile bool drop_there = false;

SEC("xdp")
int redirect_cpu(struct xdp_md *context)
{
	return bpf_redirect_map(&cpus, slot, XDP_DROP);
}

/* Of the map's entry: runs on the other CPU, before anything is made of the packet there. */
SEC("xdp/cpumap")
int on_cpu(struct xdp_md *context)
{
	__u32 zero = 0;
	__u64 *count = bpf_map_lookup_elem(&arrived, &zero);

	if (count)
		*count += 1;
	return drop_there ? XDP_DROP : XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
