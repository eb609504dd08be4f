// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* xdp_icmp_drop's rule in TC, where it can also stand at the way out. */
#include "include/ping.h"
#include "include/tc.h"

SEC("tc")
int tc_icmp_drop(struct __sk_buff *skb)
{
	struct cursor cursor;

	tc_pull_headers(skb);
	cursor = cursor_open(skb);
	return belongs_to_ping(&cursor) ? TC_ACT_SHOT : TC_ACT_OK;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
