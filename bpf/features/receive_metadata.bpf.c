// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * What a network card knows of a packet, asked of its driver by kernel functions (kfuncs): when it came in, and its
 * hash. A kernel loads the program for one device only; what cards answer and what they do not, scenarios script.
 */
#include "../include/program.h"

#define ENODATA 61

enum answer { ANSWER_GIVEN, ANSWER_NOT_FOR_THIS, ANSWER_NOT_SUPPORTED };

/* The kernel's has a bit for each layer that went into the hash. */
enum xdp_rss_hash_type { XDP_RSS_TYPE_NONE };

extern int bpf_xdp_metadata_rx_timestamp(const struct xdp_md *ctx, __u64 *timestamp) __ksym;
extern int bpf_xdp_metadata_rx_hash(const struct xdp_md *ctx, __u32 *hash, enum xdp_rss_hash_type *rss_type) __ksym;

struct metadata {
	__u64 timestamp;
	__u32 hash;
	__u32 hash_type;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct metadata);
} last SEC(".maps");

/* By what the card said to the question for the time. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 3);
	__type(key, __u32);
	__type(value, __u64);
} answers SEC(".maps");

SEC("xdp")
int receive_metadata(struct xdp_md *context)
{
	__u32 zero = 0, answer;
	struct metadata *metadata = bpf_map_lookup_elem(&last, &zero);
	__u64 timestamp = 0;
	__u64 *count;
	int error;

	if (!metadata)
		return XDP_ABORTED;
	error = bpf_xdp_metadata_rx_timestamp(context, &timestamp);
	answer = !error ? ANSWER_GIVEN : error == -ENODATA ? ANSWER_NOT_FOR_THIS : ANSWER_NOT_SUPPORTED;
	if (!error)
		metadata->timestamp = timestamp;
	count = bpf_map_lookup_elem(&answers, &answer);
	if (count)
		__sync_fetch_and_add(count, 1);

	enum xdp_rss_hash_type type = XDP_RSS_TYPE_NONE;
	__u32 hash = 0;

	if (!bpf_xdp_metadata_rx_hash(context, &hash, &type)) {
		metadata->hash = hash;
		metadata->hash_type = type;
	}
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
