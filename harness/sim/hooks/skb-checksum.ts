import { ipSummed } from "../../model/ip-summed.js";
import { add32, fold, rotate, sum32, subtract32 } from "../helpers/csum.js";

/** SKB_MAX_CSUM_LEVEL. */
const highestLevel = 3;

/**
 * What an skb says about its checksums: nothing, that a device has verified some, what all bytes from the network
 * header on sum up to, or that a checksum is still to be filled in (include/linux/skbuff.h).
 */
export class SkbChecksum {
  /** ip_summed. */
  state: number = ipSummed.none;
  /** csum_level: of verified checksums the last one's number, counted from 0. */
  level = 0;
  /** csum: 32 bits as the host adds them up; kept when the state becomes CHECKSUM_NONE. */
  sum = 0;
  /** csum_start, as an address: what is to be summed up begins here. */
  start = 0;
  /** csum_offset: where the sum goes, from there. */
  fieldOffset = 0;

  clear(): void {
    this.state = ipSummed.none;
    this.level = 0;
    this.sum = 0;
  }

  get isComplete(): boolean {
    return this.state === ipSummed.complete;
  }

  get isPartial(): boolean {
    return this.state === ipSummed.partial;
  }

  /** __skb_incr_checksum_unnecessary() */
  incrementLevel(): void {
    if (this.state === ipSummed.unnecessary) this.level = Math.min(this.level + 1, highestLevel);
    else if (this.state === ipSummed.none) {
      this.state = ipSummed.unnecessary;
      this.level = 0;
    }
  }

  /** __skb_decr_checksum_unnecessary() */
  decrementLevel(): void {
    if (this.state !== ipSummed.unnecessary) return;
    if (this.level === 0) this.state = ipSummed.none;
    else this.level--;
  }

  /** __skb_reset_checksum_unnecessary() */
  resetLevel(): void {
    if (this.state === ipSummed.unnecessary) this.clear();
  }

  /** __skb_trim_rcsum(), __skb_grow_rcsum(): the sum is given up. */
  giveUpSum(): void {
    if (this.isComplete) this.state = ipSummed.none;
  }

  /** skb_postpull_rcsum(): bytes are gone. */
  pulled(bytes: Uint8Array): void {
    if (this.isComplete) this.sum = -sum32(bytes, -this.sum >>> 0) >>> 0;
  }

  /** skb_postpush_rcsum() */
  pushed(bytes: Uint8Array): void {
    if (this.isComplete) this.sum = add32(this.sum, sum32(bytes));
  }

  /** Bytes at an offset from where the sum's first byte is even (__skb_postpull_rcsum, then __skb_postpush_rcsum). */
  replaced(before: Uint8Array, after: Uint8Array, offset = 0): void {
    if (!this.isComplete) return;
    const isOdd = (offset & 1) === 1;
    const shifted = (bytes: Uint8Array): number => (isOdd ? rotate(sum32(bytes)) : sum32(bytes));
    this.sum = add32(subtract32(this.sum, shifted(before)), shifted(after));
  }

  /** A transport checksum has changed by from and to because of what its pseudo-header has in another header. */
  changedByPseudoHeader(from: number, to: number): void {
    if (this.isComplete) this.sum = ~add32(subtract32(~this.sum >>> 0, from), to) >>> 0;
  }

  /** The same, by a difference. */
  changedByDifference(difference: number): void {
    if (this.isComplete) this.sum = ~subtract32(difference, this.sum) >>> 0;
  }

  /** Whether the sum is that of these bytes, as a test run compares it (csum_fold). */
  isSumOf(bytes: Uint8Array): boolean {
    return fold(this.sum) === fold(sum32(bytes));
  }

  /** The packet begins at this address: what is to be summed up from further in front cannot be any more. */
  beginAt(data: number): void {
    if (this.isPartial && this.start < data) this.state = ipSummed.none;
  }
}
