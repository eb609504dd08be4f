// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Tells the traffic of applications apart on its way out, so that a queueing discipline gives each its
 * share, and the network behind knows what to hurry.
 *
 * An application is a transport protocol and its server's port, whichever end that is. What it gets:
 *
 *   priority   the class of a classful discipline (htb), written as tc does: 1:10 is 0x10010
 *   mark       for routing rules and firewalls
 *   dscp       the class in the IP header (RFC 2474), in the place of whatever was there; ECN stays
 *
 * Everything else goes as it came, and so into the discipline's default class: other ports, what is not
 * TCP or UDP, and later fragments, which have no ports.
 */
#include <linux/pkt_cls.h>

#include "include/checksum.h"
#include "include/ip.h"
#include "include/tc.h"

struct application {
	__be16 port;
	__u8 protocol;
	__u8 reserved;
};

struct treatment {
	__u32 priority;
	__u32 mark;
	/* 0 to 63. */
	__u8 dscp;
	__u8 reserved[3];
};

struct traffic {
	__u64 packets;
	/* As long as they are here: a large send that is cut up later counts as one. */
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct application);
	__type(value, struct treatment);
} applications SEC(".maps");

/* By class. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct traffic);
} sent SEC(".maps");

static __always_inline void count(__u32 class, __u32 bytes)
{
	struct traffic *known = bpf_map_lookup_elem(&sent, &class);
	struct traffic first = { .packets = 1, .bytes = bytes };

	if (known) {
		known->packets += 1;
		known->bytes += bytes;
	} else {
		bpf_map_update_elem(&sent, &class, &first, BPF_ANY);
	}
}

static __always_inline void set_dscp(struct ip_packet *packet, __u8 dscp)
{
	if (packet->v4) {
		struct iphdr *ip = packet->v4;
		/* Version and header length stand in the same 16 bits of the checksum. */
		__be16 *word = (__be16 *)ip;
		__be16 before = *word;

		ip->tos = dscp << 2 | (ip->tos & 3);
		checksum_replace16(&ip->check, before, *word);
	} else if (packet->v6) {
		__be16 *word = (__be16 *)packet->v6;

		/* Four bits of version, six of this, two of ECN, four of the flow label. */
		*word = (*word & bpf_htons(0xf03f)) | bpf_htons(dscp << 6);
	}
}

static __always_inline struct treatment *find_treatment(struct cursor *cursor, __u8 protocol)
{
	struct application application = { .protocol = protocol };
	struct treatment *found;
	/* TCP begins with its ports, too. */
	struct udphdr *ports = cursor_take_header(cursor, struct udphdr);

	if (!ports)
		return NULL;
	application.port = ports->source;
	found = bpf_map_lookup_elem(&applications, &application);
	if (found)
		return found;
	application.port = ports->dest;
	return bpf_map_lookup_elem(&applications, &application);
}

SEC("tc")
int tc_classify(struct __sk_buff *skb)
{
	struct treatment *treatment;
	struct ip_packet packet = {};
	struct ethhdr *ethernet;
	struct cursor cursor;

	tc_pull_headers(skb);
	cursor = cursor_open(skb);
	if (take_ip(&cursor, &ethernet, &packet) != PARSE_OK || packet.later_fragment)
		return TC_ACT_OK;
	if (packet.protocol != IPPROTO_TCP && packet.protocol != IPPROTO_UDP)
		return TC_ACT_OK;
	treatment = find_treatment(&cursor, packet.protocol);
	if (!treatment)
		return TC_ACT_OK;
	set_dscp(&packet, treatment->dscp & 63);
	skb->priority = treatment->priority;
	skb->mark = treatment->mark;
	count(treatment->priority, skb->len);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
