/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Ports that stay open whatever lists and policies say, so that nobody locks himself out of a node. */
#pragma once

#include "flow_key.h"

#define FAILSAFE_PORTS_MAX 1024

struct failsafe_port {
	__be16 port;
	__u8 protocol;
	/* 0: of the node, called by others; 1: of others, called by the node. */
	__u8 remote;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, FAILSAFE_PORTS_MAX);
	__type(key, struct failsafe_port);
	__type(value, __u32);
} failsafe_ports SEC(".maps");

static __always_inline bool is_failsafe(__u8 protocol, __be16 port, bool remote)
{
	struct failsafe_port key = { .port = port, .protocol = protocol, .remote = remote };

	return bpf_map_lookup_elem(&failsafe_ports, &key);
}
