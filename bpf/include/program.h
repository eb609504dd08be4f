/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What every program here includes first: the kernel's own definitions and libbpf's macros.
 *
 * <linux/icmp.h> is missing on purpose: it pulls in the C library's socket headers, which do not
 * exist for the BPF target. icmp.h defines the few bytes that we need.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* An IPv4 address as it lies in memory and on the wire: network byte order. */
#define IPV4_ADDRESS(a, b, c, d) bpf_htonl((__u32)(a) << 24 | (b) << 16 | (c) << 8 | (d))
