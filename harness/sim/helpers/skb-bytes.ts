import type { SkbPacket } from "../hooks/skb-packet.js";
import { errno } from "../errno.js";
import type { HelperTable } from "./table.js";

const maxInt = 0x7fff_ffff;

const recomputeSum = 1n;
const invalidateHash = 2n;

/** BPF_F_RECOMPUTE_CSUM and BPF_F_INVALIDATE_HASH. */
export const storeFlags = recomputeSum | invalidateHash;

/** __bpf_skb_store_bytes(), with flags that are known. What is written to is made linear (bpf_try_make_writable). */
export function storeBytes(packet: SkbPacket, offset: number, bytes: Uint8Array, flags: bigint): number {
  if (offset > maxInt || !packet.store(offset, bytes, (flags & recomputeSum) !== 0n)) return -errno.EFAULT;
  if ((flags & invalidateHash) !== 0n) packet.clearHash();
  return 0;
}

/** Access to the bytes of an skb (net/core/filter.c). */
export function skbByteHelpers(packet: SkbPacket): HelperTable {
  return {
    // bpf_skb_store_bytes(skb, offset, from, len, flags)
    9: (call) => {
      const [offset, length] = [call.u32(2), call.u32(4)];
      const from = call.read(3, length);
      if ((call.u64(5) & ~storeFlags) !== 0n) return -errno.EINVAL;
      return storeBytes(packet, offset, from, call.u64(5));
    },
    // bpf_skb_load_bytes(skb, offset, to, len)
    26: (call) => {
      const [offset, length] = [call.u32(2), call.u32(4)];
      return fill(call.write(3, length), offset > maxInt ? undefined : packet.copyAt(offset, length));
    },
    // bpf_skb_pull_data(skb, len)
    39: (call) => (packet.pull(call.u32(2)) ? 0 : -errno.ENOMEM),
    // bpf_skb_load_bytes_relative(skb, offset, to, len, start_header): of the linear part
    68: (call) => {
      const [offset, length, start] = [call.u32(2), call.u32(4), call.u32(5)];
      const from = start === 0 ? "mac" : start === 1 ? "network" : undefined;
      const out = call.write(3, length);
      return fill(out, from && offset <= 0xffff ? packet.bytesAt(offset, length, from) : undefined);
    },
  };
}

/** What cannot be loaded is zero. */
function fill(out: Uint8Array, bytes: Uint8Array | undefined): number {
  if (bytes) out.set(bytes);
  else out.fill(0);
  return bytes ? 0 : -errno.EFAULT;
}
