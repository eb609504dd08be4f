// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * A load balancer that keeps no state: which backend a flow has is a matter of its hash alone, so any
 * number of balancers agree, and one that starts anew knows as much as before.
 *
 *   client ──► balancer ══ in a tunnel ══► backend     the client's packet as it was, wrapped
 *   client ◄───────────────────────────── backend      answered directly (DSR), see xdp_decap.bpf.c
 *
 * Each service has a ring: a table of backends' numbers, made by Maglev hashing in user space (Eisenbud
 * et al., NSDI 2016) and replaced in one piece, so that a packet meets the old ring or the new one. All
 * backends have the same number of slots, give or take one; when one leaves, its flows move, and a few
 * per cent of the others.
 *
 * The tunnel is IPv4, with IPv4 or IPv6 in it: IPIP (RFC 2003, RFC 4213) or GUE over UDP, whose source
 * port varies with the flow, so that routers on the way spread flows, too.
 *
 * Left to the host: what is for no service, ICMP, fragments (only the first has ports), tagged frames.
 * Dropped: what the tunnel would make longer than `tunnel_mtu`. Services behind this announce a smaller
 * segment size (MSS) for that reason.
 */
#include "include/flow.h"
#include "include/tunnel.h"

/* A prime: Maglev's lists reach every slot. More than 100 for each backend keep shares within 1 %. */
#define RING_SLOTS 65537
#define SERVICES_MAX 256
#define BACKENDS_MAX 4096

struct service_key {
	struct in6_addr address;
	__be16 port;
	__u8 protocol;
	__u8 reserved;
};

struct backend {
	__be32 address;
	/* Of the next hop on the way there. */
	__u8 mac[ETH_ALEN];
	__u8 tunnel;
	__u8 reserved;
};

/* All of it is one value, so that one system call fills it. */
typedef __u32 ring_slots[RING_SLOTS];

struct ring {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, ring_slots);
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, SERVICES_MAX);
	__type(key, struct service_key);
	__array(values, struct ring);
} rings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BACKENDS_MAX);
	__type(key, __u32);
	__type(value, struct backend);
} backends SEC(".maps");

/* Packets by backend: who looks whether they are spread evenly looks here. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, BACKENDS_MAX);
	__type(key, __u32);
	__type(value, __u64);
} packets SEC(".maps");

const volatile __be32 tunnel_source = IPV4_ADDRESS(203, 0, 113, 254);
const volatile __u32 tunnel_mtu = 1500;

static __always_inline __u32 *choose(const struct flow *flow, __u32 hash)
{
	struct service_key key = {
		.address = flow->destination,
		.port = flow->destination_port,
		.protocol = flow->protocol,
	};
	void *ring = bpf_map_lookup_elem(&rings, &key);
	__u32 first = 0;
	__u32 *slots = ring ? bpf_map_lookup_elem(ring, &first) : NULL;
	/* Scales the hash to 0 … RING_SLOTS - 1 without a division. */
	__u32 slot = (__u64)hash * RING_SLOTS >> 32;

	/* Otherwise the compiler goes straight to an offset, whose limit the verifier does not see. */
	barrier_var(slot);
	return slots ? &slots[slot] : NULL;
}

static __always_inline void count(__u32 number)
{
	__u64 *counted = bpf_map_lookup_elem(&packets, &number);
	__u64 first = 1;

	if (counted)
		*counted += 1;
	else
		bpf_map_update_elem(&packets, &number, &first, BPF_ANY);
}

SEC("xdp")
int xdp_maglev(struct xdp_md *context)
{
	struct packet_flow found = {};
	struct tunnel tunnel = {};
	struct backend *backend;
	struct ethhdr *ethernet;
	__u32 *number;
	__u32 hash;

	/* No tag: what comes out of the tunnel's end has none either. */
	if (find_flow(context, &found) || found.ip_offset != ETH_HLEN)
		return XDP_PASS;
	hash = hash_flow(&found.flow);
	number = choose(&found.flow, hash);
	if (!number)
		return XDP_PASS;
	backend = bpf_map_lookup_elem(&backends, number);
	ethernet = bytes_at(context, 0, sizeof(*ethernet));
	if (!backend || !ethernet)
		return XDP_DROP;
	count(*number);

	tunnel.kind = backend->tunnel;
	tunnel.version = found.version;
	tunnel.source = tunnel_source;
	tunnel.destination = backend->address;
	/* The upper ports, so that it looks like a client's. */
	tunnel.source_port = bpf_htons(0xc000 | (hash & 0x3fff));
	tunnel.mtu = tunnel_mtu;
	__builtin_memcpy(tunnel.ethernet.h_source, ethernet->h_dest, ETH_ALEN);
	__builtin_memcpy(tunnel.ethernet.h_dest, backend->mac, ETH_ALEN);
	return encapsulate(context, &tunnel) ? XDP_DROP : XDP_TX;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
