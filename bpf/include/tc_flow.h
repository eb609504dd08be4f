/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Flows of TC packets: found, and given other addresses and ports.
 *
 * Everything is changed through helpers, which keep skb->csum right as well: a packet from a local
 * sender may have no checksum yet (CHECKSUM_PARTIAL), and one from a network card may come with the
 * card's sum over all of it (CHECKSUM_COMPLETE). Bytes written directly would break both.
 */
#pragma once

#include "checksum.h"
#include "flow_key.h"
#include "icmp.h"
#include "tc.h"

enum packet_kind {
	/* TCP, UDP, or an echo (ping), whose identifier stands for both ports. */
	PACKET_FLOW,
	/* An ICMP error about another packet, which it quotes. */
	PACKET_ERROR,
	/* ARP and neighbour discovery: a matter of one link. */
	PACKET_LINK,
	/* Later fragments have no ports, and the first one is of no use without them. */
	PACKET_FRAGMENT,
	/* Another protocol, tags, or headers that are not all there. */
	PACKET_OTHER,
};

struct tc_packet {
	struct flow flow;
	/* From the frame's first byte. */
	__u32 ip_offset;
	__u32 transport_offset;
	/* 4 or 6. */
	__u8 version;
	/* Time to live, or hop limit. */
	__u8 hops;
	/* The lower six bits of TCP's flags. */
	__u8 tcp_flags;
	/* May be the first packet of a connection. */
	bool opens;
};

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

/* Of a TCP header, what is looked at; an ICMP error may quote no more than the first 8 bytes of one. */
struct tcp_start {
	struct ports ports;
	__be32 sequence;
	__be32 acknowledged;
	__u8 data_offset;
	__u8 flags;
};

/* RFC 4443 section 2.1: errors are below 128. RFC 792: unreachable, time exceeded, parameter problem. */
static __always_inline bool is_icmp_error(const struct ip_packet *ip, __u8 type)
{
	if (ip->v6)
		return type < 128;
	return type == 3 || type == 11 || type == 12;
}

/* RFC 4861: router and neighbour solicitation and advertisement, redirect. */
static __always_inline bool is_neighbour_discovery(const struct ip_packet *ip, __u8 type)
{
	return ip->v6 && type >= 133 && type <= 137;
}

static __always_inline int read_transport(struct cursor *cursor, const struct ip_packet *ip, struct tc_packet *packet,
					  bool quoted)
{
	struct flow *flow = &packet->flow;

	flow->protocol = ip->protocol;
	if (is_icmp(ip)) {
		struct echo_header *icmp = cursor_take_header(cursor, struct echo_header);

		if (!icmp)
			return PACKET_OTHER;
		if (is_neighbour_discovery(ip, icmp->type))
			return PACKET_LINK;
		if (is_icmp_error(ip, icmp->type))
			return PACKET_ERROR;
		packet->opens = is_echo_request(ip, icmp->type);
		if (!packet->opens && !is_echo_reply(ip, icmp->type))
			return PACKET_OTHER;
		flow->source_port = icmp->id;
		flow->destination_port = icmp->id;
		return PACKET_FLOW;
	}
	if (ip->protocol == IPPROTO_TCP && !quoted) {
		struct tcp_start *tcp = cursor_take_header(cursor, struct tcp_start);

		if (!tcp)
			return PACKET_OTHER;
		flow->source_port = tcp->ports.source;
		flow->destination_port = tcp->ports.destination;
		packet->tcp_flags = tcp->flags & 0x3f;
		packet->opens = (tcp->flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) == TCP_SYN;
		return PACKET_FLOW;
	}
	if (ip->protocol == IPPROTO_TCP || ip->protocol == IPPROTO_UDP) {
		struct udphdr *start = cursor_take_header(cursor, struct udphdr);

		if (!start)
			return PACKET_OTHER;
		flow->source_port = start->source;
		flow->destination_port = start->dest;
		packet->opens = true;
		return PACKET_FLOW;
	}
	return PACKET_OTHER;
}

/*
 * Says what PACKET_… a packet is, and what flow it belongs to. With `quoted_at`, it is the packet that an
 * ICMP error of the same family quotes there.
 *
 * A global function (see ipv6_length_unit()), as the next ones are: the verifier follows the many ways
 * through the headers once, here, and not together with everything that comes after.
 */
__weak __noinline int find_tc_flow(struct __sk_buff *skb, struct tc_packet *packet, __u32 quoted_at, int version)
{
	struct cursor cursor = cursor_open(skb);
	struct ip_packet ip = {};
	__be16 ethertype = version == 4 ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);

	if (!packet || quoted_at > TC_HEADERS_BYTES)
		return PACKET_OTHER;
	__builtin_memset(packet, 0, sizeof(*packet));
	if (quoted_at) {
		if (!cursor_take(&cursor, quoted_at))
			return PACKET_OTHER;
	} else {
		struct ethhdr *ethernet = cursor_take_header(&cursor, struct ethhdr);

		if (!ethernet || skb->vlan_present)
			return PACKET_OTHER;
		ethertype = ethernet->h_proto;
	}
	if (ethertype == bpf_htons(ETH_P_ARP))
		return PACKET_LINK;
	packet->ip_offset = cursor.at - (void *)(long)skb->data;
	if (ethertype == bpf_htons(ETH_P_IP)) {
		if (take_ipv4(&cursor, &ip) != PARSE_OK)
			return PACKET_OTHER;
		map_v4(&packet->flow.source, ip.v4->saddr);
		map_v4(&packet->flow.destination, ip.v4->daddr);
		packet->version = 4;
		packet->hops = ip.v4->ttl;
	} else if (ethertype == bpf_htons(ETH_P_IPV6)) {
		if (take_ipv6(&cursor, &ip) != PARSE_OK)
			return PACKET_OTHER;
		packet->flow.source = ip.v6->saddr;
		packet->flow.destination = ip.v6->daddr;
		packet->version = 6;
		packet->hops = ip.v6->hop_limit;
	} else {
		return PACKET_OTHER;
	}
	packet->transport_offset = cursor.at - (void *)(long)skb->data;
	if (quoted_at ? ip.later_fragment : ip.fragment)
		return PACKET_FRAGMENT;
	return read_transport(&cursor, &ip, packet, quoted_at);
}

/* The same flow in the other direction. */
static __always_inline void reverse_flow(struct flow *reversed, const struct flow *flow)
{
	reversed->source = flow->destination;
	reversed->destination = flow->source;
	reversed->source_port = flow->destination_port;
	reversed->destination_port = flow->source_port;
	reversed->protocol = flow->protocol;
	reversed->reserved[0] = reversed->reserved[1] = reversed->reserved[2] = 0;
}

static __always_inline bool is_same_address(const struct in6_addr *one, const struct in6_addr *other)
{
	bool same = true;

#pragma unroll
	for (int i = 0; i < 4; i++)
		same = same && one->in6_u.u6_addr32[i] == other->in6_u.u6_addr32[i];
	return same;
}

static __always_inline bool is_same_flow(const struct flow *one, const struct flow *other)
{
	return is_same_address(&one->source, &other->source) &&
	       is_same_address(&one->destination, &other->destination) && one->source_port == other->source_port &&
	       one->destination_port == other->destination_port;
}

/* Source and destination lie side by side in struct flow, as the two ports do. */
#define ADDRESSES_BYTES (2 * sizeof(struct in6_addr))
#define PORTS_BYTES sizeof(struct ports)

/* What the sum over a packet changes by with its addresses; the fixed part of mapped IPv4 cancels out. */
static __always_inline __u32 addresses_difference(const struct flow *from, const struct flow *to)
{
	return bpf_csum_diff((__be32 *)&from->source, ADDRESSES_BYTES, (__be32 *)&to->source, ADDRESSES_BYTES, 0);
}

/*
 * An IP header's addresses and, for IPv4, its checksum.
 *
 * @param recompute BPF_F_RECOMPUTE_CSUM where bpf_l4_csum_replace() with BPF_F_PSEUDO_HDR follows: that takes the
 *   addresses out of a network card's sum once more, since in IPv4 the header's own checksum has done so. IPv6
 *   has none. 0 where another checksum covers the header.
 */
static __always_inline long write_addresses(struct __sk_buff *skb, const struct tc_packet *packet,
					    const struct flow *to, __u32 difference, __u64 recompute)
{
	__u32 at = packet->ip_offset;

	if (packet->version == 4)
		return bpf_l3_csum_replace(skb, at + offsetof(struct iphdr, check), 0, difference, 0) ?:
		       bpf_skb_store_bytes(skb, at + offsetof(struct iphdr, saddr), &to->source.in6_u.u6_addr32[3], 4, 0) ?:
		       bpf_skb_store_bytes(skb, at + offsetof(struct iphdr, daddr), &to->destination.in6_u.u6_addr32[3],
					   4, 0);
	return bpf_skb_store_bytes(skb, at + offsetof(struct ipv6hdr, saddr), &to->source, ADDRESSES_BYTES, recompute);
}

static __always_inline __u32 checksum_offset(__u8 protocol)
{
	return protocol == IPPROTO_TCP ? 16 : protocol == IPPROTO_UDP ? 6 : 2;
}

static __always_inline bool is_echo_flow(const struct flow *flow)
{
	return flow->protocol == IPPROTO_ICMP || flow->protocol == IPPROTO_ICMPV6;
}

/* Gives an ICMP error other addresses, and leaves what it quotes; 0 where that was possible. */
static __always_inline long translate_addresses(struct __sk_buff *skb, const struct tc_packet *error,
						const struct flow *to)
{
	__u32 difference = addresses_difference(&error->flow, to);
	__u32 sum_at = error->transport_offset + offsetof(struct echo_header, checksum);
	long result = write_addresses(skb, error, to, difference, BPF_F_RECOMPUTE_CSUM);

	/* ICMP for IPv4 is the one protocol without a pseudo-header (RFC 792, RFC 4443 section 2.3). */
	if (!result && error->version == 6)
		result = bpf_l4_csum_replace(skb, sum_at, 0, difference, BPF_F_PSEUDO_HDR);
	return result;
}

/*
 * Gives a packet other addresses and ports; 0 where that was possible. Options, payload and whatever
 * else the sums cover are not read. UDP over IPv4 without a checksum stays without (RFC 768).
 */
__weak __noinline int translate(struct __sk_buff *skb, const struct tc_packet *packet, const struct flow *to)
{
	__u32 difference, sum_at, ports_at;
	__u64 flags;

	if (!packet || !to)
		return -1;
	flags = to->protocol == IPPROTO_UDP ? BPF_F_MARK_MANGLED_0 : 0;
	sum_at = packet->transport_offset + checksum_offset(to->protocol);
	difference = addresses_difference(&packet->flow, to);
	if (write_addresses(skb, packet, to, difference, BPF_F_RECOMPUTE_CSUM))
		return -1;
	/* The pseudo-header has the addresses (RFC 9293 section 3.1). */
	if (to->protocol != IPPROTO_ICMP && bpf_l4_csum_replace(skb, sum_at, 0, difference, BPF_F_PSEUDO_HDR | flags))
		return -1;
	if (is_echo_flow(to)) {
		ports_at = packet->transport_offset + offsetof(struct echo_header, id);
		if (bpf_l4_csum_replace(skb, sum_at, packet->flow.source_port, to->source_port, 2))
			return -1;
		return bpf_skb_store_bytes(skb, ports_at, &to->source_port, 2, 0);
	}
	difference = bpf_csum_diff((__be32 *)&packet->flow.source_port, PORTS_BYTES, (__be32 *)&to->source_port,
				   PORTS_BYTES, 0);
	if (bpf_l4_csum_replace(skb, sum_at, 0, difference, flags))
		return -1;
	return bpf_skb_store_bytes(skb, packet->transport_offset, &to->source_port, PORTS_BYTES, 0);
}

/*
 * Turns what an ICMP error quotes into what its receiver had sent, headers and sums (RFC 5508 section
 * 4.2 REQ-4); the error's own checksum covers the quote. 0 where that was possible.
 *
 * @param error the packet around it
 * @param to the quoted flow as it has to be
 */
__weak __noinline int translate_quoted(struct __sk_buff *skb, const struct tc_packet *error,
				       const struct tc_packet *quoted, const struct flow *to)
{
	__u32 addresses, ports_at, inner_sum_at, difference;
	/* Two bytes each, and two of zeroes: bpf_csum_diff() takes multiples of four. */
	__be32 old_ports = 0, new_ports = 0, old_sum = 0, new_sum = 0;
	bool echo;

	if (!error || !quoted || !to)
		return -1;
	echo = is_echo_flow(to);
	addresses = addresses_difference(&quoted->flow, to);
	if (write_addresses(skb, quoted, to, addresses, 0))
		return -1;
	ports_at = quoted->transport_offset + (echo ? offsetof(struct echo_header, id) : 0);
	inner_sum_at = quoted->transport_offset + checksum_offset(to->protocol);
	old_ports = quoted->flow.source_port;
	new_ports = to->source_port;
	if (!echo) {
		old_ports |= (__u32)quoted->flow.destination_port << 16;
		new_ports |= (__u32)to->destination_port << 16;
	}
	if (bpf_skb_store_bytes(skb, ports_at, &new_ports, echo ? 2 : PORTS_BYTES, 0))
		return -1;
	difference = bpf_csum_diff(&old_ports, 4, &new_ports, 4, 0);

	/* The quote may end before its checksum; UDP's may be absent. */
	if (!bpf_skb_load_bytes(skb, inner_sum_at, &old_sum, 2) && (old_sum || to->protocol != IPPROTO_UDP)) {
		__u64 sum = (__u16)~old_sum + (__u64)difference;

		if (to->protocol != IPPROTO_ICMP)
			sum += addresses;
		sum = (sum & 0xffffffff) + (sum >> 32);
		sum = (sum & 0xffff) + (sum >> 16);
		new_sum = (__u16)~checksum_fold(sum);
		if (!new_sum && to->protocol == IPPROTO_UDP)
			new_sum = 0xffff;
		if (bpf_skb_store_bytes(skb, inner_sum_at, &new_sum, 2, 0))
			return -1;
		difference = bpf_csum_diff(&old_sum, 4, &new_sum, 4, difference);
	}
	/* An IPv4 header with its checksum always sums up to the same. */
	if (quoted->version == 6)
		difference = bpf_csum_diff((__be32 *)&quoted->flow.source, ADDRESSES_BYTES, (__be32 *)&to->source,
					   ADDRESSES_BYTES, difference);
	return bpf_l4_csum_replace(skb, error->transport_offset + offsetof(struct echo_header, checksum), 0, difference,
				   0);
}

/* RFC 1812 section 5.3.1: one less; it shares its 16 bits of the checksum with the protocol. */
static __always_inline long use_up_a_hop(struct __sk_buff *skb, const struct tc_packet *packet)
{
	__u32 at = packet->ip_offset;
	__u8 hops = packet->hops - 1;

	if (packet->version == 6)
		return bpf_skb_store_bytes(skb, at + offsetof(struct ipv6hdr, hop_limit), &hops, 1, 0);
	return bpf_l3_csum_replace(skb, at + offsetof(struct iphdr, check), bpf_htons(packet->hops << 8),
				   bpf_htons(hops << 8), 2) ?:
	       bpf_skb_store_bytes(skb, at + offsetof(struct iphdr, ttl), &hops, 1, 0);
}

static __always_inline long set_macs(struct __sk_buff *skb, const __u8 *destination, const __u8 *source)
{
	return bpf_skb_store_bytes(skb, offsetof(struct ethhdr, h_dest), destination, ETH_ALEN, 0) ?:
	       bpf_skb_store_bytes(skb, offsetof(struct ethhdr, h_source), source, ETH_ALEN, 0);
}
