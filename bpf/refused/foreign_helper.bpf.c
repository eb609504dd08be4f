// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Refused: bpf_skb_load_bytes() wants a socket buffer, and XDP runs before there is one. */
#include "../include/program.h"

SEC("xdp")
int foreign_helper(struct xdp_md *context)
{
	__u8 mac[ETH_ALEN];

	return bpf_skb_load_bytes(context, 0, mac, sizeof(mac)) ? XDP_ABORTED : XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
