// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Refused: a lookup finds nothing at times, even in an array, as far as the verifier knows. */
#include "../include/program.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

SEC("xdp")
int missing_null_check(struct xdp_md *context)
{
	__u32 key = 0;
	__u64 *count = bpf_map_lookup_elem(&counters, &key);

	*count += 1;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
