/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* IP in IPv4 (RFC 2003, RFC 4213), bare or in UDP with GUE (draft-ietf-intarea-gue, variant 0). */
#pragma once

#include "checksum.h"
#include "flow.h"

#define GUE_PORT 6080
/* Bits of the first byte: variant (2), control (1), length of optional fields (5); all 0 here. */
struct gue_header {
	__u8 variant_control_length;
	__u8 protocol;
	__be16 flags;
};

enum tunnel_kind {
	TUNNEL_IPIP,
	TUNNEL_GUE,
};

struct tunnel {
	struct ethhdr ethernet;
	__u8 kind;
	/* Of the packet inside: 4 or 6. */
	__u8 version;
	__be32 source;
	__be32 destination;
	/* GUE only. */
	__be16 source_port;
	__u16 reserved;
	__u32 mtu;
};

/* What stands before a packet in GUE, behind Ethernet. */
struct gue_outer {
	struct iphdr ip;
	struct udphdr udp;
	struct gue_header gue;
};

/* Bytes of the IP packet behind an untagged Ethernet header, as it says itself: frames may be padded; 0: none. */
static __always_inline __u32 ip_bytes(struct xdp_md *context, __u8 version)
{
	if (version == 4) {
		struct iphdr *ip = bytes_at(context, ETH_HLEN, sizeof(*ip));

		return ip ? bpf_ntohs(ip->tot_len) : 0;
	} else {
		struct ipv6hdr *ip = bytes_at(context, ETH_HLEN, sizeof(*ip));

		return ip ? bpf_ntohs(ip->payload_len) + sizeof(*ip) : 0;
	}
}

static __always_inline void write_ip(struct iphdr *ip, const struct tunnel *tunnel, __u32 bytes, __u8 protocol)
{
	__builtin_memset(ip, 0, sizeof(*ip));
	ip->version = 4;
	ip->ihl = 5;
	ip->tot_len = bpf_htons(bytes);
	/* Too large a packet is to be heard of, not cut up. */
	ip->frag_off = bpf_htons(0x4000);
	ip->ttl = 64;
	ip->protocol = protocol;
	ip->saddr = tunnel->source;
	ip->daddr = tunnel->destination;
	ip->check = ipv4_checksum(ip);
}

/* Wraps the packet behind an untagged Ethernet header; 0 where that worked. */
static __always_inline int encapsulate(struct xdp_md *context, const struct tunnel *tunnel)
{
	struct ethhdr *ethernet;
	__u32 inner = ip_bytes(context, tunnel->version);
	__u8 protocol = tunnel->version == 4 ? IPPROTO_IPIP : IPPROTO_IPV6;
	__u32 with_ip = inner + sizeof(struct iphdr);
	__u32 with_gue = with_ip + sizeof(struct udphdr) + sizeof(struct gue_header);

	if (!inner || (tunnel->kind == TUNNEL_GUE ? with_gue : with_ip) > tunnel->mtu)
		return -1;
	if (tunnel->kind == TUNNEL_GUE) {
		struct gue_outer *outer;

		if (bpf_xdp_adjust_head(context, -(int)sizeof(*outer)))
			return -1;
		outer = bytes_at(context, ETH_HLEN, sizeof(*outer));
		if (!outer)
			return -1;
		write_ip(&outer->ip, tunnel, with_gue, IPPROTO_UDP);
		outer->udp.source = tunnel->source_port;
		outer->udp.dest = bpf_htons(GUE_PORT);
		outer->udp.len = bpf_htons(with_gue - sizeof(struct iphdr));
		/* None: what is inside has its own (RFC 768; over IPv4 that is allowed). */
		outer->udp.check = 0;
		outer->gue.variant_control_length = 0;
		outer->gue.protocol = protocol;
		outer->gue.flags = 0;
	} else {
		struct iphdr *ip;

		if (bpf_xdp_adjust_head(context, -(int)sizeof(*ip)))
			return -1;
		ip = bytes_at(context, ETH_HLEN, sizeof(*ip));
		if (!ip)
			return -1;
		write_ip(ip, tunnel, with_ip, protocol);
	}
	ethernet = bytes_at(context, 0, sizeof(*ethernet));
	if (!ethernet)
		return -1;
	__builtin_memcpy(ethernet, &tunnel->ethernet, 2 * ETH_ALEN);
	ethernet->h_proto = bpf_htons(ETH_P_IP);
	return 0;
}
