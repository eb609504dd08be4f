// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Counts every packet and lets it pass. Each CPU has a counter of its own, so no two ever write the
 * same cache line and a plain increment does; whoever reads the map adds them up.
 */
#include "include/program.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} packets SEC(".maps");

SEC("xdp")
int xdp_count(struct xdp_md *context)
{
	__u32 slot = 0;
	__u64 *count = bpf_map_lookup_elem(&packets, &slot);

	/* XDP runs with preemption off on this CPU: nothing comes between read and write. */
	if (count)
		*count += 1;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
