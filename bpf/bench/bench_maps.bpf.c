// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * One lookup, and one update, for each type of map that programs keep state in: a key drawn at random, so that no
 * cache line is always the same one. `draw` does only that: what it takes is the others' share that is not the map's.
 * How many entries a map may have, the loader says.
 */
#include "../include/program.h"

/* Keys are drawn from 0 to, without, this; always more than 0. */
const volatile __u32 keys = 1;

struct prefix {
	__u32 prefixlen;
	__u32 address;
};

#define TABLE(name, map_type, key_type, map_flags_)       \
	struct {                                           \
		__uint(type, map_type);                    \
		__uint(map_flags, map_flags_);             \
		__uint(max_entries, 1);                    \
		__type(key, key_type);                     \
		__type(value, __u64);                      \
	} name SEC(".maps")

TABLE(array, BPF_MAP_TYPE_ARRAY, __u32, 0);
TABLE(percpu_array, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, 0);
TABLE(hash, BPF_MAP_TYPE_HASH, __u32, 0);
TABLE(percpu_hash, BPF_MAP_TYPE_PERCPU_HASH, __u32, 0);
TABLE(lru_hash, BPF_MAP_TYPE_LRU_HASH, __u32, 0);
TABLE(lpm_trie, BPF_MAP_TYPE_LPM_TRIE, struct prefix, BPF_F_NO_PREALLOC);

static __always_inline __u32 draw_number(void)
{
	return bpf_get_prandom_u32() % (keys ? keys : 1);
}

SEC("xdp")
int draw(struct xdp_md *context)
{
	return draw_number() == 0xffffffff ? XDP_DROP : XDP_PASS;
}

/* The verdict says whether the key was there. */
#define LOOKUP(name, key_type, ...)                                                \
	SEC("xdp")                                                                 \
	int lookup_##name(struct xdp_md *context)                                  \
	{                                                                          \
		key_type key = { __VA_ARGS__ };                                    \
		return bpf_map_lookup_elem(&name, &key) ? XDP_PASS : XDP_DROP;     \
	}

#define UPDATE(name, key_type, ...)                                                \
	SEC("xdp")                                                                 \
	int update_##name(struct xdp_md *context)                                  \
	{                                                                          \
		key_type key = { __VA_ARGS__ };                                    \
		__u64 value = 1;                                                   \
		return bpf_map_update_elem(&name, &key, &value, BPF_ANY) ? XDP_DROP : XDP_PASS; \
	}

#define BOTH(name, key_type, ...) LOOKUP(name, key_type, __VA_ARGS__) UPDATE(name, key_type, __VA_ARGS__)

BOTH(array, __u32, draw_number())
BOTH(percpu_array, __u32, draw_number())
BOTH(hash, __u32, draw_number())
BOTH(percpu_hash, __u32, draw_number())
BOTH(lru_hash, __u32, draw_number())
BOTH(lpm_trie, struct prefix, 32, draw_number())

char LICENSE[] SEC("license") = "Dual BSD/GPL";
