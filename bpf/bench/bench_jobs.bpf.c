// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Five jobs, each as an XDP and as a TC program that do the same to the same bytes, so that what differs
 * between two measurements is the place and not the program: drop, count and pass, send back (reflect),
 * send on by another interface (redirect), change the destination with both checksums and send back
 * (rewrite). IPv4 and UDP; what is anything else, a fragment too, is let pass.
 */
#include "../include/checksum.h"
#include "../include/ip.h"
#include "../include/tc.h"

/* The interface by which `redirect` sends, in the namespace that it runs in. */
const volatile __u32 out_ifindex = 0;

/* The destination that `rewrite` puts in. */
const volatile __be32 new_destination = IPV4_ADDRESS(10, 0, 0, 1);

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} packets SEC(".maps");

/* One slot for each receive queue; user space puts an AF_XDP socket in. */
struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} sockets SEC(".maps");

struct udp_packet {
	struct ethhdr *ethernet;
	struct iphdr *ip;
	struct udphdr *udp;
};

/* False for everything but a whole UDP packet over IPv4. */
static __always_inline bool take_udp(struct cursor *cursor, struct udp_packet *found)
{
	struct ip_packet packet = {};

	if (take_ethernet(cursor, &found->ethernet) != bpf_htons(ETH_P_IP))
		return false;
	if (take_ipv4(cursor, &packet) != PARSE_OK || packet.protocol != IPPROTO_UDP || packet.fragment)
		return false;
	found->ip = packet.v4;
	found->udp = cursor_take_header(cursor, struct udphdr);
	return found->udp;
}

static __always_inline void count_packet(void)
{
	__u32 slot = 0;
	__u64 *count = bpf_map_lookup_elem(&packets, &slot);

	if (count)
		*count += 1;
}

static __always_inline void swap_macs(struct ethhdr *ethernet)
{
	__u8 mac[ETH_ALEN];

	__builtin_memcpy(mac, ethernet->h_source, ETH_ALEN);
	__builtin_memcpy(ethernet->h_source, ethernet->h_dest, ETH_ALEN);
	__builtin_memcpy(ethernet->h_dest, mac, ETH_ALEN);
}

/* Swapping addresses and ports changes no sum. */
static __always_inline void reverse(struct udp_packet *packet)
{
	__be32 address = packet->ip->saddr;
	__be16 port = packet->udp->source;

	swap_macs(packet->ethernet);
	packet->ip->saddr = packet->ip->daddr;
	packet->ip->daddr = address;
	packet->udp->source = packet->udp->dest;
	packet->udp->dest = port;
}

/* A UDP checksum of 0 says that there is none (RFC 768); one that comes out as 0 is sent as all ones. */
static __always_inline void change_destination(struct udp_packet *packet)
{
	__be32 from = packet->ip->daddr;

	packet->ip->daddr = new_destination;
	checksum_replace32(&packet->ip->check, from, new_destination);
	if (!packet->udp->check)
		return;
	checksum_replace32(&packet->udp->check, from, new_destination);
	if (!packet->udp->check)
		packet->udp->check = 0xffff;
}

/* Does nothing: what remains when this is subtracted is the job. */
SEC("xdp")
int xdp_bench_nothing(struct xdp_md *context)
{
	return XDP_PASS;
}

SEC("xdp")
int xdp_bench_drop(struct xdp_md *context)
{
	return XDP_DROP;
}

SEC("xdp")
int xdp_bench_count(struct xdp_md *context)
{
	count_packet();
	return XDP_PASS;
}

SEC("xdp")
int xdp_bench_reflect(struct xdp_md *context)
{
	struct cursor cursor = cursor_open(context);
	struct udp_packet packet;

	if (!take_udp(&cursor, &packet))
		return XDP_PASS;
	reverse(&packet);
	return XDP_TX;
}

SEC("xdp")
int xdp_bench_redirect(struct xdp_md *context)
{
	struct cursor cursor = cursor_open(context);
	struct udp_packet packet;

	if (!take_udp(&cursor, &packet))
		return XDP_PASS;
	swap_macs(packet.ethernet);
	return bpf_redirect(out_ifindex, 0);
}

SEC("xdp")
int xdp_bench_rewrite(struct xdp_md *context)
{
	struct cursor cursor = cursor_open(context);
	struct udp_packet packet;

	if (!take_udp(&cursor, &packet))
		return XDP_PASS;
	swap_macs(packet.ethernet);
	change_destination(&packet);
	return XDP_TX;
}

/* To the AF_XDP socket of the queue; without one, on to the stack. */
SEC("xdp")
int xdp_bench_to_socket(struct xdp_md *context)
{
	return bpf_redirect_map(&sockets, context->rx_queue_index, XDP_PASS);
}

SEC("tc")
int tc_bench_nothing(struct __sk_buff *skb)
{
	return TC_ACT_OK;
}

SEC("tc")
int tc_bench_drop(struct __sk_buff *skb)
{
	return TC_ACT_SHOT;
}

SEC("tc")
int tc_bench_count(struct __sk_buff *skb)
{
	count_packet();
	return TC_ACT_OK;
}

static __always_inline bool take_udp_of_skb(struct __sk_buff *skb, struct udp_packet *packet)
{
	struct cursor cursor;

	tc_pull_headers(skb);
	cursor = cursor_open(skb);
	return take_udp(&cursor, packet);
}

SEC("tc")
int tc_bench_reflect(struct __sk_buff *skb)
{
	struct udp_packet packet;

	if (!take_udp_of_skb(skb, &packet))
		return TC_ACT_OK;
	reverse(&packet);
	return bpf_redirect(skb->ifindex, 0);
}

SEC("tc")
int tc_bench_redirect(struct __sk_buff *skb)
{
	struct udp_packet packet;

	if (!take_udp_of_skb(skb, &packet))
		return TC_ACT_OK;
	swap_macs(packet.ethernet);
	return bpf_redirect(out_ifindex, 0);
}

SEC("tc")
int tc_bench_rewrite(struct __sk_buff *skb)
{
	struct udp_packet packet;

	if (!take_udp_of_skb(skb, &packet))
		return TC_ACT_OK;
	swap_macs(packet.ethernet);
	change_destination(&packet);
	return bpf_redirect(skb->ifindex, 0);
}

/* On the way out, where the host's stack has routed already: only what is left of the jobs. */

SEC("tc")
int tc_bench_redirect_out(struct __sk_buff *skb)
{
	struct udp_packet packet;

	return take_udp_of_skb(skb, &packet) ? bpf_redirect(out_ifindex, 0) : TC_ACT_OK;
}

SEC("tc")
int tc_bench_rewrite_out(struct __sk_buff *skb)
{
	struct udp_packet packet;

	if (take_udp_of_skb(skb, &packet))
		change_destination(&packet);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
