/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A cursor walks through a packet from its first byte to its end.
 *
 * The verifier lets a program read a packet only where it has seen a comparison with `data_end` for
 * that very range. Every read here goes through cursor_take(), so the comparison cannot be forgotten,
 * and a NULL, which the verifier also insists on, says "the packet ends before that".
 */
#pragma once

#include "program.h"

struct cursor {
	void *at;
	void *end;
};

/* A cursor at the first byte of an XDP or TC packet; both contexts name their fields alike. */
#define cursor_open(context) \
	((struct cursor){ .at = (void *)(long)(context)->data, .end = (void *)(long)(context)->data_end })

/* The next `size` bytes, or NULL where fewer are left; moves behind them. */
static __always_inline void *cursor_take(struct cursor *cursor, __u32 size)
{
	void *taken = cursor->at;

	if (taken + size > cursor->end)
		return NULL;
	cursor->at = taken + size;
	return taken;
}

/* As cursor_take(), with the type of a header instead of a size. */
#define cursor_take_header(cursor, type) ((type *)cursor_take(cursor, sizeof(type)))
