/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What TC programs need beyond XDP: a socket buffer's bytes are not all in one piece. */
#pragma once

#include "program.h"

/* Enough for Ethernet, tags, and IP headers with everything that take_ip() is likely to meet. */
#define TC_HEADERS_BYTES 256

/*
 * Only the linear part of an skb lies between data and data_end; the rest may be in page fragments.
 * Brings the headers into the linear part where they are not yet. Pointers into the packet taken
 * before this call are no longer valid, so it comes first.
 */
static __always_inline void tc_pull_headers(struct __sk_buff *skb)
{
	__u32 wanted = skb->len < TC_HEADERS_BYTES ? skb->len : TC_HEADERS_BYTES;

	if ((__u64)skb->data_end - skb->data < wanted)
		bpf_skb_pull_data(skb, wanted);
}
