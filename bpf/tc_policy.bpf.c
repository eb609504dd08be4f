// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Network policy for pods, by who somebody is and not by which address they have today.
 *
 *   policy_from_pod   where packets leave a pod: its veth pair's outer end, ingress
 *   policy_to_pod     where packets reach a pod: the same interface, egress
 *
 * User space gives every set of labels a number, the identity, and keeps `identities` up to date as
 * addresses change hands. Policy documents become entries of `policy`, which speak of identities only:
 * a pod that moves needs no new rule. What a pod is, no document says: a pod that no policy selects is
 * not `isolated` and may do everything; one that is may do what `policy` allows.
 *
 * Answers are let through by the connection that they belong to. The direction in which a connection
 * was opened is judged by policy packet by packet, so that a rule that goes takes its connections along.
 *
 * Rules for names (toFQDNs) hold for addresses that the pod has been told by DNS: an answer that passes
 * on its way into the pod is read, and its addresses count as the name until their time to live is over.
 *
 * Fragments after the first have no ports; only rules without ports let them pass. A packet from an
 * address that is no pod's, or to one, is dropped: it would be a way around the policy. ARP and
 * neighbour discovery always pass.
 */
#include "include/dns_names.h"
#include "include/icmp.h"
#include "include/tc.h"

#define PODS_MAX 65536
#define RULES_MAX 131072
#define NAMES_MAX 16384
#define CONNECTIONS_MAX 131072

/* Of identities, these are not made from labels. */
enum identity {
	/* In rules: whoever it is. */
	IDENTITY_ANY = 0,
	IDENTITY_HOST = 1,
	/* No pod, not the host, and in no CIDR block that a policy names. */
	IDENTITY_WORLD = 2,
	/* Pods' identities start here. */
	IDENTITY_FIRST_POD = 256,
	/* From here on: CIDR blocks and names. */
	IDENTITY_FIRST_OUTSIDE = 1 << 24,
};

enum direction {
	DIRECTION_INGRESS = 0,
	DIRECTION_EGRESS = 1,
};

/* Values of `policy`; several may be set. */
enum policy_flags {
	POLICY_ALLOW = 1,
	/* Wins over every rule that allows. */
	POLICY_DENY = 2,
	/* DNS answers over this connection are believed. */
	POLICY_LEARN = 4,
};

/* Values of `isolated`. */
enum isolation {
	ISOLATED_INGRESS = 1 << DIRECTION_INGRESS,
	ISOLATED_EGRESS = 1 << DIRECTION_EGRESS,
};

/* Slots of `drops`. */
enum drop_reason {
	DROP_POLICY,
	DROP_NO_POD,
	DROP_UNREADABLE,
	DROP_REASONS,
};

/* IPv4 addresses are IPv4-mapped (::ffff:0:0/96), so that one trie holds both families. */
struct address_prefix {
	__u32 prefix_bits;
	struct in6_addr address;
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, PODS_MAX);
	__type(key, struct address_prefix);
	__type(value, __u32);
} identities SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, PODS_MAX);
	__type(key, __u32);
	__type(value, __u32);
} isolated SEC(".maps");

/*
 * A prefix ends behind the direction (every protocol), behind the protocol (every port), or within or
 * behind the port (a block of ports, or one). For ICMP, the port is the message's type.
 */
struct policy_key {
	__u32 prefix_bits;
	__u32 subject;
	__u32 peer;
	__u8 direction;
	__u8 protocol;
	__be16 port;
};

#define POLICY_BITS_PROTOCOL 80
#define POLICY_BITS_PORT 96

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, RULES_MAX);
	__type(key, struct policy_key);
	__type(value, __u32);
} policy SEC(".maps");

/* What a name, or whatever is below a domain, is in rules; 0 where rules do not speak of it. */
struct name_rule {
	/* Of names with so many labels. */
	__u32 labels;
	__u32 identity;
	/* Of names with more. */
	__u32 deeper;
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, NAMES_MAX);
	__type(key, struct dns_name);
	__type(value, struct name_rule);
} names SEC(".maps");

struct learned_key {
	/* Who was told: what one pod asks says nothing about what another may do. */
	__u32 subject;
	struct in6_addr address;
};

/* One address may stand for several names. */
#define LEARNED_NAMES 4

struct learned {
	struct {
		__u64 expires_ns;
		__u64 identity;
	} names[LEARNED_NAMES];
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, NAMES_MAX);
	__type(key, struct learned_key);
	__type(value, struct learned);
} learned SEC(".maps");

/* A connection as the pod on this side sees it. */
struct connection_key {
	struct in6_addr local;
	struct in6_addr remote;
	__be16 local_port;
	__be16 remote_port;
	__u8 protocol;
	/* In which it was opened. */
	__u8 direction;
	__u16 unused;
};

struct connection {
	__u64 expires_ns;
	/* POLICY_LEARN of the rule that let it through. */
	__u32 flags;
	/* Allowed by a name: lives on when the name's addresses have expired. */
	__u32 by_name;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CONNECTIONS_MAX);
	__type(key, struct connection_key);
	__type(value, struct connection);
} connections SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, DROP_REASONS);
	__type(key, __u32);
	__type(value, __u64);
} drops SEC(".maps");

static __always_inline int drop(enum drop_reason reason)
{
	__u32 slot = reason;
	__u64 *count = bpf_map_lookup_elem(&drops, &slot);

	if (count)
		*count += 1;
	return TC_ACT_SHOT;
}

/* A packet, seen from the pod whose interface it crosses. */
struct flow {
	struct in6_addr local;
	struct in6_addr remote;
	__be16 local_port;
	__be16 remote_port;
	/* What rules call the port: of the side that was called, or an ICMP message's type. */
	__be16 rule_port;
	__u8 protocol;
	bool later_fragment;
	bool icmp_error;
	/* From the frame's first byte to what follows ports or the ICMP header. */
	__u32 offset;
};

static __always_inline void set_address(struct in6_addr *to, const struct ip_packet *packet, bool source)
{
	if (packet->v6) {
		*to = source ? packet->v6->saddr : packet->v6->daddr;
		return;
	}
	to->in6_u.u6_addr32[0] = 0;
	to->in6_u.u6_addr32[1] = 0;
	to->in6_u.u6_addr32[2] = bpf_htonl(0xffff);
	to->in6_u.u6_addr32[3] = source ? packet->v4->saddr : packet->v4->daddr;
}

struct ports {
	__be16 source;
	__be16 destination;
};

/* RFC 4443 section 2.1: errors are below 128. RFC 792: unreachable, time exceeded, parameter problem. */
static __always_inline bool is_icmp_error(const struct ip_packet *packet, __u8 type)
{
	if (packet->v6)
		return type < 128;
	return type == 3 || type == 11 || type == 12;
}

/* RFC 4861: router and neighbour solicitation and advertisement, redirect. */
static __always_inline bool is_neighbour_discovery(const struct ip_packet *packet, __u8 type)
{
	return packet->v6 && type >= 133 && type <= 137;
}

static __always_inline bool has_ports(__u8 protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP;
}

enum read_result {
	READ_FLOW,
	/* Not for policies: ARP, neighbour discovery. */
	READ_PASS,
	READ_DROP,
};

/*
 * Says what READ_… result there is. `leaving`: the packet's source is the pod.
 *
 * This and the next function are global functions (see ipv6_length_unit()): the many ways through the
 * headers end here for the verifier, instead of each being followed through everything behind.
 */
__weak __noinline int read_flow(struct __sk_buff *skb, struct flow *flow, int leaving)
{
	struct cursor headers = cursor_open(skb), *cursor = &headers;
	struct ip_packet packet = {};
	struct ethhdr *ethernet;
	__be16 ethertype = take_ethernet(cursor, &ethernet);

	if (!flow)
		return READ_DROP;
	if (ethertype == bpf_htons(ETH_P_ARP))
		return READ_PASS;
	if (ethertype == bpf_htons(ETH_P_IP)) {
		if (take_ipv4(cursor, &packet) != PARSE_OK)
			return READ_DROP;
	} else if (ethertype == bpf_htons(ETH_P_IPV6)) {
		if (take_ipv6(cursor, &packet) != PARSE_OK)
			return READ_DROP;
	} else {
		return READ_DROP;
	}
	set_address(&flow->local, &packet, leaving);
	set_address(&flow->remote, &packet, !leaving);
	flow->protocol = packet.protocol;
	flow->later_fragment = packet.later_fragment;
	if (packet.later_fragment)
		return READ_FLOW;
	if (has_ports(packet.protocol)) {
		struct ports *ports = cursor_take_header(cursor, struct ports);

		if (!ports)
			return READ_DROP;
		flow->local_port = leaving ? ports->source : ports->destination;
		flow->remote_port = leaving ? ports->destination : ports->source;
		flow->rule_port = ports->destination;
	} else if (is_icmp(&packet)) {
		struct echo_header *icmp = cursor_take_header(cursor, struct echo_header);

		if (!icmp)
			return READ_DROP;
		if (is_neighbour_discovery(&packet, icmp->type))
			return READ_PASS;
		flow->rule_port = bpf_htons(icmp->type);
		flow->icmp_error = is_icmp_error(&packet, icmp->type);
		/* An echo's id is what ports are elsewhere: the same in request and reply. */
		if (is_echo_request(&packet, icmp->type) || is_echo_reply(&packet, icmp->type))
			flow->local_port = flow->remote_port = icmp->id;
	}
	flow->offset = (long)cursor->at - (long)skb->data;
	return READ_FLOW;
}

/* The packet that the ICMP error in `error` quotes, turned round: the error travels against it. */
__weak __noinline int read_quoted(struct __sk_buff *skb, const struct flow *error, struct flow *flow, int leaving)
{
	struct cursor headers = cursor_open(skb), *cursor = &headers;
	struct ip_packet packet = {};
	struct ports *ports;
	bool v6;

	if (!error || !flow || error->offset > TC_HEADERS_BYTES || !cursor_take(cursor, error->offset))
		return false;
	v6 = error->protocol == IPPROTO_ICMPV6;
	if (v6 ? take_ipv6(cursor, &packet) != PARSE_OK : take_ipv4(cursor, &packet) != PARSE_OK)
		return false;
	set_address(&flow->local, &packet, !leaving);
	set_address(&flow->remote, &packet, leaving);
	flow->protocol = packet.protocol;
	if (packet.later_fragment)
		return false;
	if (is_icmp(&packet)) {
		struct echo_header *echo = cursor_take_header(cursor, struct echo_header);

		if (!echo)
			return false;
		flow->local_port = flow->remote_port = echo->id;
		return true;
	}
	ports = cursor_take_header(cursor, struct ports);
	if (!ports)
		return false;
	flow->local_port = leaving ? ports->destination : ports->source;
	flow->remote_port = leaving ? ports->source : ports->destination;
	return true;
}

#define SECOND_NS 1000000000ULL

/* RFC 5382 REQ-5 (TCP), RFC 4787 REQ-5 (UDP), RFC 5508 REQ-1 (ICMP): at least so long without a packet. */
static __always_inline __u64 idle_ns(__u8 protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
	case IPPROTO_SCTP:
		return (2 * 60 + 4) * 60 * SECOND_NS;
	case IPPROTO_UDP:
		return 120 * SECOND_NS;
	default:
		return 60 * SECOND_NS;
	}
}

static __always_inline struct connection_key key_of(const struct flow *flow, enum direction direction)
{
	return (struct connection_key){
		.local = flow->local,
		.remote = flow->remote,
		.local_port = flow->local_port,
		.remote_port = flow->remote_port,
		.protocol = flow->protocol,
		.direction = direction,
	};
}

static __always_inline struct connection *find_connection(const struct flow *flow, enum direction direction)
{
	struct connection_key key = key_of(flow, direction);
	struct connection *connection = bpf_map_lookup_elem(&connections, &key);

	if (!connection || connection->expires_ns <= bpf_ktime_get_ns())
		return NULL;
	return connection;
}

static __always_inline void keep_alive(struct connection *connection, const struct flow *flow)
{
	connection->expires_ns = bpf_ktime_get_ns() + idle_ns(flow->protocol);
}

static __always_inline __u32 identity_of(const struct in6_addr *address)
{
	struct address_prefix whole = { .prefix_bits = 128, .address = *address };
	__u32 *identity = bpf_map_lookup_elem(&identities, &whole);

	return identity ? *identity : IDENTITY_WORLD;
}

static __always_inline bool is_pod(__u32 identity)
{
	return identity >= IDENTITY_FIRST_POD && identity < IDENTITY_FIRST_OUTSIDE;
}

static __always_inline __u32 rule_for(__u32 subject, __u32 peer, enum direction direction, const struct flow *flow)
{
	struct policy_key key = {
		.prefix_bits = flow->later_fragment ? POLICY_BITS_PROTOCOL : POLICY_BITS_PORT,
		.subject = subject,
		.peer = peer,
		.direction = direction,
		.protocol = flow->protocol,
		.port = flow->rule_port,
	};
	__u32 *flags = bpf_map_lookup_elem(&policy, &key);

	return flags ? *flags : 0;
}

/* What rules say of the names that the pod was told for this address, as long as it was told. */
static __always_inline __u32 rules_for_names(__u32 subject, const struct flow *flow)
{
	struct learned_key key = { .subject = subject, .address = flow->remote };
	struct learned *known = bpf_map_lookup_elem(&learned, &key);
	__u64 now = bpf_ktime_get_ns();
	__u32 flags = 0;

	if (!known)
		return 0;
	for (int i = 0; i < LEARNED_NAMES; i++)
		if (known->names[i].expires_ns > now)
			flags |= rule_for(subject, known->names[i].identity, DIRECTION_EGRESS, flow);
	return flags;
}

/* Judges a packet in the direction in which its connection is opened, and remembers what it lets through. */
static __always_inline bool is_allowed(struct flow *flow, enum direction direction, __u32 subject)
{
	__u32 peer = identity_of(&flow->remote);
	__u32 *isolation = bpf_map_lookup_elem(&isolated, &subject);
	struct connection connection = {};
	struct connection_key key = key_of(flow, direction);
	struct connection *known = NULL;
	__u32 flags = POLICY_ALLOW;

	if (isolation && *isolation & 1 << direction) {
		flags = rule_for(subject, IDENTITY_ANY, direction, flow) | rule_for(subject, peer, direction, flow);
		if (direction == DIRECTION_EGRESS) {
			__u32 by_name = rules_for_names(subject, flow);

			connection.by_name = !(flags & POLICY_ALLOW) && by_name & POLICY_ALLOW;
			flags |= by_name;
		}
		if (!(flags & POLICY_ALLOW)) {
			known = flow->later_fragment ? NULL : find_connection(flow, direction);
			if (known && known->by_name) {
				flags |= POLICY_ALLOW;
				connection.by_name = true;
			}
		}
		/* The node has to reach its pods to see that they are alive. */
		if (direction == DIRECTION_INGRESS && peer == IDENTITY_HOST)
			flags = POLICY_ALLOW;
	}
	if (flags & POLICY_DENY || !(flags & POLICY_ALLOW))
		return false;
	if (flow->later_fragment)
		return true;
	connection.flags = flags & POLICY_LEARN;
	connection.expires_ns = bpf_ktime_get_ns() + idle_ns(flow->protocol);
	bpf_map_update_elem(&connections, &key, &connection, BPF_ANY);
	return true;
}

struct dns_answer {
	struct __sk_buff *skb;
	__u32 offset;
	__u32 subject;
	__u32 identity;
};

static __always_inline void learn(const struct dns_answer *answer, const struct in6_addr *address, __u32 ttl)
{
	struct learned_key key = { .subject = answer->subject, .address = *address };
	struct learned *known = bpf_map_lookup_elem(&learned, &key);
	struct learned next = {};
	__u64 soonest = ~0ULL;
	__u32 slot = 0;

	if (known)
		next = *known;
	/* In the name's own place, else in that of the name which is the first to expire. */
#pragma unroll
	for (__u32 i = 0; i < LEARNED_NAMES; i++) {
		__u64 expires = next.names[i].identity == answer->identity ? 0 : next.names[i].expires_ns;

		if (expires < soonest || next.names[i].identity == answer->identity) {
			soonest = expires;
			slot = i;
		}
	}
#pragma unroll
	for (__u32 i = 0; i < LEARNED_NAMES; i++)
		if (i == slot) {
			next.names[i].identity = answer->identity;
			next.names[i].expires_ns = bpf_ktime_get_ns() + ttl * SECOND_NS;
		}
	/* As a whole, so that no other CPU ever sees one name's time with another's identity. */
	bpf_map_update_elem(&learned, &key, &next, BPF_ANY);
}

static long learn_record(__u32 index, void *data)
{
	struct dns_answer *answer = data;
	struct in6_addr address = {};
	struct dns_record record;
	__u32 offset = answer->offset;

	if (!dns_skip_name(answer->skb, &offset))
		return 1;
	if (bpf_skb_load_bytes(answer->skb, offset, &record, sizeof(record)))
		return 1;
	offset += sizeof(record);
	answer->offset = offset + bpf_ntohs(record.length);
	if (record.class != bpf_htons(DNS_CLASS_IN))
		return 0;
	if (record.type == bpf_htons(DNS_TYPE_A) && record.length == bpf_htons(4)) {
		address.in6_u.u6_addr32[2] = bpf_htonl(0xffff);
		if (bpf_skb_load_bytes(answer->skb, offset, &address.in6_u.u6_addr32[3], 4))
			return 1;
	} else if (record.type == bpf_htons(DNS_TYPE_AAAA) && record.length == bpf_htons(16)) {
		if (bpf_skb_load_bytes(answer->skb, offset, &address, 16))
			return 1;
	} else {
		return 0;
	}
	learn(answer, &address, bpf_ntohl(record.ttl));
	return 0;
}

/* The name that was asked for counts, not those that aliases (CNAME) lead to. */
static __always_inline void learn_answer(struct __sk_buff *skb, __u32 offset, __u32 subject)
{
	struct dns_answer answer = { .skb = skb, .subject = subject };
	struct dns_work *work = dns_workplace();
	struct dns_header header;
	struct name_rule *rule;
	__u32 labels, records;

	if (!work || bpf_skb_load_bytes(skb, offset, &header, sizeof(header)))
		return;
	if (!(header.flags & DNS_RESPONSE) || header.code & DNS_RCODE || header.questions != bpf_htons(1))
		return;
	offset += sizeof(header);
	labels = dns_read_name(skb, &offset);
	if (!labels)
		return;
	rule = bpf_map_lookup_elem(&names, &work->name);
	if (!rule)
		return;
	answer.identity = labels == rule->labels ? rule->identity : rule->deeper;
	if (!answer.identity)
		return;
	/* The question's type and class. */
	answer.offset = offset + 4;
	records = bpf_ntohs(header.answers);
	bpf_loop(records < DNS_RECORDS_MAX ? records : DNS_RECORDS_MAX, learn_record, &answer, 0);
}

/* Behind the ports of the UDP header are its length and checksum. */
#define UDP_PAYLOAD_BEHIND_PORTS 4

static __always_inline int judge(struct __sk_buff *skb, bool leaving)
{
	enum direction opening = leaving ? DIRECTION_EGRESS : DIRECTION_INGRESS;
	enum direction answering = leaving ? DIRECTION_INGRESS : DIRECTION_EGRESS;
	struct connection *connection = NULL;
	struct flow flow = {};
	__u32 subject;

	tc_pull_headers(skb);
	switch (read_flow(skb, &flow, leaving)) {
	case READ_PASS:
		return TC_ACT_OK;
	case READ_DROP:
		return drop(DROP_UNREADABLE);
	case READ_FLOW:
		break;
	}
	subject = identity_of(&flow.local);
	if (!is_pod(subject))
		return drop(DROP_NO_POD);
	if (flow.icmp_error) {
		struct flow quoted = {};

		if (read_quoted(skb, &flow, &quoted, leaving) &&
		    (find_connection(&quoted, opening) || find_connection(&quoted, answering)))
			return TC_ACT_OK;
	} else if (!flow.later_fragment) {
		connection = find_connection(&flow, answering);
	}
	if (connection) {
		keep_alive(connection, &flow);
		if (!leaving && connection->flags & POLICY_LEARN && flow.protocol == IPPROTO_UDP)
			learn_answer(skb, flow.offset + UDP_PAYLOAD_BEHIND_PORTS, subject);
		return TC_ACT_OK;
	}
	return is_allowed(&flow, opening, subject) ? TC_ACT_OK : drop(DROP_POLICY);
}

SEC("tc")
int policy_from_pod(struct __sk_buff *skb)
{
	return judge(skb, true);
}

SEC("tc")
int policy_to_pod(struct __sk_buff *skb)
{
	return judge(skb, false);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
