// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Sends packets where they are wanted, past the network stack: by destination port and protocol, over IPv4
 * or IPv6, tagged or not.
 *
 *   TO_DEVICE   out of another interface, as they are                       slot of `ports` (devmap)
 *   TO_CPU      to another CPU, which hands them to the stack               slot of `cpus` (cpumap)
 *   TO_SOCKET   to a program in user space that reads frames (AF_XDP)       slot of `sockets` (xskmap)
 *
 * A slot that is empty leaves the packet to the stack. So is what no rule speaks of, what is neither TCP nor
 * UDP, and fragments, of which later ones have no ports. A socket belongs to one receive queue of one
 * interface, and the kernel drops what comes in by another: so its slot is the number of the queue.
 */
#include "include/flow.h"

enum target {
	TO_STACK,
	TO_DEVICE,
	TO_CPU,
	TO_SOCKET,
};

struct rule_key {
	__be16 port;
	__u8 protocol;
	__u8 reserved;
};

struct rule {
	enum target to;
	/* Of `ports` or `cpus`. */
	__u32 slot;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct rule_key);
	__type(value, struct rule);
} rules SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct bpf_devmap_val);
} ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_CPUMAP);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct bpf_cpumap_val);
} cpus SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u32);
} sockets SEC(".maps");

/* Packets that each CPU got by way of `cpus`. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} arrived SEC(".maps");

SEC("xdp")
int xdp_steer(struct xdp_md *context)
{
	struct packet_flow found = {};
	struct rule_key key = {};
	/* Read here: further down the compiler would compute its address, which the verifier does not allow. */
	__u32 queue = context->rx_queue_index;
	struct rule *rule;

	if (find_flow(context, &found))
		return XDP_PASS;
	key.port = found.flow.destination_port;
	key.protocol = found.flow.protocol;
	rule = bpf_map_lookup_elem(&rules, &key);
	if (!rule)
		return XDP_PASS;
	/* The lower bits of the flags are the verdict for an empty slot. */
	switch (rule->to) {
	case TO_DEVICE:
		return bpf_redirect_map(&ports, rule->slot, XDP_PASS);
	case TO_CPU:
		return bpf_redirect_map(&cpus, rule->slot, XDP_PASS);
	case TO_SOCKET:
		return bpf_redirect_map(&sockets, queue, XDP_PASS);
	default:
		return XDP_PASS;
	}
}

/* On the other CPU, before the stack. */
SEC("xdp/cpumap")
int on_cpu(struct xdp_md *context)
{
	__u32 first = 0;
	__u64 *count = bpf_map_lookup_elem(&arrived, &first);

	if (count)
		*count += 1;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
