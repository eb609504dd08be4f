// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * What tcpdump would compile `udp port 53` to, for IPv4. A socket filter returns how many bytes of the
 * packet the socket gets: 0 is none of it. It reads by bpf_skb_load_bytes(), never by pointer.
 */
#include "../include/program.h"

#define DNS_PORT 53
#define WHOLE_PACKET 0xffffffff

SEC("socket")
int socket_filter(struct __sk_buff *skb)
{
	struct iphdr ip;
	struct udphdr udp;

	if (skb->protocol != bpf_htons(ETH_P_IP))
		return 0;
	if (bpf_skb_load_bytes_relative(skb, 0, &ip, sizeof(ip), BPF_HDR_START_NET))
		return 0;
	if (ip.protocol != IPPROTO_UDP || ip.frag_off & bpf_htons(0x1fff))
		return 0;
	if (bpf_skb_load_bytes_relative(skb, ip.ihl * 4, &udp, sizeof(udp), BPF_HDR_START_NET))
		return 0;
	return udp.source == bpf_htons(DNS_PORT) || udp.dest == bpf_htons(DNS_PORT) ? WHOLE_PACKET : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
