// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * A tail call out of a function: what is jumped to takes the place of that function alone, and returns
 * to where it was called. The limit of 33 holds for the packet, not for each function.
 */
#include "../include/program.h"

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} jumps SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} runs SEC(".maps");

static __noinline int jump(struct xdp_md *context)
{
	int verdict = XDP_DROP;

	bpf_tail_call_static(context, &jumps, 0);
	/* clang knows of no jumps here and would take the function for a constant. */
	asm volatile("" : "+r"(verdict));
	return verdict;
}

/* Passes on what `target` returned, or 1 (XDP_DROP) where the slot is empty, and adds 1. */
SEC("xdp")
int caller(struct xdp_md *context)
{
	return jump(context) + 1;
}

SEC("xdp")
int target(struct xdp_md *context)
{
	return XDP_PASS;
}

/* Jumps to itself out of a function, as long as that goes; each run adds 1 on the way back. */
SEC("xdp")
int spiral(struct xdp_md *context)
{
	__u32 slot = 0;
	__u32 *count = bpf_map_lookup_elem(&runs, &slot);

	if (count)
		__sync_fetch_and_add(count, 1);
	jump(context);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
