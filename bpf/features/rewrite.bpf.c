// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Rewrites the headers of TCP over IPv4 and nothing else: addresses, ports and their checksums become those of
 * another connection. What it has rewritten it rewrites again in as many instructions, so that runs on one packet
 * can be timed (`npm run bench:sim`).
 */
#include "../include/checksum.h"
#include "../include/ip.h"
#include <linux/tcp.h>

struct side {
	__u8 mac[8];
	__be32 address;
	__be16 port;
};

const volatile struct side from = {
	.mac = { 0x02, 0x42, 0xac, 0x11, 0x00, 0x05 },
	.address = IPV4_ADDRESS(172, 17, 0, 5),
	.port = bpf_htons(40000),
};

const volatile struct side to = {
	.mac = { 0x02, 0x42, 0xac, 0x11, 0x00, 0x02 },
	.address = IPV4_ADDRESS(172, 17, 0, 2),
	.port = bpf_htons(8080),
};

static __always_inline void set_mac(__u8 *mac, const volatile struct side *side)
{
	__builtin_memcpy(mac, (const void *)side->mac, ETH_ALEN);
}

static __always_inline __u32 replace16(__u32 sum, __be16 *field, __be16 value)
{
	sum += (__u16)~*field + value;
	*field = value;
	return sum;
}

static __always_inline __u32 replace32(__u32 sum, __be32 *field, __be32 value)
{
	__be32 gone = ~*field;

	sum += (gone & 0xffff) + (gone >> 16) + (value & 0xffff) + (value >> 16);
	*field = value;
	return sum;
}

SEC("xdp")
int rewrite(struct xdp_md *context)
{
	struct cursor cursor = cursor_open(context);
	struct ethhdr *ethernet = cursor_take_header(&cursor, struct ethhdr);
	struct iphdr *ip;
	struct tcphdr *tcp;
	__u32 addresses, ports;

	if (!ethernet || ethernet->h_proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	ip = cursor_take_header(&cursor, struct iphdr);
	if (!ip || ip->version != 4 || ip->ihl != 5 || ip->protocol != IPPROTO_TCP ||
	    (ip->frag_off & bpf_htons(IPV4_MORE_FRAGMENTS | IPV4_OFFSET_MASK)))
		return XDP_PASS;
	tcp = cursor_take_header(&cursor, struct tcphdr);
	if (!tcp)
		return XDP_PASS;

	set_mac(ethernet->h_source, &from);
	set_mac(ethernet->h_dest, &to);
	/* What both checksums lose and gain is summed once (RFC 1624 equation 3). */
	addresses = replace32(0, &ip->saddr, from.address);
	addresses = replace32(addresses, &ip->daddr, to.address);
	ports = replace16(addresses, &tcp->source, from.port);
	ports = replace16(ports, &tcp->dest, to.port);
	ip->check = ~checksum_fold((__u16)~ip->check + addresses);
	tcp->check = ~checksum_fold((__u16)~tcp->check + ports);
	return XDP_TX;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
