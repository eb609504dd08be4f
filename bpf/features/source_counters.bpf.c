// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Packets and bytes by IPv4 source address, in each kind of hash that there is. */
#include "../include/ip.h"

struct traffic {
	__u64 packets;
	__u64 bytes;
};

#define COUNTERS(kind, name)                       \
	struct {                                   \
		__uint(type, BPF_MAP_TYPE_##kind); \
		__uint(max_entries, 1024);         \
		__type(key, __be32);               \
		__type(value, struct traffic);     \
	} name SEC(".maps")

COUNTERS(HASH, in_hash);
COUNTERS(LRU_HASH, in_lru_hash);
COUNTERS(PERCPU_HASH, in_percpu_hash);
COUNTERS(LRU_PERCPU_HASH, in_lru_percpu_hash);

static __always_inline void count_in(void *map, __be32 source, __u64 bytes)
{
	struct traffic *traffic = bpf_map_lookup_elem(map, &source);
	struct traffic none = {};

	if (!traffic) {
		/* Another CPU may have been faster: not an error, as long as the entry is there. */
		bpf_map_update_elem(map, &source, &none, BPF_NOEXIST);
		traffic = bpf_map_lookup_elem(map, &source);
	}
	if (!traffic)
		return;
	__sync_fetch_and_add(&traffic->packets, 1);
	__sync_fetch_and_add(&traffic->bytes, bytes);
}

SEC("xdp")
int source_counters(struct xdp_md *context)
{
	struct cursor cursor = cursor_open(context);
	__u64 bytes = context->data_end - context->data;
	struct ip_packet packet = {};
	struct ethhdr *ethernet;

	if (take_ip(&cursor, &ethernet, &packet) != PARSE_OK || !packet.v4)
		return XDP_PASS;
	count_in(&in_hash, packet.v4->saddr, bytes);
	count_in(&in_lru_hash, packet.v4->saddr, bytes);
	count_in(&in_percpu_hash, packet.v4->saddr, bytes);
	count_in(&in_lru_percpu_hash, packet.v4->saddr, bytes);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
