// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Drops packets by their source address. User space adds and removes entries while it runs.
 *
 *   addresses_v4, addresses_v6   single addresses; found by hashing, whatever their number
 *   prefixes_v4, prefixes_v6     CIDR blocks; the longest that matches counts
 *
 * An entry for the address itself wins over every prefix, so RULE_PASS makes an exception to a
 * blocked network. Keys hold addresses as the packet does, in network byte order: 192.168.0.1 is
 * the bytes c0 a8 00 01. Writing the key as a little-endian integer blocks 1.0.168.192 instead.
 */
#include "include/ip.h"

/* 100,000 entries with room to grow. Memory is taken as entries come, as only user space adds them. */
#define ENTRIES_MAX 131072

enum rule {
	RULE_PASS = 0,
	RULE_DROP = 1,
};

/* A trie's key starts with the number of bits that count, in the host's byte order. */
struct prefix_v4 {
	__u32 prefixlen;
	__be32 address;
};

struct prefix_v6 {
	__u32 prefixlen;
	struct in6_addr address;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, ENTRIES_MAX);
	__type(key, __be32);
	__type(value, enum rule);
} addresses_v4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, ENTRIES_MAX);
	__type(key, struct in6_addr);
	__type(value, enum rule);
} addresses_v6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, ENTRIES_MAX);
	__type(key, struct prefix_v4);
	__type(value, enum rule);
} prefixes_v4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, ENTRIES_MAX);
	__type(key, struct prefix_v6);
	__type(value, enum rule);
} prefixes_v6 SEC(".maps");

static __always_inline enum rule rule_of_v4(__be32 source)
{
	struct prefix_v4 whole = { .prefixlen = 32, .address = source };
	enum rule *rule = bpf_map_lookup_elem(&addresses_v4, &source);

	if (!rule)
		rule = bpf_map_lookup_elem(&prefixes_v4, &whole);
	return rule ? *rule : RULE_PASS;
}

static __always_inline enum rule rule_of_v6(const struct in6_addr *source)
{
	struct prefix_v6 whole = { .prefixlen = 128, .address = *source };
	enum rule *rule = bpf_map_lookup_elem(&addresses_v6, &whole.address);

	if (!rule)
		rule = bpf_map_lookup_elem(&prefixes_v6, &whole);
	return rule ? *rule : RULE_PASS;
}

SEC("xdp")
int xdp_blacklist(struct xdp_md *context)
{
	struct cursor cursor = cursor_open(context);
	struct ethhdr *ethernet;
	__be16 ethertype = take_ethernet(&cursor, &ethernet);
	enum rule rule = RULE_PASS;

	/* Addresses are in the fixed part of the header: options, extensions and fragments do not matter. */
	if (ethertype == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = cursor_take_header(&cursor, struct iphdr);

		if (ip)
			rule = rule_of_v4(ip->saddr);
	} else if (ethertype == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr *ip = cursor_take_header(&cursor, struct ipv6hdr);

		if (ip)
			rule = rule_of_v6(&ip->saddr);
	}
	return rule == RULE_DROP ? XDP_DROP : XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
