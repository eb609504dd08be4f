// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Finds the messages in a TCP stream and decides about each of them: whether it stays, goes to another connection, or
 * is dropped. A message is a header of four bytes and a body:
 *
 *   0..1   length of the body, in network byte order
 *   2      where it goes: HERE, the number of a connection from 1 on, or NOWHERE
 *   3      reserved
 *
 *   accept      puts connections to our port into `connections`, in the order in which they come
 *   find_end    the stream parser: how long the message is that begins where the last one ended
 *   decide      the verdict on a whole message
 *
 * One segment may hold several messages, and one message may come in many segments. The kernel puts the segments
 * together; but where an skb holds several messages, programs see it from its first byte for each of them, and are not
 * told where "their" message begins. What tells is the TCP sequence number of an skb's first byte, which lies in cb[0]
 * (struct tcp_skb_cb; seen on Linux 6.18): with the number at which a message begins, the difference is its offset.
 */
#include "include/program.h"

#define CONNECTIONS_MAX 16
#define HEADER_BYTES 4
#define HERE 0
#define NOWHERE 255

/* Connections to this port are ours. */
const volatile __u16 port = 7000;

struct header {
	__be16 length;
	__u8 to;
	__u8 reserved;
};

/* Slot 0 stays empty, so that no message goes there by mistake. */
struct {
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, CONNECTIONS_MAX);
	__type(key, __u32);
	__type(value, __u64);
} connections SEC(".maps");

struct progress {
	/* Sequence number of the first byte of the next message. */
	__u32 next;
	__u32 slot;
};

/* By socket cookie. The oldest go: a connection that is closed leaves its entry behind. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, struct progress);
} progress SEC(".maps");

struct message {
	__u32 connection;
	__u16 length;
	__u8 to;
	__u8 reserved;
};

/* Keeps the type in the object, for whoever reads the events by name. */
const struct message *message_type __attribute__((unused));

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
} messages SEC(".maps");

__u32 accepted = 0;

SEC("sockops")
int accept(struct bpf_sock_ops *context)
{
	struct progress start = {};
	__u64 cookie;

	if (context->op != BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB || context->local_port != port)
		return 1;
	start.next = context->rcv_nxt;
	start.slot = __sync_fetch_and_add(&accepted, 1) + 1;
	cookie = bpf_get_socket_cookie(context);
	/* First what the parser needs: it may run as soon as the socket is in the map. */
	if (start.slot < CONNECTIONS_MAX && !bpf_map_update_elem(&progress, &cookie, &start, BPF_ANY))
		bpf_sock_map_update(context, &connections, &start.slot, BPF_ANY);
	return 1;
}

/* The header of the message that is next, and where in the skb it begins; false if it is not all there. */
static __always_inline bool next_header(struct __sk_buff *skb, struct header *header, struct progress **of)
{
	__u64 cookie = bpf_get_socket_cookie(skb);
	__u32 offset;

	*of = bpf_map_lookup_elem(&progress, &cookie);
	if (!*of)
		return false;
	offset = (*of)->next - skb->cb[0];
	return bpf_skb_load_bytes(skb, offset, header, sizeof(*header)) == 0;
}

SEC("sk_skb/stream_parser")
int find_end(struct __sk_buff *skb)
{
	struct progress *progress;
	struct header header;

	/* 0: more has to come before anything can be said. */
	if (!next_header(skb, &header, &progress))
		return 0;
	return HEADER_BYTES + bpf_ntohs(header.length);
}

SEC("sk_skb/stream_verdict")
int decide(struct __sk_buff *skb)
{
	struct progress *progress;
	struct header header;
	struct message *message;
	__u32 to;

	if (!next_header(skb, &header, &progress))
		return SK_DROP;
	progress->next += HEADER_BYTES + bpf_ntohs(header.length);
	message = bpf_ringbuf_reserve(&messages, sizeof(*message), 0);
	if (message) {
		message->connection = progress->slot;
		message->length = bpf_ntohs(header.length);
		message->to = header.to;
		message->reserved = 0;
		bpf_ringbuf_submit(message, 0);
	}
	to = header.to;
	if (to == HERE)
		return SK_PASS;
	if (to == NOWHERE)
		return SK_DROP;
	/* Into the other connection's receive queue; SK_DROP where there is no such connection. */
	return bpf_sk_redirect_map(skb, &connections, to, BPF_F_INGRESS);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
