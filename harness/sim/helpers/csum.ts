import { onesComplementSum } from "../../packet/sum.js";
import { errno } from "../errno.js";
import type { HelperTable } from "./table.js";

/** Checksums that belong to no packet. */
export const csumHelpers: HelperTable = {
  // bpf_csum_diff(from, from_size, to, to_size, seed)
  28: (call) => {
    const [fromBytes, toBytes] = [call.u32(2), call.u32(4)];
    if ((fromBytes | toBytes) & 3) return -errno.EINVAL;
    const seed = call.u32(5);
    // Zero has two forms in ones' complement: which one comes out depends on the order of the steps.
    if (toBytes === 0 && fromBytes > 0) return fold(~add32(~seed, hostSum(call.read(1, fromBytes))) >>> 0);
    const sum = toBytes > 0 ? add32(seed, hostSum(call.read(3, toBytes))) : seed;
    return fold(fromBytes > 0 ? add32(sum, ~hostSum(call.read(1, fromBytes))) : sum);
  },
};

/** Of bytes as they lie in memory, 16 bits with the first byte the lower one. */
function hostSum(bytes: Uint8Array): number {
  const sum = onesComplementSum(bytes);
  return ((sum & 0xff) << 8) | (sum >>> 8);
}

/** csum_add: the carry comes round. */
export function add32(a: number, b: number): number {
  const sum = (a >>> 0) + (b >>> 0);
  return sum > 0xffffffff ? (sum + 1) >>> 0 : sum;
}

/** csum_sub. */
export function subtract32(a: number, b: number): number {
  return add32(a, ~b);
}

/** csum_shift for an odd offset: each byte counts for the other half of its word. */
export function rotate(sum: number): number {
  return ((sum >>> 8) | (sum << 24)) >>> 0;
}

/** csum_partial() as x86-64 has it: 32-bit words as they lie in memory, with the carry coming round, added to `sum`. */
export function sum32(bytes: Uint8Array, sum = 0): number {
  let total = sum;
  for (let i = 0; i < bytes.length; i++) total = add32(total, bytes[i]! * 2 ** (8 * (i & 3)));
  return total;
}

/** csum_from32to16. */
export function fold(sum: number): number {
  const once = (sum & 0xffff) + (sum >>> 16);
  return (once & 0xffff) + (once >>> 16);
}
