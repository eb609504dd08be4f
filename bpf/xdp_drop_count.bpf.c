// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Drops every packet and counts it. The counter is one slot that all CPUs share, so the addition has
 * to be atomic; pinned in a bpffs, it outlives the program. xdp_count shows the per-CPU way.
 */
#include "include/program.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} dropped SEC(".maps");

SEC("xdp")
int xdp_drop_count(struct xdp_md *context)
{
	__u32 slot = 0;
	__u64 *count = bpf_map_lookup_elem(&dropped, &slot);

	if (count)
		__sync_fetch_and_add(count, 1);
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
