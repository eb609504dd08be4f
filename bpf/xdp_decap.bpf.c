// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The backend's end of xdp_maglev's tunnels: takes IPv4 or IPv6 packets out of IPIP and GUE and passes
 * them to the host's own stack, which has the service's address and answers the client directly.
 *
 * Only tunnels to `tunnel_address` from `tunnel_source` are opened: whoever else could send any packet
 * past a filter in front, in a wrapping of IP. Outer headers with options, fragments of tunnels, and GUE
 * with optional fields or control messages stay wrapped, for the host to judge.
 */
#include "include/tunnel.h"

const volatile __be32 tunnel_source = IPV4_ADDRESS(203, 0, 113, 254);
const volatile __be32 tunnel_address = IPV4_ADDRESS(203, 0, 113, 1);

/* Takes away everything between Ethernet and what is inside, and keeps Ethernet's addresses. */
static __always_inline int open_tunnel(struct xdp_md *context, struct ethhdr outer, __u32 bytes, __u8 protocol)
{
	struct ethhdr *ethernet;

	if (protocol != IPPROTO_IPIP && protocol != IPPROTO_IPV6)
		return XDP_PASS;
	if (bpf_xdp_adjust_head(context, bytes))
		return XDP_DROP;
	ethernet = bytes_at(context, 0, sizeof(*ethernet));
	if (!ethernet)
		return XDP_DROP;
	*ethernet = outer;
	ethernet->h_proto = protocol == IPPROTO_IPIP ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);
	return XDP_PASS;
}

SEC("xdp")
int xdp_decap(struct xdp_md *context)
{
	struct ethhdr *ethernet = bytes_at(context, 0, sizeof(*ethernet));
	struct iphdr *ip = bytes_at(context, ETH_HLEN, sizeof(*ip));
	struct gue_outer *outer;

	if (!ethernet || !ip || ethernet->h_proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	if (ip->version != 4 || ip->ihl != 5 || ip->frag_off & ~bpf_htons(0x4000) || ip->saddr != tunnel_source ||
	    ip->daddr != tunnel_address)
		return XDP_PASS;
	if (ip->protocol != IPPROTO_UDP)
		return open_tunnel(context, *ethernet, sizeof(*ip), ip->protocol);

	outer = bytes_at(context, ETH_HLEN, sizeof(*outer));
	if (!outer || outer->udp.dest != bpf_htons(GUE_PORT) || outer->gue.variant_control_length ||
	    outer->gue.flags)
		return XDP_PASS;
	return open_tunnel(context, *ethernet, sizeof(*outer), outer->gue.protocol);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
