// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Drops every packet and leaves a line in the trace. On ingress or, which XDP cannot do, on egress. */
#include "include/program.h"

SEC("tc")
int tc_drop(struct __sk_buff *skb)
{
	bpf_printk("tc_drop: %u bytes, protocol 0x%04x", skb->len, bpf_ntohs(skb->protocol));
	return TC_ACT_SHOT;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
