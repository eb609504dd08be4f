// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * A load balancer for TCP over IPv4: one client, one balancer, a few backends, all on one network.
 *
 *   client ──► balancer's address ──► a backend           source becomes the balancer
 *   client ◄── balancer's address ◄── the same backend    source becomes the balancer
 *
 * Both ends speak only to the balancer. Which backend is a matter of the connection's ports, so every
 * packet of a connection meets the same one and nothing has to be remembered. The addresses are
 * written here and can be set before loading, as `const volatile` data; no map is needed.
 *
 * TTL and everything else stay as they are. What is not TCP over IPv4, not sent to the balancer, or
 * not from the client or a backend, is left to the host. A packet too short for its headers is
 * XDP_ABORTED, which also fires the xdp:xdp_exception tracepoint. Fragments are dropped: the later
 * ones have no ports, and TCP has no business being fragmented (RFC 9293 section 3.7.1).
 */
#include "include/flow.h"

#define BACKENDS_MAX 4

struct endpoint {
	__be32 address;
	__u8 mac[ETH_ALEN];
};

const volatile struct endpoint client = {
	.address = IPV4_ADDRESS(172, 17, 0, 4),
	.mac = { 0x02, 0x42, 0xac, 0x11, 0x00, 0x04 },
};

const volatile struct endpoint balancer = {
	.address = IPV4_ADDRESS(172, 17, 0, 5),
	.mac = { 0x02, 0x42, 0xac, 0x11, 0x00, 0x05 },
};

const volatile __u32 backend_count = 2;

const volatile struct endpoint backends[BACKENDS_MAX] = {
	{
		.address = IPV4_ADDRESS(172, 17, 0, 2),
		.mac = { 0x02, 0x42, 0xac, 0x11, 0x00, 0x02 },
	},
	{
		.address = IPV4_ADDRESS(172, 17, 0, 3),
		.mac = { 0x02, 0x42, 0xac, 0x11, 0x00, 0x03 },
	},
};

static __always_inline const volatile struct endpoint *choose_backend(const struct tcphdr *tcp)
{
	__u32 count = backend_count < BACKENDS_MAX ? backend_count : BACKENDS_MAX;
	__u32 hash = mix((__u32)tcp->source << 16 | tcp->dest);
	/* Scales the hash to 0 … count - 1 without a division. */
	__u32 index = (__u64)hash * count >> 32;

	return index < count && index < BACKENDS_MAX ? &backends[index] : NULL;
}

static __always_inline bool is_backend(__be32 address)
{
#pragma unroll
	for (__u32 i = 0; i < BACKENDS_MAX; i++)
		if (i < backend_count && backends[i].address == address)
			return true;
	return false;
}

static __always_inline void set_mac(__u8 *mac, const volatile struct endpoint *endpoint)
{
#pragma unroll
	for (int i = 0; i < ETH_ALEN; i++)
		mac[i] = endpoint->mac[i];
}

/* The header's own checksum covers its addresses. */
static __always_inline void update_ipv4_checksum(struct iphdr *ip, __be32 from, __be32 to)
{
	checksum_replace32(&ip->check, from, to);
}

/* And so does TCP's, by way of the pseudo-header (RFC 9293 section 3.1). */
static __always_inline void update_tcp_checksum(struct tcphdr *tcp, __be32 from, __be32 to)
{
	checksum_replace32(&tcp->check, from, to);
}

static __always_inline void set_address(struct iphdr *ip, struct tcphdr *tcp, __be32 *address, __be32 to)
{
	__be32 from = *address;

	update_ipv4_checksum(ip, from, to);
	update_tcp_checksum(tcp, from, to);
	*address = to;
}

static __always_inline int send_on(struct ethhdr *ethernet, struct iphdr *ip, struct tcphdr *tcp,
				   const volatile struct endpoint *to)
{
	set_mac(ethernet->h_source, &balancer);
	set_mac(ethernet->h_dest, to);
	set_address(ip, tcp, &ip->saddr, balancer.address);
	set_address(ip, tcp, &ip->daddr, to->address);
	return XDP_TX;
}

SEC("xdp")
int xdp_lb(struct xdp_md *context)
{
	struct cursor cursor = cursor_open(context);
	const volatile struct endpoint *to;
	struct ip_packet packet = {};
	struct ethhdr *ethernet;
	struct tcphdr *tcp;
	__be16 ethertype;

	ethertype = take_ethernet(&cursor, &ethernet);
	if (!ethertype)
		return XDP_ABORTED;
	if (ethertype != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	switch (take_ipv4(&cursor, &packet)) {
	case PARSE_OK:
		break;
	case PARSE_TRUNCATED:
		return XDP_ABORTED;
	default:
		return XDP_PASS;
	}
	if (packet.protocol != IPPROTO_TCP || packet.v4->daddr != balancer.address)
		return XDP_PASS;
	if (packet.fragment)
		return XDP_DROP;
	tcp = cursor_take_header(&cursor, struct tcphdr);
	if (!tcp)
		return XDP_ABORTED;

	if (packet.v4->saddr == client.address)
		to = choose_backend(tcp);
	else if (is_backend(packet.v4->saddr))
		to = &client;
	else
		return XDP_PASS;
	/* No backend configured: nobody can answer. */
	if (!to)
		return XDP_DROP;
	return send_on(ethernet, packet.v4, tcp, to);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
