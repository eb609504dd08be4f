/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* VXLAN over IPv4 (RFC 7348): an Ethernet frame in UDP, of one of 2^24 networks. */
#pragma once

#include "checksum.h"
#include "tc_flow.h"

#define VXLAN_PORT 4789
/* The network's number is valid. */
#define VXLAN_FLAG_VNI bpf_htonl(0x08000000)

struct vxlan_header {
	__be32 flags;
	/* The lowest byte is reserved. */
	__be32 vni;
};

/* Everything between the outer Ethernet header and the packet inside. */
struct vxlan_outer {
	struct iphdr ip;
	struct udphdr udp;
	struct vxlan_header vxlan;
	struct ethhdr inner;
} __attribute__((packed));

struct vxlan_tunnel {
	__be32 source;
	__be32 destination;
	__u32 vni;
	/* Of the frame inside. */
	__u8 source_mac[ETH_ALEN];
	__u8 destination_mac[ETH_ALEN];
};

#define IPV4_DONT_FRAGMENT 0x4000

/*
 * Linux 6.3: says that the packet inside is of IPv6. Older headers do not have it yet, and for older kernels
 * it stays IPv4 to the stack.
 */
#define ADJ_ROOM_DECAP_L3_IPV6 (1ULL << 8)

/*
 * Wraps a packet; 0 where that worked. The outer addresses of Ethernet are left to bpf_redirect_neigh().
 *
 * The outer header says nothing of congestion (RFC 6040 section 4.1, compatibility mode), and the sum of UDP is left
 * out (RFC 7348 section 4.1): what is inside has its own.
 *
 * @param entropy of the flow inside: another source port for each, so that routers can spread them
 */
static __always_inline long vxlan_push(struct __sk_buff *skb, const struct vxlan_tunnel *tunnel, __be16 ethertype,
				       __u32 entropy)
{
	const __u64 flags = BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 | BPF_F_ADJ_ROOM_ENCAP_L4_UDP |
			    BPF_F_ADJ_ROOM_ENCAP_L2_ETH | BPF_F_ADJ_ROOM_ENCAP_L2(ETH_HLEN);
	__u32 bytes = skb->len - ETH_HLEN + sizeof(struct vxlan_outer);
	__be16 ipv4 = bpf_htons(ETH_P_IP);
	struct iphdr ip = {
		.version = 4,
		.ihl = 5,
		.tot_len = bpf_htons(bytes),
		.frag_off = bpf_htons(IPV4_DONT_FRAGMENT),
		.ttl = 64,
		.protocol = IPPROTO_UDP,
		.saddr = tunnel->source,
		.daddr = tunnel->destination,
	};
	struct vxlan_outer outer = {
		.udp = {
			/* RFC 7348 section 5 recommends the dynamic range. */
			.source = bpf_htons(49152 + entropy % 16384),
			.dest = bpf_htons(VXLAN_PORT),
			.len = bpf_htons(bytes - sizeof(struct iphdr)),
		},
		.vxlan = { .flags = VXLAN_FLAG_VNI, .vni = bpf_htonl(tunnel->vni << 8) },
		.inner = { .h_proto = ethertype },
	};

	ip.check = ipv4_checksum(&ip);
	outer.ip = ip;
	__builtin_memcpy(outer.inner.h_source, tunnel->source_mac, ETH_ALEN);
	__builtin_memcpy(outer.inner.h_dest, tunnel->destination_mac, ETH_ALEN);
	return bpf_skb_adjust_room(skb, sizeof(outer), BPF_ADJ_ROOM_MAC, flags) ?:
	       bpf_skb_store_bytes(skb, ETH_HLEN, &outer, sizeof(outer), 0) ?:
	       bpf_skb_store_bytes(skb, offsetof(struct ethhdr, h_proto), &ipv4, sizeof(ipv4), 0);
}

/* Takes the outer headers of an untagged frame whose packet is VXLAN for `address`; false where it is not. */
static __always_inline bool vxlan_read(struct __sk_buff *skb, __be32 address, struct vxlan_outer *outer)
{
	return address && skb->protocol == bpf_htons(ETH_P_IP) && !skb->vlan_present &&
	       !bpf_skb_load_bytes(skb, ETH_HLEN, outer, sizeof(*outer)) && outer->ip.version == 4 && outer->ip.ihl == 5 &&
	       !(outer->ip.frag_off & ~bpf_htons(IPV4_DONT_FRAGMENT)) && outer->ip.daddr == address &&
	       outer->ip.protocol == IPPROTO_UDP && outer->udp.dest == bpf_htons(VXLAN_PORT) &&
	       outer->vxlan.flags == VXLAN_FLAG_VNI;
}

/* Unwraps a packet that vxlan_read() has read; 0 where that worked. The outer addresses of Ethernet stay. */
static __always_inline long vxlan_pop(struct __sk_buff *skb, __be16 ethertype)
{
	__u64 flags = ethertype == bpf_htons(ETH_P_IPV6) ? ADJ_ROOM_DECAP_L3_IPV6 : 0;

	return bpf_skb_adjust_room(skb, -(int)sizeof(struct vxlan_outer), BPF_ADJ_ROOM_MAC, flags) ?:
	       bpf_skb_store_bytes(skb, offsetof(struct ethhdr, h_proto), &ethertype, sizeof(ethertype), 0);
}
