// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Programs on a route ("lightweight tunnels"): on the way in, out, and just before sending. They see
 * packets from the IP header on; here each drops what is about to run out of hops.
 */
#include "../include/cursor.h"

static __always_inline int drop_last_hop(struct __sk_buff *skb)
{
	struct cursor cursor = cursor_open(skb);
	__u8 *version = cursor.at;

	if ((void *)(version + 1) > cursor.end)
		return BPF_DROP;
	if (*version >> 4 == 4) {
		struct iphdr *ip = cursor_take_header(&cursor, struct iphdr);

		return ip && ip->ttl > 1 ? BPF_OK : BPF_DROP;
	}
	if (*version >> 4 == 6) {
		struct ipv6hdr *ip = cursor_take_header(&cursor, struct ipv6hdr);

		return ip && ip->hop_limit > 1 ? BPF_OK : BPF_DROP;
	}
	return BPF_DROP;
}

SEC("lwt_in")
int route_in(struct __sk_buff *skb)
{
	return drop_last_hop(skb);
}

SEC("lwt_out")
int route_out(struct __sk_buff *skb)
{
	return drop_last_hop(skb);
}

SEC("lwt_xmit")
int route_xmit(struct __sk_buff *skb)
{
	return drop_last_hop(skb);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
