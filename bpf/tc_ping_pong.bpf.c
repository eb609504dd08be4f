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

/* True where the packet at the cursor was an echo request for us and now is its reply. */
static __always_inline bool answer_v4(struct cursor *cursor)
{
	struct ip_packet packet = {};
	struct echo_header *echo;
	struct iphdr *ip;

	if (take_ipv4(cursor, &packet) != PARSE_OK || packet.protocol != IPPROTO_ICMP || packet.fragment)
		return false;
	ip = packet.v4;
	if (ip->ihl != 5 || !is_own_v4(ip->daddr) || !is_unicast_v4(ip->daddr) || !is_unicast_v4(ip->saddr))
		return false;
	echo = cursor_take_header(cursor, struct echo_header);
	if (!echo || echo->type != ICMP_ECHO_REQUEST)
		return false;
	reverse_v4(ip);
	set_type(echo, ICMP_ECHO_REPLY);
	return true;
}

/* Fragments have an extension header, so they are left to the host with all others that have one. */
static __always_inline bool answer_v6(struct cursor *cursor)
{
	struct ipv6hdr *ip = cursor_take_header(cursor, struct ipv6hdr);
	struct echo_header *echo;

	if (!ip || ip->version != 6 || ip->nexthdr != IPPROTO_ICMPV6)
		return false;
	if (!is_own_v6(&ip->daddr) || !is_unicast_v6(&ip->daddr) || !is_unicast_v6(&ip->saddr))
		return false;
	echo = cursor_take_header(cursor, struct echo_header);
	if (!echo || echo->type != ICMPV6_ECHO_REQUEST)
		return false;
	reverse_v6(ip);
	set_type(echo, ICMPV6_ECHO_REPLY);
	return true;
}

SEC("tc")
int tc_ping_pong(struct __sk_buff *skb)
{
	struct ethhdr *ethernet;
	struct cursor cursor;
	__be16 ethertype;
	bool answered = false;

	tc_pull_headers(skb);
	cursor = cursor_open(skb);
	ethertype = take_ethernet(&cursor, &ethernet);
	if (!ethertype || is_group_mac(ethernet->h_dest))
		return TC_ACT_OK;
	if (ethertype == bpf_htons(ETH_P_IP))
		answered = answer_v4(&cursor);
	else if (ethertype == bpf_htons(ETH_P_IPV6))
		answered = answer_v6(&cursor);
	if (!answered)
		return TC_ACT_OK;

	swap_macs(ethernet);
	/* Moves the packet itself to the interface's way out: no copy is made, none is left to drop. */
	return bpf_redirect(skb->ifindex, 0);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
