import type { SkbPacket } from "../hooks/skb-packet.js";
import type { Call } from "../call.js";
import { errno } from "../errno.js";
import { add32, fold } from "./csum.js";
import type { HelperTable } from "./table.js";

/** Size of the changed field; 0 for a difference. */
const fieldSizeMask = 0xf;

const l4Flag = { markMangled0: 0x20, all: 0x10 | 0x20 | 0x40 | 0x80, markEnforce: 0x40 } as const;

/** A UDP checksum of zero is none: then this stands for it. */
const mangled0 = 0xffff;

/** Incremental updates of checksums in an skb, which has none of its own to keep (CHECKSUM_NONE). */
export function skbCsumHelpers(packet: SkbPacket): HelperTable {
  return {
    // bpf_l3_csum_replace(skb, offset, from, to, size)
    10: (call) => {
      if ((call.u64(5) & ~BigInt(fieldSizeMask)) !== 0n) return -errno.EINVAL;
      return replace(packet, call, () => true);
    },
    // bpf_l4_csum_replace(skb, offset, from, to, flags)
    11: (call) => {
      const flags = call.u32(5);
      if ((call.u64(5) & ~BigInt(l4Flag.all | fieldSizeMask)) !== 0n) return -errno.EINVAL;
      const keepsZero = (flags & l4Flag.markMangled0) !== 0;
      const enforced = (flags & l4Flag.markEnforce) !== 0;
      return replace(packet, call, (checksum, updated) => {
        if (keepsZero && !enforced && checksum === 0) return false;
        return keepsZero && updated === 0 ? mangled0 : true;
      });
    },
    // bpf_csum_update(skb, csum)
    40: () => -errno.ENOTSUPP,
    // bpf_csum_level(skb, level)
    135: (call) => changeLevel(packet, call.u64(2)),
  };
}

/** BPF_CSUM_LEVEL_*. */
const levelChange = { query: 0n, increment: 1n, decrement: 2n, reset: 3n } as const;

/** SKB_MAX_CSUM_LEVEL. */
const highestLevel = 3;

/** How many checksums the device has verified, less one; undefined where none. */
function changeLevel(packet: SkbPacket, change: bigint): number {
  const level = packet.checksumLevel;
  switch (change) {
    case levelChange.query:
      return level ?? -errno.EACCES;
    case levelChange.increment:
      packet.checksumLevel = level === undefined ? 0 : Math.min(level + 1, highestLevel);
      return 0;
    case levelChange.decrement:
      packet.checksumLevel = level ? level - 1 : undefined;
      return 0;
    case levelChange.reset:
      packet.checksumLevel = undefined;
      return 0;
    default:
      return -errno.EINVAL;
  }
}

/** `decide` is asked whether to write the updated checksum, or what else. */
function replace(
  packet: SkbPacket,
  call: Call,
  decide: (checksum: number, updated: number) => boolean | number,
): number {
  const offset = call.u32(2);
  if (offset > 0xffff || offset & 1) return -errno.EFAULT;
  const bytes = packet.pull(offset + 2) ? packet.bytesAt(offset, 2) : undefined;
  if (!bytes) return -errno.EFAULT;
  // As the kernel reads it: in the order of the host.
  const checksum = bytes[0]! | (bytes[1]! << 8);
  const size = call.u32(5) & fieldSizeMask;
  if (decide(checksum, 1) === false) return 0;
  const updated = updatedChecksum(checksum, size, call);
  if (updated === undefined) return -errno.EINVAL;
  const decision = decide(checksum, updated);
  const written = typeof decision === "number" ? decision : updated;
  bytes[0] = written;
  bytes[1] = written >>> 8;
  return 0;
}

function updatedChecksum(checksum: number, size: number, call: Call): number | undefined {
  const [from, to] = [call.u32(3), call.u32(4)];
  const inverted = ~checksum >>> 0;
  switch (size) {
    case 0: // csum_replace_by_diff
      return call.u64(3) === 0n ? ~fold(add32(to, inverted)) & 0xffff : undefined;
    case 2: // csum_replace2
      return ~add16(add16(~checksum & 0xffff, ~from & 0xffff), to & 0xffff) & 0xffff;
    case 4: // csum_replace4
      return ~fold(add32(add32(inverted, ~from >>> 0), to)) & 0xffff;
    default:
      return undefined;
  }
}

/** csum16_add. */
function add16(a: number, b: number): number {
  const sum = a + b;
  return sum > 0xffff ? (sum + 1) & 0xffff : sum;
}
