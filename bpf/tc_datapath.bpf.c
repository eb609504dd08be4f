// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The datapath of a node with pods, in place of iptables, conntrack and routes of its stack:
 *
 *   parse → connection → service → policy → translate → route → forward
 *
 *   from_pod, to_pod           ingress and egress of a pod's veth, on the node's side
 *   from_network, to_network   ingress and egress of the node's uplink
 *
 * xdp_failsafe.bpf.c stands in front of it, and shares the ports that are always open.
 *
 * A pod that calls a service (a frontend's address and port) gets one of its backends, on its way in,
 * and hears from the service, on the answers' way out (include/connections.h). The same goes for callers
 * from the network, at the uplink. What leaves pods for networks that do not know them gets the node's
 * address and a port that nobody else has towards the same receiver. Policy looks at connections that
 * begin, as they are inside the node: callers by their own address, called ones by the backend's.
 *
 * Pods of other nodes are reached by the network between them, or through tunnels across it (include/vxlan.h).
 *
 * What is forwarded here does not see the node's stack. It gets what is for the node itself or has no
 * route, and what takes an answer: packets whose time has run out or that are too large.
 *
 * From pods, everything that is not understood is dropped: other protocols, fragments, VLAN tags, multicast, TCP
 * out of nowhere, foreign source addresses. From the network it goes to the stack, which is the node's own.
 * The node's own calls of services are not translated.
 */
#include "include/connections.h"
#include "include/failsafe.h"
#include "include/vxlan.h"

#define FRONTENDS_MAX 64000
#define BACKENDS_MAX 65536
#define ROUTES_MAX 256000
#define POLICY_MAX 131072
#define PORTS_MAX 1024

/* What masqueraded connections and tunnels come from; absent (all zeroes): there are none. Tunnels are of IPv4. */
const volatile struct in6_addr node_address_v4 = {};
const volatile struct in6_addr node_address_v6 = {};

struct frontend_key {
	struct in6_addr address;
	__be16 port;
	__u8 protocol;
	__u8 reserved;
};

struct frontend {
	__u32 service;
	/* Backends 0 to so many less one. */
	__u32 backends;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, FRONTENDS_MAX);
	__type(key, struct frontend_key);
	__type(value, struct frontend);
} frontends SEC(".maps");

struct backend_key {
	__u32 service;
	__u32 number;
};

struct backend {
	struct in6_addr address;
	__be16 port;
	__u16 reserved;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, BACKENDS_MAX);
	__type(key, struct backend_key);
	__type(value, struct backend);
} backends SEC(".maps");

/* IPv4 addresses are IPv4-mapped, so a prefix of theirs is 96 bits longer. */
struct prefix {
	__u32 bits;
	struct in6_addr address;
};

enum route_kind {
	/* The node itself: for its stack. */
	ROUTE_HOST,
	/* A pod here. */
	ROUTE_POD,
	/* Beyond the uplink. */
	ROUTE_NETWORK,
	/* A pod of a node that is reached by VXLAN. */
	ROUTE_TUNNEL,
};

struct route {
	enum route_kind kind;
	/* Slot of `ports`. */
	__u32 port;
	/* Whose rules in `policy`. */
	__u32 endpoint;
	/* Of what they open, and of what is opened to them, only what `policy` allows. */
	__u8 isolated_egress;
	__u8 isolated_ingress;
	/* Nobody there knows the pods' addresses. */
	__u8 masquerade;
	__u8 reserved;
	/* Ours, and the next hop's; in a tunnel, those of the frame inside. */
	__u8 source_mac[ETH_ALEN];
	__u8 destination_mac[ETH_ALEN];
	/* Of a tunnel: its other end, and its network. */
	__be32 far_end;
	__u32 vni;
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, ROUTES_MAX);
	__type(key, struct prefix);
	__type(value, struct route);
} routes SEC(".maps");

/* Interfaces: a devmap, of which the kernel takes an interface out that goes away. */
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, PORTS_MAX);
	__type(key, __u32);
	__type(value, __u32);
} ports SEC(".maps");

enum direction {
	EGRESS,
	INGRESS,
};

struct policy_key {
	/* To the end of the peer's prefix. */
	__u32 bits;
	__u32 endpoint;
	enum direction direction;
	/* 0: any, then the port is 0, too. */
	__u8 protocol;
	__u8 reserved;
	/* Of the called side; 0: any. */
	__be16 port;
	struct in6_addr peer;
};

#define POLICY_BITS ((sizeof(struct policy_key) - sizeof(__u32)) * 8)

enum policy_verdict {
	POLICY_DENY,
	POLICY_ALLOW,
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, POLICY_MAX);
	__type(key, struct policy_key);
	__type(value, enum policy_verdict);
} policy SEC(".maps");

enum drop_reason {
	DROP_UNREADABLE,
	DROP_FRAGMENT,
	DROP_FOREIGN_ADDRESS,
	DROP_NO_CONNECTION,
	DROP_NO_BACKEND,
	DROP_POLICY,
	DROP_TABLE_FULL,
	DROP_NO_PORT,
	DROP_REASONS,
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, DROP_REASONS);
	__type(key, enum drop_reason);
	__type(value, __u64);
} drops SEC(".maps");

static __always_inline int drop(enum drop_reason reason)
{
	__u64 *count = bpf_map_lookup_elem(&drops, &reason);

	if (count)
		*count += 1;
	return TC_ACT_SHOT;
}

static __always_inline struct route *route_to(const struct in6_addr *address)
{
	struct prefix whole = { .bits = 128, .address = *address };

	return bpf_map_lookup_elem(&routes, &whole);
}

static __always_inline __u32 ifindex_of(const struct route *route)
{
	struct bpf_devmap_val *port = bpf_map_lookup_elem(&ports, &route->port);

	return port ? port->ifindex : 0;
}

/* Puts a backend in the place of a service that the flow calls; false where the service has none. */
static __always_inline bool choose_backend(struct flow *flow)
{
	struct frontend_key key = {
		.address = flow->destination,
		.port = flow->destination_port,
		.protocol = flow->protocol,
	};
	struct frontend *frontend = bpf_map_lookup_elem(&frontends, &key);
	struct backend_key number;
	struct backend *backend;

	if (!frontend)
		return true;
	if (!frontend->backends)
		return false;
	number.service = frontend->service;
	number.number = hash_flow(flow) % frontend->backends;
	backend = bpf_map_lookup_elem(&backends, &number);
	if (!backend)
		return false;
	flow->destination = backend->address;
	flow->destination_port = backend->port;
	return true;
}

/*
 * Puts the node's address in the place of a pod's where answers would not find the pod; and of anybody's
 * whose packet leaves by the interface that it came in by: answers have to come back through here. A pod
 * that is its own service's backend is such a case, too.
 */
static __always_inline void masquerade(struct __sk_buff *skb, struct flow *flow)
{
	bool is_v4 = is_mapped_v4(&flow->source);
	struct route *from, *to;

	if (is_v4 ? !node_address_v4.in6_u.u6_addr32[3] : !node_address_v6.in6_u.u6_addr32[0])
		return;
	if (skb->ingress_ifindex != skb->ifindex) {
		from = route_to(&flow->source);
		to = route_to(&flow->destination);
		if (!from || from->kind != ROUTE_POD || !to || !to->masquerade)
			return;
	}
#pragma unroll
	for (int i = 0; i < 4; i++)
		flow->source.in6_u.u6_addr32[i] =
			is_v4 ? node_address_v4.in6_u.u6_addr32[i] : node_address_v6.in6_u.u6_addr32[i];
}

/* The narrowest rule decides: of a port, else of a protocol, else of the peer; there the longest prefix. */
static __always_inline bool is_allowed(const struct route *subject, enum direction direction, const struct flow *flow)
{
	struct policy_key key = {
		.bits = POLICY_BITS,
		.endpoint = subject->endpoint,
		.direction = direction,
		.protocol = flow->protocol,
		.port = flow->destination_port,
		.peer = direction == EGRESS ? flow->destination : flow->source,
	};
	enum policy_verdict *verdict;

	if (!(direction == EGRESS ? subject->isolated_egress : subject->isolated_ingress))
		return true;
	if (is_echo_flow(flow))
		key.port = 0;
	verdict = bpf_map_lookup_elem(&policy, &key);
	if (!verdict) {
		key.port = 0;
		verdict = bpf_map_lookup_elem(&policy, &key);
	}
	if (!verdict) {
		key.protocol = 0;
		verdict = bpf_map_lookup_elem(&policy, &key);
	}
	return verdict && *verdict == POLICY_ALLOW;
}

/* At a pod's interface policy is the pod's; at the uplink it is the node's, and what passes through has its own. */
enum place {
	AT_POD,
	AT_NETWORK,
};

static __always_inline bool may_open(const struct flow *flow, enum way way, enum place place)
{
	/* Out of a pod is into the node. */
	bool is_egress = (place == AT_POD) == (way == WAY_IN);
	struct route *subject = route_to(is_egress ? &flow->source : &flow->destination);

	if (!subject)
		return place == AT_NETWORK;
	if (place == AT_NETWORK && (subject->kind != ROUTE_HOST || is_failsafe(flow->protocol, flow->destination_port, is_egress)))
		return true;
	return is_allowed(subject, is_egress ? EGRESS : INGRESS, flow);
}

/* A packet that belongs to no connection: what it becomes, and a connection that it opens. A DROP_…, or -1. */
__weak __noinline int begin(struct __sk_buff *skb, const struct connection_key *key, struct flow *flow, int place)
{
	int opened;

	if (!key || !flow)
		return DROP_UNREADABLE;
	*flow = key->flow;
	if (key->way == WAY_IN) {
		if (!choose_backend(flow))
			return DROP_NO_BACKEND;
		if (!may_open(flow, WAY_IN, place))
			return DROP_POLICY;
	} else {
		if (!may_open(flow, WAY_OUT, place))
			return DROP_POLICY;
		masquerade(skb, flow);
	}
	opened = open_connection(key, flow);
	return opened == OPENED ? -1 : opened == OPENED_NO_PORT ? DROP_NO_PORT : DROP_TABLE_FULL;
}

/*
 * An ICMP error concerns the connection of the packet that it quotes, which went the other way: quoted
 * and enclosing addresses are translated as those of an answer are. The error's source stays, unless it
 * is the very host that the quoted packet was for. 0 where there is such a connection.
 */
__weak __noinline int translate_error(struct __sk_buff *skb, struct tc_packet *error, struct connection_key *key)
{
	struct tc_packet quoted;
	struct flow flow, sent;

	if (!error || !key)
		return -1;
	if (find_tc_flow(skb, &quoted, error->transport_offset + sizeof(struct echo_header), error->version) !=
	    PACKET_FLOW)
		return -1;
	reverse_flow(&key->flow, &quoted.flow);
	if (find_connection(key, NULL, &flow) != LOOKUP_FOUND)
		return -1;
	reverse_flow(&sent, &flow);
	if (translate_quoted(skb, error, &quoted, &sent))
		return -1;

	sent = error->flow;
	if (is_same_address(&sent.source, &quoted.flow.destination))
		sent.source = flow.source;
	sent.destination = flow.destination;
	if (translate_addresses(skb, error, &sent))
		return -1;
	error->flow = sent;
	return 0;
}

/* Wraps a packet whose hop is used up; the stack knows the way to the tunnel's other end. */
static __always_inline int into_tunnel(struct __sk_buff *skb, const struct tc_packet *packet, const struct route *route,
				       __u32 ifindex)
{
	struct vxlan_tunnel tunnel = {
		.source = node_address_v4.in6_u.u6_addr32[3],
		.destination = route->far_end,
		.vni = route->vni,
	};
	__be16 ethertype = packet->version == 6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP);

	__builtin_memcpy(tunnel.source_mac, route->source_mac, ETH_ALEN);
	__builtin_memcpy(tunnel.destination_mac, route->destination_mac, ETH_ALEN);
	if (vxlan_push(skb, &tunnel, ethertype, hash_flow(&packet->flow)))
		return TC_ACT_SHOT;
	return bpf_redirect_neigh(ifindex, NULL, 0, 0);
}

/* Sends a packet on to where its destination is; the stack gets what is not for us to send. */
__weak __noinline int forward(struct __sk_buff *skb, const struct tc_packet *packet, const struct in6_addr *destination)
{
	struct route *route;
	__u32 ifindex, mtu = 0;
	bool tunnelled;

	if (!packet || !destination)
		return TC_ACT_SHOT;
	route = route_to(destination);
	if (!route || route->kind == ROUTE_HOST || packet->hops <= 1)
		return TC_ACT_OK;
	tunnelled = route->kind == ROUTE_TUNNEL;
	ifindex = ifindex_of(route);
	if (!ifindex || bpf_check_mtu(skb, ifindex, &mtu, tunnelled ? sizeof(struct vxlan_outer) : 0, 0) ==
				BPF_MTU_CHK_RET_FRAG_NEEDED)
		return TC_ACT_OK;
	if (use_up_a_hop(skb, packet))
		return TC_ACT_SHOT;
	if (tunnelled)
		return into_tunnel(skb, packet, route, ifindex);
	if (set_macs(skb, route->destination_mac, route->source_mac))
		return TC_ACT_SHOT;
	return bpf_redirect(ifindex, 0);
}

/*
 * What comes out of a tunnel is for a pod here, whose own rules are asked at its interface, and from one behind
 * that very tunnel.
 */
__weak __noinline int out_of_tunnel(struct __sk_buff *skb, const struct vxlan_outer *outer)
{
	struct route *from, *to;
	struct tc_packet packet;
	int kind;

	if (!outer || vxlan_pop(skb, outer->inner.h_proto))
		return drop(DROP_UNREADABLE);
	tc_pull_headers(skb);
	kind = find_tc_flow(skb, &packet, 0, 0);
	if (kind != PACKET_FLOW && kind != PACKET_ERROR)
		return drop(kind == PACKET_FRAGMENT ? DROP_FRAGMENT : DROP_UNREADABLE);
	from = route_to(&packet.flow.source);
	to = route_to(&packet.flow.destination);
	if (!from || from->kind != ROUTE_TUNNEL || from->far_end != outer->ip.saddr ||
	    outer->vxlan.vni != bpf_htonl(from->vni << 8) || !to || to->kind != ROUTE_POD)
		return drop(DROP_FOREIGN_ADDRESS);
	return forward(skb, &packet, &packet.flow.destination);
}

/* A packet that into_tunnel() has made, on its way out. */
static __always_inline bool is_tunnel_of_ours(const struct flow *flow)
{
	return flow->protocol == IPPROTO_UDP && flow->destination_port == bpf_htons(VXLAN_PORT) &&
	       is_mapped_v4(&flow->source) && node_address_v4.in6_u.u6_addr32[3] &&
	       flow->source.in6_u.u6_addr32[3] == node_address_v4.in6_u.u6_addr32[3];
}

/* Whether it is a pod's address that a packet has, and the pod's that is behind this interface. */
static __always_inline bool belongs_here(struct __sk_buff *skb, const struct in6_addr *address)
{
	struct route *route = route_to(address);

	return route && route->kind == ROUTE_POD && ifindex_of(route) == skb->ifindex;
}

static __always_inline int datapath(struct __sk_buff *skb, enum way way, enum place place)
{
	struct connection_key key = {};
	struct tc_packet packet;
	struct flow flow;
	int kind, refused;

	tc_pull_headers(skb);
	kind = find_tc_flow(skb, &packet, 0, 0);
	if (kind == PACKET_LINK)
		return TC_ACT_OK;
	if ((kind == PACKET_FLOW || kind == PACKET_ERROR) && is_for_one_link(&packet.flow.destination))
		kind = PACKET_OTHER;
	if (kind != PACKET_FLOW && kind != PACKET_ERROR) {
		if (place == AT_NETWORK)
			return TC_ACT_OK;
		return drop(kind == PACKET_FRAGMENT ? DROP_FRAGMENT : DROP_UNREADABLE);
	}
	if (place == AT_POD && way == WAY_IN && !belongs_here(skb, &packet.flow.source))
		return drop(DROP_FOREIGN_ADDRESS);

	key.ifindex = skb->ifindex;
	key.way = way;
	if (kind == PACKET_ERROR) {
		if (translate_error(skb, &packet, &key))
			return place == AT_NETWORK ? TC_ACT_OK : drop(DROP_NO_CONNECTION);
		return way == WAY_IN ? forward(skb, &packet, &packet.flow.destination) : TC_ACT_OK;
	}

	if (place == AT_NETWORK && way == WAY_OUT && is_tunnel_of_ours(&packet.flow))
		return TC_ACT_OK;
	key.flow = packet.flow;
	if (find_connection(&key, &packet, &flow) != LOOKUP_FOUND) {
		/* The node's own connections may be older than this program. */
		if (!packet.opens)
			return place == AT_NETWORK ? TC_ACT_OK : drop(DROP_NO_CONNECTION);
		refused = begin(skb, &key, &flow, place);
		if (refused >= 0)
			return drop(refused);
	}
	if (!is_same_flow(&packet.flow, &flow) && translate(skb, &packet, &flow))
		return drop(DROP_UNREADABLE);
	return way == WAY_IN ? forward(skb, &packet, &flow.destination) : TC_ACT_OK;
}

SEC("tc")
int from_pod(struct __sk_buff *skb)
{
	return datapath(skb, WAY_IN, AT_POD);
}

SEC("tc")
int to_pod(struct __sk_buff *skb)
{
	return datapath(skb, WAY_OUT, AT_POD);
}

SEC("tc")
int from_network(struct __sk_buff *skb)
{
	struct vxlan_outer outer;

	if (vxlan_read(skb, node_address_v4.in6_u.u6_addr32[3], &outer))
		return out_of_tunnel(skb, &outer);
	return datapath(skb, WAY_IN, AT_NETWORK);
}

SEC("tc")
int to_network(struct __sk_buff *skb)
{
	return datapath(skb, WAY_OUT, AT_NETWORK);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
