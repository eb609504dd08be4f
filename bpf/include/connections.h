/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Connections, as nf_conntrack has them: a flow that packets came with, and what they became. Answers
 * come as the reverse of the second and become the reverse of the first, so translation (NAT) is no
 * stage of its own: a connection whose two flows are the same is simply not translated.
 *
 * Every interface has connections of its own. A packet that crosses two of them is a connection of
 * both, translated at either, at one, or at none.
 *
 * A connection ends by a timer when it was idle for long enough, and gives its ports back with it.
 */
#pragma once

#include "tc_flow.h"

#ifndef CLOCK_MONOTONIC
#define CLOCK_MONOTONIC 1
#endif
#ifndef EEXIST
#define EEXIST 17
#endif

#define CONNECTIONS_MAX 512000

#define SECOND_NS 1000000000ULL

/* Which way packets cross an interface. */
enum way {
	/* TC ingress: from the workload or network behind the interface. */
	WAY_IN,
	/* TC egress: to it. */
	WAY_OUT,
};

struct connection_key {
	struct flow flow;
	__u32 ifindex;
	__u32 way;
};

enum connection_flags {
	CONNECTION_ANSWERED = 1,
	CONNECTION_FIN = 2,
	CONNECTION_REPLY_FIN = 4,
	CONNECTION_RESET = 8,
};

struct connection {
	struct bpf_timer idle;
	__u64 expires_ns;
	/* What the opener's packets become. */
	struct flow translated;
	__u32 flags;
};

/* By the flow that the opener's packets come with. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, CONNECTIONS_MAX);
	__type(key, struct connection_key);
	__type(value, struct connection);
} conntrack SEC(".maps");

/* By the flow that answers come with: the connection. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, CONNECTIONS_MAX);
	__type(key, struct connection_key);
	__type(value, struct connection_key);
} replies SEC(".maps");

static __always_inline void reply_key(struct connection_key *reply, const struct connection_key *key,
				      const struct flow *translated)
{
	reverse_flow(&reply->flow, translated);
	reply->ifindex = key->ifindex;
	reply->way = key->way == WAY_IN ? WAY_OUT : WAY_IN;
}

static __always_inline bool is_closed(const struct connection *connection)
{
	const __u32 both = CONNECTION_FIN | CONNECTION_REPLY_FIN;

	return connection->flags & CONNECTION_RESET || (connection->flags & both) == both;
}

/*
 * How long a connection may be idle. RFC 5382 REQ-5: TCP 2 hours 4 minutes once it is open, 4 minutes
 * before that and when it is being closed. RFC 4787 REQ-5: UDP 2 minutes. RFC 5508 REQ-1: ICMP 1 minute.
 */
static __always_inline __u64 idle_ns(const struct connection *connection)
{
	switch (connection->translated.protocol) {
	case IPPROTO_TCP:
		if (connection->flags & CONNECTION_RESET)
			return 10 * SECOND_NS;
		if (is_closed(connection) || !(connection->flags & CONNECTION_ANSWERED))
			return 4 * 60 * SECOND_NS;
		return (2 * 60 + 4) * 60 * SECOND_NS;
	case IPPROTO_UDP:
		return 2 * 60 * SECOND_NS;
	default:
		return 60 * SECOND_NS;
	}
}

static __always_inline bool is_over(const struct connection *connection)
{
	return connection->expires_ns <= bpf_ktime_get_ns();
}

static __always_inline void forget(struct connection_key *key, struct connection *connection)
{
	struct connection_key reply;

	reply_key(&reply, key, &connection->translated);
	bpf_map_delete_elem(&replies, &reply);
	/* Its own timer may be the one that says so. */
	bpf_map_delete_elem(&conntrack, key);
}

/* Packets only write down when their connection ends; the timer looks whether that is later than it thought. */
static int on_idle(void *map, struct connection_key *key, struct connection *connection)
{
	__u64 now = bpf_ktime_get_ns();

	if (connection->expires_ns > now)
		bpf_timer_start(&connection->idle, connection->expires_ns - now, 0);
	else
		forget(key, connection);
	return 0;
}

/* A packet of the connection has passed. */
static __always_inline void keep(struct connection *connection, __u8 tcp_flags, bool answer)
{
	__u32 seen = answer ? CONNECTION_ANSWERED : 0;
	bool changes;

	if (tcp_flags & TCP_FIN)
		seen |= answer ? CONNECTION_REPLY_FIN : CONNECTION_FIN;
	if (tcp_flags & TCP_RST)
		seen |= CONNECTION_RESET;
	changes = seen & ~connection->flags;
	/* Both directions may be at it at once, on two CPUs. */
	if (changes)
		__sync_fetch_and_or(&connection->flags, seen);
	connection->expires_ns = bpf_ktime_get_ns() + idle_ns(connection);
	/* The time has become shorter, perhaps: the timer must not wait for the longer one. */
	if (changes)
		bpf_timer_start(&connection->idle, idle_ns(connection), 0);
}

/* How many ports are tried for a connection whose own is taken. */
#define PORT_TRIES 16
#define FIRST_PORT 1024
#define PORTS (65536 - FIRST_PORT)

static __always_inline void set_source_port(struct flow *flow, __be16 port)
{
	flow->source_port = port;
	if (is_echo_flow(flow))
		flow->destination_port = port;
}

enum opened {
	OPENED,
	/* There are as many connections as there may be. */
	OPENED_FULL,
	/* No port is free under which answers could be told from those of others. */
	OPENED_NO_PORT,
};

/* Remembers a connection. Says which OPENED_…, and in `translated` which port it really got. */
__weak __noinline int open_connection(const struct connection_key *key, struct flow *translated)
{
	struct connection fresh = {};
	struct connection *connection;
	struct connection_key reply;
	__u32 start;
	long taken = -1;

	if (!key || !translated)
		return OPENED_FULL;
	start = hash_flow(&key->flow);
	for (__u32 i = 0; i <= PORT_TRIES; i++) {
		if (i > 0)
			set_source_port(translated, bpf_htons(FIRST_PORT + (start + i - 1) % PORTS));
		reply_key(&reply, key, translated);
		taken = bpf_map_update_elem(&replies, &reply, key, BPF_NOEXIST);
		if (taken != -EEXIST)
			break;
	}
	if (taken)
		return taken == -EEXIST ? OPENED_NO_PORT : OPENED_FULL;
	fresh.translated = *translated;
	fresh.expires_ns = bpf_ktime_get_ns() + idle_ns(&fresh);
	if (bpf_map_update_elem(&conntrack, key, &fresh, BPF_NOEXIST)) {
		bpf_map_delete_elem(&replies, &reply);
		return OPENED_FULL;
	}
	connection = bpf_map_lookup_elem(&conntrack, key);
	if (connection && !bpf_timer_init(&connection->idle, &conntrack, CLOCK_MONOTONIC)) {
		bpf_timer_set_callback(&connection->idle, on_idle);
		bpf_timer_start(&connection->idle, idle_ns(connection), 0);
	}
	return OPENED;
}

enum lookup_result {
	LOOKUP_NONE,
	LOOKUP_FOUND,
};

/*
 * What packets of a flow become at this interface, if they belong to a connection.
 *
 * @param flow on return, what to translate to
 * @param packet whose arrival keeps the connection; NULL: nothing has come of it, it is only spoken of
 */
__weak __noinline int find_connection(const struct connection_key *key, const struct tc_packet *packet,
				      struct flow *flow)
{
	struct connection_key *opened;
	struct connection *connection;

	if (!key || !flow)
		return LOOKUP_NONE;
	connection = bpf_map_lookup_elem(&conntrack, key);
	if (connection) {
		/* Over, though its timer has not come round; or closed, and its ports are used again. */
		if (is_over(connection) || (packet && packet->opens && packet->tcp_flags && is_closed(connection))) {
			struct connection_key copy = *key;

			forget(&copy, connection);
			return LOOKUP_NONE;
		}
		if (packet)
			keep(connection, packet->tcp_flags, false);
		*flow = connection->translated;
		return LOOKUP_FOUND;
	}
	opened = bpf_map_lookup_elem(&replies, key);
	if (!opened)
		return LOOKUP_NONE;
	connection = bpf_map_lookup_elem(&conntrack, opened);
	if (!connection || is_over(connection))
		return LOOKUP_NONE;
	if (packet)
		keep(connection, packet->tcp_flags, true);
	reverse_flow(flow, &opened->flow);
	return LOOKUP_FOUND;
}
