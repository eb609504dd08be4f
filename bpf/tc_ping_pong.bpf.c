// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Answers pings inside TC: the request is turned into the reply and sent back out of the interface
 * that it came in by; the host never sees it. IPv4 and IPv6, on any VLAN.
 *
 * Left to the host, on purpose: fragments (the ICMP checksum spans all of them), IPv4 options
 * (source routes have to be reversed, RFC 1122 section 3.2.2.6), IPv6 extension headers, and
 * everything sent to or from a group address, which must not be answered from it.
 */
#include "include/checksum.h"
#include "include/icmp.h"
#include "include/tc.h"

/* As Linux sends; the request's own TTL has been used up by the way here. */
#define REPLY_TTL 64

/* Where set, only pings to these addresses are answered: on a router, ours and not those behind us. */
const volatile __be32 address_v4 = 0;
const volatile struct in6_addr address_v6 = {};

static __always_inline bool is_own_v4(__be32 address)
{
	return !address_v4 || address == address_v4;
}

static __always_inline bool is_own_v6(const struct in6_addr *address)
{
	bool any = true, same = true;

#pragma unroll
	for (int i = 0; i < 4; i++) {
		any = any && !address_v6.in6_u.u6_addr32[i];
		same = same && address->in6_u.u6_addr32[i] == address_v6.in6_u.u6_addr32[i];
	}
	return any || same;
}

/* 0.0.0.0 cannot be answered; 224.0.0.0/4 and 255.255.255.255 are many hosts. */
static __always_inline bool is_unicast_v4(__be32 address)
{
	return address && bpf_ntohl(address) < 0xe0000000;
}

static __always_inline bool is_unicast_v6(const struct in6_addr *address)
{
	const __be32 *words = address->in6_u.u6_addr32;
	bool unspecified = !(words[0] | words[1] | words[2] | words[3]);

	return !unspecified && address->in6_u.u6_addr8[0] != 0xff;
}

static __always_inline bool is_for_us(const struct ethhdr *ethernet, const struct ip_packet *packet)
{
	if (is_group_mac(ethernet->h_dest) || packet->fragment)
		return false;
	if (packet->v4)
		return packet->v4->ihl == 5 && is_own_v4(packet->v4->daddr) &&
		       is_unicast_v4(packet->v4->daddr) && is_unicast_v4(packet->v4->saddr);
	/* Asked, although it has to be: the verifier does not know that v4 or v6 is set. */
	if (!packet->v6)
		return false;
	return packet->v6->nexthdr == IPPROTO_ICMPV6 && is_own_v6(&packet->v6->daddr) &&
	       is_unicast_v6(&packet->v6->daddr) && is_unicast_v6(&packet->v6->saddr);
}

static __always_inline void swap_macs(struct ethhdr *ethernet)
{
	__u8 mac[ETH_ALEN];

	__builtin_memcpy(mac, ethernet->h_source, ETH_ALEN);
	__builtin_memcpy(ethernet->h_source, ethernet->h_dest, ETH_ALEN);
	__builtin_memcpy(ethernet->h_dest, mac, ETH_ALEN);
}

/* Swapping two addresses changes no sum. The TTL shares its 16 bits of it with the protocol. */
static __always_inline void reverse_v4(struct iphdr *ip)
{
	__be16 from = bpf_htons(ip->ttl << 8 | ip->protocol);
	__be32 source = ip->saddr;

	ip->saddr = ip->daddr;
	ip->daddr = source;
	ip->ttl = REPLY_TTL;
	checksum_replace16(&ip->check, from, bpf_htons(REPLY_TTL << 8 | ip->protocol));
}

/* IPv6 has no checksum of its own; ICMPv6's covers the addresses, but not the hop limit. */
static __always_inline void reverse_v6(struct ipv6hdr *ip)
{
	struct in6_addr source = ip->saddr;

	ip->saddr = ip->daddr;
	ip->daddr = source;
	ip->hop_limit = REPLY_TTL;
}

static __always_inline void update_echo_checksum(struct echo_header *echo, __be16 from, __be16 to)
{
	checksum_replace16(&echo->checksum, from, to);
}

/* Type and code are the first 16 bits of the header; the code is 0, but whatever it is stays. */
static __always_inline void set_type(struct echo_header *echo, __u8 type)
{
	__be16 from = bpf_htons(echo->type << 8 | echo->code);

	echo->type = type;
	update_echo_checksum(echo, from, bpf_htons(type << 8 | echo->code));
}

SEC("tc")
int tc_ping_pong(struct __sk_buff *skb)
{
	struct ip_packet packet = {};
	struct echo_header *echo;
	struct ethhdr *ethernet;
	struct cursor cursor;

	tc_pull_headers(skb);
	cursor = cursor_open(skb);
	if (take_ip(&cursor, &ethernet, &packet) != PARSE_OK || !is_icmp(&packet))
		return TC_ACT_OK;
	if (!is_for_us(ethernet, &packet))
		return TC_ACT_OK;
	echo = cursor_take_header(&cursor, struct echo_header);
	if (!echo || !is_echo_request(&packet, echo->type))
		return TC_ACT_OK;

	swap_macs(ethernet);
	if (packet.v4) {
		reverse_v4(packet.v4);
		set_type(echo, ICMP_ECHO_REPLY);
	} else if (packet.v6) {
		reverse_v6(packet.v6);
		set_type(echo, ICMPV6_ECHO_REPLY);
	}
	/* Moves the packet itself to the interface's way out: no copy is made, none is left to drop. */
	return bpf_redirect(skb->ifindex, 0);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
