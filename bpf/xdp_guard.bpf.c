// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Limits what one source may send: packets of any kind, and TCP connections opened (SYN), each at so
 * many a second after a first burst. What is beyond is dropped before the host has spent anything on it.
 *
 * A token bucket, kept as a single point in time: when the source's next packet would be due, were all
 * of its packets sent at the rate (the virtual scheduling form of GCRA, ITU-T I.371). A packet moves
 * it one interval on; one that comes a whole burst early is refused, and does not move it.
 *
 * A source is an IPv4 address, or the /64 of an IPv6 address, as that is what one sender can choose
 * addresses from. The table forgets the source heard least recently when it is full, so a flood from
 * made-up addresses cannot fill it; nor can it be held off here, as no such address comes twice: against
 * that the host has SYN cookies (net.ipv4.tcp_syncookies).
 *
 * Two CPUs that have packets of one source at the same moment may count them as one. That lets a few
 * more pass, at most one for each CPU, and needs no lock.
 */
#include "include/ip.h"

#define SOURCES_MAX 65536
#define TCP_FLAGS_OFFSET 13
#define TCP_SYN_ACK 0x12
#define TCP_SYN 0x02

struct limit {
	/* Nanoseconds between two packets at the rate. */
	__u64 interval_ns;
	/* Packets that may come at once after silence. */
	__u64 burst;
};

const volatile struct limit packet_limit = { .interval_ns = 1000000, .burst = 2000 };
const volatile struct limit syn_limit = { .interval_ns = 10000000, .burst = 100 };

struct source {
	__u64 packet_due_ns;
	__u64 syn_due_ns;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, SOURCES_MAX);
	__type(key, struct in6_addr);
	__type(value, struct source);
} sources SEC(".maps");

enum outcome {
	OUTCOME_PASSED,
	OUTCOME_TOO_MANY_PACKETS,
	OUTCOME_TOO_MANY_SYNS,
	OUTCOMES,
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, OUTCOMES);
	__type(key, __u32);
	__type(value, __u64);
} outcomes SEC(".maps");

/* What of a packet matters here. */
struct sender {
	/* IPv4 as ::ffff:a.b.c.d, IPv6 without its lower 64 bits. */
	struct in6_addr address;
	/* It asks for a TCP connection. */
	__u32 opens;
};

/*
 * 0 where the packet has a sender, i.e. is IP. A global function, so that the verifier goes through the
 * many ways of parsing once, and not again with each way through what follows.
 */
__weak __noinline int sender_of(struct xdp_md *context, struct sender *sender)
{
	struct cursor cursor = cursor_open(context);
	struct ip_packet packet = {};
	struct ethhdr *ethernet;
	__u8 *tcp;

	if (!sender || take_ip(&cursor, &ethernet, &packet) != PARSE_OK)
		return -1;
	if (packet.v4) {
		sender->address.in6_u.u6_addr32[0] = 0;
		sender->address.in6_u.u6_addr32[1] = 0;
		sender->address.in6_u.u6_addr32[2] = bpf_htonl(0xffff);
		sender->address.in6_u.u6_addr32[3] = packet.v4->saddr;
	} else if (packet.v6) {
		sender->address = packet.v6->saddr;
		sender->address.in6_u.u6_addr32[2] = 0;
		sender->address.in6_u.u6_addr32[3] = 0;
	}
	sender->opens = 0;
	if (packet.protocol != IPPROTO_TCP || packet.later_fragment)
		return 0;
	tcp = cursor_take(&cursor, TCP_FLAGS_OFFSET + 1);
	if (tcp && (tcp[TCP_FLAGS_OFFSET] & TCP_SYN_ACK) == TCP_SYN)
		sender->opens = 1;
	return 0;
}

/* Takes a token; false where there is none. */
static __always_inline bool take(__u64 *due_ns, const volatile struct limit *limit, __u64 now_ns)
{
	__u64 due = *due_ns > now_ns ? *due_ns : now_ns;

	/* So early that a whole burst has gone before. */
	if (due - now_ns + limit->interval_ns > limit->interval_ns * limit->burst)
		return false;
	*due_ns = due + limit->interval_ns;
	return true;
}

static __always_inline enum outcome judge(struct source *source, const struct sender *sender)
{
	__u64 now_ns = bpf_ktime_get_ns();

	if (!take(&source->packet_due_ns, &packet_limit, now_ns))
		return OUTCOME_TOO_MANY_PACKETS;
	if (sender->opens && !take(&source->syn_due_ns, &syn_limit, now_ns))
		return OUTCOME_TOO_MANY_SYNS;
	return OUTCOME_PASSED;
}

SEC("xdp")
int xdp_guard(struct xdp_md *context)
{
	struct sender sender = {};
	struct source fresh = {};
	struct source *source;
	__u32 outcome;
	__u64 *count;

	/* ARP and the like keep the network going, and what does not parse the stack refuses. */
	if (sender_of(context, &sender))
		return XDP_PASS;
	source = bpf_map_lookup_elem(&sources, &sender.address);
	if (source) {
		outcome = judge(source, &sender);
	} else {
		outcome = judge(&fresh, &sender);
		bpf_map_update_elem(&sources, &sender.address, &fresh, BPF_ANY);
	}
	count = bpf_map_lookup_elem(&outcomes, &outcome);
	if (count)
		*count += 1;
	return outcome == OUTCOME_PASSED ? XDP_PASS : XDP_DROP;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
