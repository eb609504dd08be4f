// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Packets in several buffers: jumbo frames, and what network cards put together from segments. data_end is the end of
 * the first buffer only; a header may lie behind it, or across. A program of section xdp.frags says that it knows.
 */
#include "../include/program.h"

const volatile __u16 blocked_port = 53;

/* Bytes of the whole packet, in as many buffers as it has. */
__u64 bytes_seen = 0;

/* Drops UDP over IPv4 without options to one port, wherever the header lies. */
SEC("xdp.frags")
int drop_port(struct xdp_md *context)
{
	struct {
		struct ethhdr ethernet;
		struct iphdr ip;
		struct udphdr udp;
	} __attribute__((packed)) copied, *headers = (void *)(long)context->data;

	bytes_seen += bpf_xdp_get_buff_len(context);
	if ((void *)(headers + 1) > (void *)(long)context->data_end) {
		headers = &copied;
		if (bpf_xdp_load_bytes(context, 0, headers, sizeof(copied)))
			return XDP_PASS;
	}
	if (headers->ethernet.h_proto != bpf_htons(ETH_P_IP) || headers->ip.ihl != 5 || headers->ip.protocol != IPPROTO_UDP ||
	    headers->ip.frag_off & bpf_htons(0x1fff))
		return XDP_PASS;
	return headers->udp.dest == bpf_htons(blocked_port) ? XDP_DROP : XDP_PASS;
}

/* Cuts every packet to 100 bytes, from whichever buffer they have to be taken. */
SEC("xdp.frags")
int cut_to_100(struct xdp_md *context)
{
	__u64 length = bpf_xdp_get_buff_len(context);

	if (length > 100 && bpf_xdp_adjust_tail(context, 100 - (int)length))
		return XDP_ABORTED;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
