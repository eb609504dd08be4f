// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * A filter against one packet of death: the TCP SYN with an absurdly small maximum segment size that
 * brought hosts down through their SACK code in 2019 (CVE-2019-11477 to 11479). It drops SYNs, with or
 * without ACK, whose MSS option is below `smallest_mss`, and nothing else, so it can be put on a running
 * service and taken off when the host has been mended.
 *
 * A SYN without the option stands for 536 bytes (RFC 9293 section 3.7.1) and passes. Options that run
 * past their header are what the receiver ignores, too.
 */
#include "include/ip.h"

#define TCP_OPTION_END 0
#define TCP_OPTION_NOP 1
#define TCP_OPTION_MSS 2
#define TCP_OPTION_MSS_BYTES 4
/* 15 words of header, less the 5 of the fixed part. */
#define TCP_OPTIONS_MAX_BYTES 40

const volatile __u16 smallest_mss = 500;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} filtered SEC(".maps");

/* Offset of the TCP header of a SYN; 0 for every other packet. Global, so that parsing is verified once. */
__weak __noinline int syn_offset(struct xdp_md *context)
{
	struct cursor cursor = cursor_open(context);
	struct ip_packet packet = {};
	struct ethhdr *ethernet;
	struct tcphdr *tcp;

	if (take_ip(&cursor, &ethernet, &packet) != PARSE_OK)
		return 0;
	if (packet.protocol != IPPROTO_TCP || packet.later_fragment)
		return 0;
	tcp = cursor_take_header(&cursor, struct tcphdr);
	if (!tcp || !tcp->syn)
		return 0;
	return (void *)tcp - (void *)(long)context->data;
}

struct tcp_options {
	/* Zeroes behind the last one read as the end of the list. */
	__u8 bytes[TCP_OPTIONS_MAX_BYTES + TCP_OPTION_MSS_BYTES];
};

#define OPTIONS_END (-1)
#define MSS_FOUND 0x10000

/*
 * Looks at the option at an offset: MSS_FOUND plus its value where it is the MSS, else the offset of the
 * next one, or OPTIONS_END. Global, so that the loop around it looks to the verifier as it is: the same
 * step again and again, and not every sequence of options there may be.
 */
__weak __noinline int next_option(const struct tcp_options *options, __u32 at)
{
	__u8 kind, length;

	if (!options || at >= TCP_OPTIONS_MAX_BYTES)
		return OPTIONS_END;
	kind = options->bytes[at];
	if (kind == TCP_OPTION_END)
		return OPTIONS_END;
	if (kind == TCP_OPTION_NOP)
		return at + 1;
	length = options->bytes[at + 1];
	if (kind == TCP_OPTION_MSS && length == TCP_OPTION_MSS_BYTES)
		return MSS_FOUND + (options->bytes[at + 2] << 8 | options->bytes[at + 3]);
	return length < 2 ? OPTIONS_END : (int)at + length;
}

/* The MSS that a SYN announces, or -1. */
static __always_inline int announced_mss(const struct tcp_options *options)
{
	int at = 0;

	for (int i = 0; i < TCP_OPTIONS_MAX_BYTES; i++) {
		at = next_option(options, at);
		if (at >= MSS_FOUND)
			return at - MSS_FOUND;
		if (at < 0)
			return -1;
	}
	return -1;
}

SEC("xdp")
int xdp_mss_filter(struct xdp_md *context)
{
	struct tcp_options options = {};
	__u32 offset = syn_offset(context);
	__u32 slot = 0, bytes;
	struct tcphdr *tcp;
	int mss;
	__u64 *count;

	/* Far more than headers take, and few enough for the verifier to let us add it to a pointer. */
	if (!offset || offset > 0x3fff)
		return XDP_PASS;
	tcp = (void *)(long)context->data + offset;
	if ((void *)(tcp + 1) > (void *)(long)context->data_end || tcp->doff <= 5)
		return XDP_PASS;
	/* Copied, since they are of any length: one call instead of a comparison for each byte. */
	bytes = (tcp->doff - 5) * 4;
	if (bytes < 1 || bytes > TCP_OPTIONS_MAX_BYTES ||
	    bpf_xdp_load_bytes(context, offset + sizeof(*tcp), &options, bytes))
		return XDP_PASS;
	mss = announced_mss(&options);
	if (mss < 0 || mss >= smallest_mss)
		return XDP_PASS;
	count = bpf_map_lookup_elem(&filtered, &slot);
	if (count)
		*count += 1;
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
