// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * A network of pods over several nodes, past the nodes' stacks. Where a packet goes decides which program
 * sends it there:
 *
 *   to_pod       a pod of this node: straight into its namespace (bpf_redirect_peer)
 *   to_host      the node itself: up its stack
 *   to_network   another host of the same network, or beyond a router: the stack knows the neighbour's
 *                address (bpf_redirect_neigh)
 *   to_tunnel    a pod of a node that is reached through a tunnel: wrapped in VXLAN
 *
 * `from_pod` (ingress of each pod's veth, on the node's side) and `from_network` (ingress of the uplink) find
 * the destination, and jump.
 *
 * Pods send from their own addresses only, and what comes out of a tunnel comes from a pod that is behind
 * that very tunnel. A packet that is too large for the tunnel is dropped: pods are given an MTU that is 50
 * bytes less. The outer network is IPv4; pods are both.
 */
#include "include/vxlan.h"

#define DESTINATIONS_MAX 65536
#define PORTS_MAX 1024

/* The outer address of tunnels; 0: there are none. */
const volatile __be32 tunnel_address = 0;

enum destination_kind {
	TO_POD,
	TO_HOST,
	TO_NETWORK,
	TO_TUNNEL,
	DESTINATION_KINDS,
};

/* IPv4 addresses are IPv4-mapped, so a prefix of theirs is 96 bits longer. */
struct prefix {
	__u32 bits;
	struct in6_addr address;
};

struct destination {
	enum destination_kind kind;
	/* Slot of `ports`: the pod's veth, or the uplink. */
	__u32 port;
	/* Of a tunnel: its other end, and its network. */
	__be32 endpoint;
	__u32 vni;
	/* The pod's gateway and the pod; or those of the frame in a tunnel. */
	__u8 source_mac[ETH_ALEN];
	__u8 destination_mac[ETH_ALEN];
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, DESTINATIONS_MAX);
	__type(key, struct prefix);
	__type(value, struct destination);
} destinations SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, PORTS_MAX);
	__type(key, __u32);
	__type(value, __u32);
} ports SEC(".maps");

/* Packets by where they were sent, and dropped ones behind. */
#define DROPPED DESTINATION_KINDS

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, DESTINATION_KINDS + 1);
	__type(key, __u32);
	__type(value, __u64);
} packets SEC(".maps");

static __always_inline void count(__u32 slot)
{
	__u64 *number = bpf_map_lookup_elem(&packets, &slot);

	if (number)
		*number += 1;
}

static __always_inline int drop(void)
{
	count(DROPPED);
	return TC_ACT_SHOT;
}

/* A packet between two programs: what the first one has found out. Tail calls stay on their CPU. */
struct journey {
	struct tc_packet packet;
	struct destination destination;
	__be16 ethertype;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct journey);
} journeys SEC(".maps");

static __always_inline struct journey *current_journey(void)
{
	__u32 only = 0;

	return bpf_map_lookup_elem(&journeys, &only);
}

static __always_inline struct destination *destination_of(const struct in6_addr *address)
{
	struct prefix whole = { .bits = 128, .address = *address };

	return bpf_map_lookup_elem(&destinations, &whole);
}

static __always_inline __u32 ifindex_of(const struct destination *destination)
{
	struct bpf_devmap_val *port = bpf_map_lookup_elem(&ports, &destination->port);

	return port ? port->ifindex : 0;
}

/* Addresses and hops of a packet at an offset; its transport does not matter here. False: no IP packet. */
static __always_inline bool read_ip(struct __sk_buff *skb, __u32 at, __be16 ethertype, struct tc_packet *packet)
{
	struct flow *flow = &packet->flow;

	packet->ip_offset = at;
	if (ethertype == bpf_htons(ETH_P_IP)) {
		struct iphdr ip;

		if (bpf_skb_load_bytes(skb, at, &ip, sizeof(ip)) || ip.version != 4)
			return false;
		packet->version = 4;
		packet->hops = ip.ttl;
		map_v4(&flow->source, ip.saddr);
		map_v4(&flow->destination, ip.daddr);
		return true;
	}
	if (ethertype == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr ip;

		if (bpf_skb_load_bytes(skb, at, &ip, sizeof(ip)) || ip.version != 6)
			return false;
		packet->version = 6;
		packet->hops = ip.hop_limit;
		flow->source = ip.saddr;
		flow->destination = ip.daddr;
		return true;
	}
	return false;
}

/* Nobody is told that a packet's time has run out but by the stack, which counts for itself. */
static __always_inline bool is_for_stack(const struct journey *journey)
{
	return journey->packet.hops <= 1;
}

SEC("tc")
int to_pod(struct __sk_buff *skb)
{
	struct journey *journey = current_journey();
	struct destination *to;

	if (!journey)
		return drop();
	if (is_for_stack(journey))
		return TC_ACT_OK;
	to = &journey->destination;
	if (use_up_a_hop(skb, &journey->packet) || set_macs(skb, to->destination_mac, to->source_mac))
		return drop();
	count(TO_POD);
	return bpf_redirect_peer(ifindex_of(to), 0);
}

SEC("tc")
int to_host(struct __sk_buff *skb)
{
	count(TO_HOST);
	return TC_ACT_OK;
}

SEC("tc")
int to_network(struct __sk_buff *skb)
{
	struct journey *journey = current_journey();
	__u32 ifindex, mtu = 0;

	if (!journey)
		return drop();
	ifindex = ifindex_of(&journey->destination);
	/* What is too large is the stack's to answer. */
	if (is_for_stack(journey) || bpf_check_mtu(skb, ifindex, &mtu, 0, 0))
		return TC_ACT_OK;
	if (use_up_a_hop(skb, &journey->packet))
		return drop();
	count(TO_NETWORK);
	return bpf_redirect_neigh(ifindex, NULL, 0, 0);
}

SEC("tc")
int to_tunnel(struct __sk_buff *skb)
{
	struct journey *journey = current_journey();
	struct vxlan_tunnel tunnel = { .source = tunnel_address };
	struct destination *to;
	__u32 ifindex, mtu = 0;

	if (!journey)
		return drop();
	if (is_for_stack(journey))
		return TC_ACT_OK;
	to = &journey->destination;
	tunnel.destination = to->endpoint;
	tunnel.vni = to->vni;
	__builtin_memcpy(tunnel.source_mac, to->source_mac, ETH_ALEN);
	__builtin_memcpy(tunnel.destination_mac, to->destination_mac, ETH_ALEN);
	ifindex = ifindex_of(to);
	if (bpf_check_mtu(skb, ifindex, &mtu, sizeof(struct vxlan_outer), 0) || use_up_a_hop(skb, &journey->packet) ||
	    vxlan_push(skb, &tunnel, journey->ethertype, hash_flow(&journey->packet.flow)))
		return drop();
	count(TO_TUNNEL);
	return bpf_redirect_neigh(ifindex, NULL, 0, 0);
}

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, DESTINATION_KINDS);
	__uint(key_size, sizeof(__u32));
	__array(values, int(struct __sk_buff *));
} ways SEC(".maps") = {
	.values = {
		[TO_POD] = &to_pod,
		[TO_HOST] = &to_host,
		[TO_NETWORK] = &to_network,
		[TO_TUNNEL] = &to_tunnel,
	},
};

static __always_inline __be16 ethertype_of(struct __sk_buff *skb)
{
	__be16 ethertype = 0;

	/* A tag is another network's, in the frame or beside it. */
	if (!skb->vlan_present)
		bpf_skb_load_bytes(skb, offsetof(struct ethhdr, h_proto), &ethertype, sizeof(ethertype));
	return ethertype;
}

SEC("tc")
int from_pod(struct __sk_buff *skb)
{
	struct journey *journey = current_journey();
	struct destination *from, *to;

	if (!journey)
		return drop();
	journey->ethertype = ethertype_of(skb);
	if (journey->ethertype == bpf_htons(ETH_P_ARP))
		return TC_ACT_OK;
	if (!read_ip(skb, ETH_HLEN, journey->ethertype, &journey->packet))
		return drop();
	/* Neighbour discovery is the stack's, too. */
	if (is_for_one_link(&journey->packet.flow.destination))
		return TC_ACT_OK;
	to = destination_of(&journey->packet.flow.destination);
	from = destination_of(&journey->packet.flow.source);
	if (!to || !from || from->kind != TO_POD || ifindex_of(from) != skb->ifindex)
		return drop();
	journey->destination = *to;
	bpf_tail_call(skb, &ways, to->kind);
	return drop();
}

/* What comes out of a tunnel is for a pod here, and from one behind that tunnel. */
static __always_inline int from_tunnel(struct __sk_buff *skb, const struct vxlan_outer *outer, struct journey *journey)
{
	struct destination *from, *to;

	journey->ethertype = outer->inner.h_proto;
	if (!read_ip(skb, ETH_HLEN + sizeof(*outer), journey->ethertype, &journey->packet))
		return drop();
	from = destination_of(&journey->packet.flow.source);
	to = destination_of(&journey->packet.flow.destination);
	if (!from || from->kind != TO_TUNNEL || from->endpoint != outer->ip.saddr ||
	    outer->vxlan.vni != bpf_htonl(from->vni << 8) || !to || to->kind != TO_POD)
		return drop();
	if (vxlan_pop(skb, journey->ethertype))
		return drop();
	journey->packet.ip_offset = ETH_HLEN;
	journey->destination = *to;
	bpf_tail_call(skb, &ways, TO_POD);
	return drop();
}

SEC("tc")
int from_network(struct __sk_buff *skb)
{
	struct journey *journey = current_journey();
	struct vxlan_outer outer;
	struct destination *to;

	if (!journey)
		return drop();
	journey->ethertype = ethertype_of(skb);
	if (vxlan_read(skb, tunnel_address, &outer))
		return from_tunnel(skb, &outer, journey);
	if (!read_ip(skb, ETH_HLEN, journey->ethertype, &journey->packet))
		return TC_ACT_OK;
	to = destination_of(&journey->packet.flow.destination);
	if (!to || to->kind != TO_POD || is_for_one_link(&journey->packet.flow.destination))
		return TC_ACT_OK;
	journey->destination = *to;
	bpf_tail_call(skb, &ways, TO_POD);
	return drop();
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
