// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Reads and writes what a socket buffer carries besides the packet. */
#include "../include/program.h"

/* Doubles the mark, keeps the old one in cb[0], counts in cb[1]; a mark of 13 is not let through. */
SEC("tc")
int tc_context(struct __sk_buff *skb)
{
	__u32 mark = skb->mark;

	skb->cb[0] = mark;
	skb->cb[1] += 1;
	skb->mark = mark * 2;
	skb->priority = 6;
	return mark == 13 ? TC_ACT_SHOT : TC_ACT_OK;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
