// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Holds hosts that are to talk encrypted to it: what comes from a protected network has to come by IPsec
 * or WireGuard, or it is dropped, so that a tunnel that is down does not turn into plaintext.
 *
 *   wire ──► encrypted_only (XDP): ESP or WireGuard ──► the kernel decrypts ──► received (cgroup): plaintext ──► process
 *
 * Let through from protected networks: ESP (RFC 4303), bare or in UDP, IKE (RFC 7296), WireGuard's four kinds
 * of messages, and what a link needs to work: neighbour discovery. Later fragments of UDP have no ports and
 * are dropped: tunnels set their MTU so that there are none. Everybody else may talk as he likes.
 */
#include "include/flow_key.h"
#include "include/icmp.h"

#define PREFIXES_MAX 65536
#define IKE_PORT 500
#define NAT_TRAVERSAL_PORT 4500
#define ROUTER_SOLICITATION 133
#define REDIRECT 137

const volatile __u16 wireguard_port = 51820;

/* IPv4 addresses are IPv4-mapped (::ffff:0:0/96). */
struct prefix {
	__u32 bits;
	struct in6_addr address;
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, PREFIXES_MAX);
	__type(key, struct prefix);
	__type(value, __u32);
} protected_networks SEC(".maps");

enum sight {
	/* On the wire, from protected networks. */
	ENCRYPTED,
	PLAINTEXT_DROPPED,
	/* By processes, from protected networks: as they read it. */
	RECEIVED,
	SIGHTS,
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SIGHTS);
	__type(key, __u32);
	__type(value, __u64);
} seen SEC(".maps");

static __always_inline void count(__u32 sight)
{
	__u64 *counted = bpf_map_lookup_elem(&seen, &sight);

	if (counted)
		*counted += 1;
}

static __always_inline bool is_protected(const struct ip_packet *packet)
{
	struct prefix source = { .bits = 128 };

	if (packet->v4)
		map_v4(&source.address, packet->v4->saddr);
	else if (packet->v6)
		source.address = packet->v6->saddr;
	return bpf_map_lookup_elem(&protected_networks, &source);
}

/* Handshakes (1 to 3) and data (4); three bytes of each are reserved and 0. */
static __always_inline bool is_wireguard(struct cursor *cursor)
{
	__u32 *kind = cursor_take(cursor, sizeof(*kind));
	__u32 type = kind ? bpf_ntohl(*kind) >> 24 : 0;

	return kind && type >= 1 && type <= 4 && !(*kind & bpf_htonl(0xffffff));
}

static __always_inline bool is_neighbour_discovery(struct cursor *cursor)
{
	struct echo_header *icmp = cursor_take(cursor, 2);

	return icmp && icmp->type >= ROUTER_SOLICITATION && icmp->type <= REDIRECT;
}

static __always_inline bool may_come(struct cursor *cursor, const struct ip_packet *packet)
{
	struct udphdr *udp;

	if (packet->protocol == IPPROTO_ESP)
		return true;
	if (packet->later_fragment)
		return false;
	if (packet->v6 && packet->protocol == IPPROTO_ICMPV6)
		return is_neighbour_discovery(cursor);
	if (packet->protocol != IPPROTO_UDP)
		return false;
	udp = cursor_take_header(cursor, struct udphdr);
	if (!udp)
		return false;
	if (udp->dest == bpf_htons(IKE_PORT) || udp->dest == bpf_htons(NAT_TRAVERSAL_PORT))
		return true;
	return udp->dest == bpf_htons(wireguard_port) && is_wireguard(cursor);
}

SEC("xdp")
int encrypted_only(struct xdp_md *context)
{
	struct cursor cursor = cursor_open(context);
	struct ip_packet packet = {};
	struct ethhdr *ethernet;

	if (take_ip(&cursor, &ethernet, &packet) != PARSE_OK || !is_protected(&packet))
		return XDP_PASS;
	if (may_come(&cursor, &packet)) {
		count(ENCRYPTED);
		return XDP_PASS;
	}
	count(PLAINTEXT_DROPPED);
	return XDP_DROP;
}

/* The packet begins at its IP header, since a socket has no link layer; 1 allows. */
SEC("cgroup_skb/ingress")
int received(struct __sk_buff *skb)
{
	struct cursor cursor = cursor_open(skb);
	struct ip_packet packet = {};
	enum parse_result result;

	result = skb->protocol == bpf_htons(ETH_P_IP) ? take_ipv4(&cursor, &packet) : take_ipv6(&cursor, &packet);
	if (result == PARSE_OK && is_protected(&packet))
		count(RECEIVED);
	return 1;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
