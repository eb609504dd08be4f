// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * A load balancer for TCP and UDP, IPv4 and IPv6, whose services and backends user space edits while
 * it runs.
 *
 *   client ──► service address ──► a backend      destination becomes the backend
 *   client ◄── service address ◄── the backend    source becomes the service
 *
 * Backends see their clients' own addresses, and have their way back to them lead through here.
 *
 *   services      address, port and protocol → an id, and how many slots it has
 *   slots         id and number of a slot → a backend; a backend may have several, and so a larger share
 *   backends      what a backend's number stands for
 *   connections   which backend a connection has; the least recently used give way when it is full
 *   replies       how to turn a backend's answers back
 *
 * A new connection gets a backend by its hash; what belongs to a known one goes where that is. So:
 * to add a backend, enter it and give it slots. To drain one, take its slots away and leave it in
 * `backends`: its connections stay, no new ones come. When none is left in `connections`, delete it.
 *
 * Left to the host: what is for no service and no reply, and all fragments, which later ones lack ports.
 * A service without a backend drops. TTL stays: to both ends the balancer is no hop.
 */
#include "include/flow.h"

#define SERVICES_MAX 1024
#define SLOTS_MAX 16384
#define BACKENDS_MAX 4096
#define CONNECTIONS_MAX 65536

struct service_key {
	struct in6_addr address;
	__be16 port;
	__u8 protocol;
	__u8 reserved;
};

struct service {
	__u32 id;
	__u32 slots;
};

struct slot {
	__u32 service;
	__u32 number;
};

struct backend {
	struct in6_addr address;
	__be16 port;
	__u8 mac[ETH_ALEN];
};

/* How a backend's packet becomes the service's. */
struct reply {
	struct in6_addr address;
	__be16 port;
	/* Of the client, or of the router that it is behind. */
	__u8 mac[ETH_ALEN];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SERVICES_MAX);
	__type(key, struct service_key);
	__type(value, struct service);
} services SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SLOTS_MAX);
	__type(key, struct slot);
	__type(value, __u32);
} slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BACKENDS_MAX);
	__type(key, __u32);
	__type(value, struct backend);
} backends SEC(".maps");

/* Both keys are flows as the packet at hand has them: from the client, and from the backend. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CONNECTIONS_MAX);
	__type(key, struct flow);
	__type(value, __u32);
} connections SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CONNECTIONS_MAX);
	__type(key, struct flow);
	__type(value, struct reply);
} replies SEC(".maps");

/* The first segment of a connection: whatever was known under these ports is over. */
static __always_inline bool opens(const struct packet_flow *found)
{
	return (found->tcp_flags & (TCP_FLAG_SYN_BIT | TCP_FLAG_ACK_BIT)) == TCP_FLAG_SYN_BIT;
}

static __always_inline struct backend *backend_of(const struct service *service, const struct packet_flow *found)
{
	const struct flow *flow = &found->flow;
	__u32 *known = opens(found) ? NULL : bpf_map_lookup_elem(&connections, flow);
	struct slot slot = { .service = service->id };
	struct backend *backend;
	__u32 *number;

	if (known) {
		backend = bpf_map_lookup_elem(&backends, known);
		if (backend)
			return backend;
	}
	/* Scales the hash to 0 … slots - 1 without a division. */
	slot.number = (__u64)hash_flow(flow) * service->slots >> 32;
	number = bpf_map_lookup_elem(&slots, &slot);
	if (!number)
		return NULL;
	backend = bpf_map_lookup_elem(&backends, number);
	if (backend)
		bpf_map_update_elem(&connections, flow, number, BPF_ANY);
	return backend;
}

/* Either table may forget an entry by itself, so this one is looked after with every packet. */
static __always_inline void remember_reply(struct xdp_md *context, const struct flow *flow,
					   const struct backend *backend)
{
	struct ethhdr *ethernet = bytes_at(context, 0, sizeof(*ethernet));
	struct flow back = {
		.source = backend->address,
		.destination = flow->source,
		.source_port = backend->port,
		.destination_port = flow->source_port,
		.protocol = flow->protocol,
	};
	struct reply reply = { .address = flow->destination, .port = flow->destination_port };

	if (!ethernet || bpf_map_lookup_elem(&replies, &back))
		return;
	__builtin_memcpy(reply.mac, ethernet->h_source, ETH_ALEN);
	bpf_map_update_elem(&replies, &back, &reply, BPF_ANY);
}

SEC("xdp")
int xdp_services(struct xdp_md *context)
{
	struct packet_flow found = {};
	struct service_key key = {};
	struct service *service;
	struct backend *backend;
	struct reply *reply;

	if (find_flow(context, &found))
		return XDP_PASS;
	key.address = found.flow.destination;
	key.port = found.flow.destination_port;
	key.protocol = found.flow.protocol;
	service = bpf_map_lookup_elem(&services, &key);
	if (service) {
		backend = backend_of(service, &found);
		/* An IPv4 client cannot be sent to an IPv6 backend, nor the other way round. */
		if (!backend || is_mapped_v4(&backend->address) != (found.version == 4))
			return XDP_DROP;
		remember_reply(context, &found.flow, backend);
		if (!rewrite(context, &found, DESTINATION, &backend->address, backend->port))
			return XDP_ABORTED;
		return send_to(context, backend->mac);
	}
	reply = bpf_map_lookup_elem(&replies, &found.flow);
	if (!reply)
		return XDP_PASS;
	if (!rewrite(context, &found, SOURCE, &reply->address, reply->port))
		return XDP_ABORTED;
	return send_to(context, reply->mac);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
