// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Lets two sockets of one machine talk past the network stack. What one of them sends goes straight into the
 * receive queue of the other: no segments, no device, no second trip through TCP.
 *
 *   remember   is told of every connection that comes to be in its cgroup, and keeps its socket
 *   shortcut   is asked about every send of such a socket, and looks whether the other end is known, too
 *
 * Only connections within the machine are kept whole: an end that was connected to is remembered when the one that
 * connected is, which is always the first to know that the connection is there. What comes from elsewhere, and the
 * bytes that are sent before both ends are known, go through the stack. An entry goes when its socket is closed.
 *
 * On Linux 6.18, ioctl(FIONREAD) of a socket in a map does not count what has come through the stack: a client of
 * another machine's server that goes by it, as nginx does, waits for bytes that are there. So attach to cgroups whose
 * processes connect to each other.
 */
#include "include/program.h"

#define AF_INET 2
#define AF_INET6 10

#define CONNECTIONS_MAX 65535

/*
 * One end of a connection, as that end sees it. IPv4 addresses are mapped into IPv6 (RFC 4291, section 2.5.5.2),
 * which keeps both families apart. Ports are in host byte order, both of them.
 */
struct end {
	struct in6_addr local;
	struct in6_addr remote;
	__u16 local_port;
	__u16 remote_port;
};

/* With values of 8 bytes, user space can read the cookies of the sockets. */
struct {
	__uint(type, BPF_MAP_TYPE_SOCKHASH);
	__uint(max_entries, CONNECTIONS_MAX);
	__type(key, struct end);
	__type(value, __u64);
} sockets SEC(".maps");

/* The keys of ends that have connected. The oldest go: nobody is told when a connection is over. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CONNECTIONS_MAX);
	__type(key, struct end);
	__type(value, __u8);
} connected SEC(".maps");

struct traffic {
	__u64 messages;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct traffic);
} redirected SEC(".maps");

static __always_inline void map_ipv4(struct in6_addr *to, __be32 address)
{
	to->in6_u.u6_addr32[0] = 0;
	to->in6_u.u6_addr32[1] = 0;
	to->in6_u.u6_addr32[2] = bpf_htonl(0xffff);
	to->in6_u.u6_addr32[3] = address;
}

/* The kernel allows words of an address to be read one at a time only. */
#define COPY_IPV6(to, from)                         \
	do {                                        \
		(to)->in6_u.u6_addr32[0] = (from)[0]; \
		(to)->in6_u.u6_addr32[1] = (from)[1]; \
		(to)->in6_u.u6_addr32[2] = (from)[2]; \
		(to)->in6_u.u6_addr32[3] = (from)[3]; \
	} while (0)

/*
 * struct bpf_sock_ops and struct sk_msg_md name these fields alike. Of the two ports one is in host and the other in
 * network byte order, the latter in a word of 32 bits.
 */
#define LOCAL_PORT(context) ((__u16)(context)->local_port)
#define REMOTE_PORT(context) ((__u16)bpf_ntohl((context)->remote_port))

SEC("sockops")
int remember(struct bpf_sock_ops *context)
{
	struct end end = {}, peer = {};
	__u8 yes = 1;

	if (context->op != BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB && context->op != BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB)
		return 1;
	if (context->family == AF_INET) {
		map_ipv4(&end.local, context->local_ip4);
		map_ipv4(&end.remote, context->remote_ip4);
	} else if (context->family == AF_INET6) {
		COPY_IPV6(&end.local, context->local_ip6);
		COPY_IPV6(&end.remote, context->remote_ip6);
	} else {
		return 1;
	}
	end.local_port = LOCAL_PORT(context);
	end.remote_port = REMOTE_PORT(context);
	if (context->op == BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB) {
		bpf_map_update_elem(&connected, &end, &yes, BPF_ANY);
	} else {
		peer.local = end.remote;
		peer.remote = end.local;
		peer.local_port = end.remote_port;
		peer.remote_port = end.local_port;
		if (!bpf_map_lookup_elem(&connected, &peer))
			return 1;
	}
	/* An older socket with the same addresses and ports stays. A full map leaves the connection to the stack. */
	bpf_sock_hash_update(context, &sockets, &end, BPF_NOEXIST);
	return 1;
}

SEC("sk_msg")
int shortcut(struct sk_msg_md *context)
{
	struct end peer = {};
	struct traffic *traffic;
	__u32 slot = 0;

	/* The other end's local address is our remote one. */
	if (context->family == AF_INET) {
		map_ipv4(&peer.local, context->remote_ip4);
		map_ipv4(&peer.remote, context->local_ip4);
	} else if (context->family == AF_INET6) {
		COPY_IPV6(&peer.local, context->remote_ip6);
		COPY_IPV6(&peer.remote, context->local_ip6);
	} else {
		return SK_PASS;
	}
	peer.local_port = REMOTE_PORT(context);
	peer.remote_port = LOCAL_PORT(context);
	/* The helper's answer is no verdict here: passed without a redirect, the message takes the way through the stack. */
	if (bpf_msg_redirect_hash(context, &sockets, &peer, BPF_F_INGRESS) != SK_PASS)
		return SK_PASS;
	traffic = bpf_map_lookup_elem(&redirected, &slot);
	if (traffic) {
		traffic->messages += 1;
		traffic->bytes += context->size;
	}
	return SK_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
