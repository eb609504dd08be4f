// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Tells the kernel which flow a packet belongs to, in place of its own dissector: addresses and ports
 * of UDP over IPv4 without options. Everything else is refused, which leaves it without a flow.
 */
#include "../include/cursor.h"

SEC("flow_dissector")
int dissect(struct __sk_buff *skb)
{
	struct bpf_flow_keys *keys = skb->flow_keys;
	/* Where the network header is; a u16, so at most 65,535. */
	__u32 nhoff = keys->nhoff;
	struct cursor cursor;
	struct iphdr *ip;
	struct udphdr *udp;

	/* Far enough for every link layer; the verifier gives up on offsets that could pass 65,535. */
	if (keys->n_proto != bpf_htons(ETH_P_IP) || nhoff > 256)
		return BPF_DROP;
	cursor = (struct cursor){ .at = (void *)(long)skb->data + nhoff, .end = (void *)(long)skb->data_end };
	ip = cursor_take_header(&cursor, struct iphdr);
	udp = cursor_take_header(&cursor, struct udphdr);
	if (!ip || !udp || ip->ihl != 5 || ip->protocol != IPPROTO_UDP)
		return BPF_DROP;

	keys->addr_proto = ETH_P_IP;
	keys->ip_proto = ip->protocol;
	keys->ipv4_src = ip->saddr;
	keys->ipv4_dst = ip->daddr;
	keys->sport = udp->source;
	keys->dport = udp->dest;
	keys->thoff = nhoff + sizeof(*ip);
	return BPF_OK;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
