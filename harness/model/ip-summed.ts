/** What an skb says about its checksums (include/linux/skbuff.h), by the names that scenarios use. */
export const ipSummed = { none: 0, unnecessary: 1, complete: 2, partial: 3 } as const;

/**
 * Of an skb whose sum is not that of its bytes any more. The stack sums up itself, then, and logs "hw csum failure"
 * (__skb_checksum_complete of net/core/skbuff.c).
 */
export const wrongSum =
  "the program leaves skb->csum (CHECKSUM_COMPLETE) different from the sum of the packet's bytes: a hw csum failure";
