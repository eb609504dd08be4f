import type { SkbPacket } from "../hooks/skb-packet.js";
import type { Call } from "../call.js";
import { errno } from "../errno.js";
import { ipSummed } from "../../model/ip-summed.js";
import { add32, fold, subtract32 } from "./csum.js";
import type { HelperTable } from "./table.js";

/** Size of the changed field; 0 for a difference. */
const fieldSizeMask = 0xf;

/** BPF_F_PSEUDO_HDR, BPF_F_MARK_MANGLED_0, BPF_F_MARK_ENFORCE, BPF_F_IPV6. */
const l4Flag = { pseudoHeader: 0x10, markMangled0: 0x20, markEnforce: 0x40, ipv6: 0x80, all: 0xf0 } as const;

/** A UDP checksum of zero is none: then this stands for it. */
const mangled0 = 0xffff;

/** Incremental updates of checksums in an skb, and of the sum that it may have of all its bytes (skb->csum). */
export function skbCsumHelpers(packet: SkbPacket): HelperTable {
  return {
    // bpf_l3_csum_replace(skb, offset, from, to, size)
    10: (call) => {
      if ((call.u64(5) & ~BigInt(fieldSizeMask)) !== 0n) return -errno.EINVAL;
      return replace(packet, call, replaced);
    },
    // bpf_l4_csum_replace(skb, offset, from, to, flags)
    11: (call) => {
      const flags = call.u32(5);
      if ((call.u64(5) & ~BigInt(l4Flag.all | fieldSizeMask)) !== 0n) return -errno.EINVAL;
      const keepsZero = (flags & l4Flag.markMangled0) !== 0;
      const enforced = (flags & l4Flag.markEnforce) !== 0;
      return replace(packet, call, (checksum, change) => {
        if (keepsZero && !enforced && checksum === 0) return 0;
        const updated = replacedTransport(packet, checksum, change, flags);
        return keepsZero && updated === 0 ? mangled0 : updated;
      });
    },
    // bpf_csum_update(skb, csum)
    40: (call) => {
      const { checksum } = packet;
      if (!checksum.isComplete) return -errno.ENOTSUPP;
      checksum.sum = add32(checksum.sum, call.u32(2));
      return checksum.sum;
    },
    // bpf_csum_level(skb, level)
    135: (call) => changeLevel(packet, call.u64(2)),
  };
}

/** BPF_CSUM_LEVEL_*. */
const levelChange = { query: 0n, increment: 1n, decrement: 2n, reset: 3n } as const;

/** How many checksums the device has verified, less one. */
function changeLevel({ checksum }: SkbPacket, change: bigint): number {
  switch (change) {
    case levelChange.query:
      return checksum.state === ipSummed.unnecessary ? checksum.level : -errno.EACCES;
    case levelChange.increment:
      checksum.incrementLevel();
      return 0;
    case levelChange.decrement:
      checksum.decrementLevel();
      return 0;
    case levelChange.reset:
      checksum.resetLevel();
      return 0;
    default:
      return -errno.EINVAL;
  }
}

/** What a checksum is to follow. */
interface Change {
  /** Of the field in bytes; 0 where `to` is a difference; undefined for a difference that comes with another value. */
  readonly size: number | undefined;
  readonly from: number;
  readonly to: number;
}

/** `update` says what to write in place of a checksum, both in the order of the host; undefined for sizes that are none. */
function replace(
  packet: SkbPacket,
  call: Call,
  update: (checksum: number, change: Change) => number | undefined,
): number {
  const offset = call.u32(2);
  if (offset > 0xffff || offset & 1) return -errno.EFAULT;
  const bytes = packet.pull(offset + 2) ? packet.bytesAt(offset, 2) : undefined;
  if (!bytes) return -errno.EFAULT;
  const size = call.u32(5) & fieldSizeMask;
  const isMixed = size === 0 && call.u64(3) !== 0n;
  const change = { size: isMixed ? undefined : size, from: call.u32(3), to: call.u32(4) };
  const updated = update(bytes[0]! | (bytes[1]! << 8), change);
  if (updated === undefined) return -errno.EINVAL;
  bytes[0] = updated;
  bytes[1] = updated >>> 8;
  return 0;
}

function replaced(checksum: number, { size, from, to }: Change): number | undefined {
  const inverted = ~checksum >>> 0;
  switch (size) {
    case 0: // csum_replace_by_diff
      return ~fold(add32(to, inverted)) & 0xffff;
    case 2: // csum_replace2
      return ~add16(add16(~checksum & 0xffff, ~from & 0xffff), to & 0xffff) & 0xffff;
    case 4: // csum_replace4
      return ~fold(add32(subtract32(inverted, from), to)) & 0xffff;
    default:
      return undefined;
  }
}

/**
 * inet_proto_csum_replace4() and inet_proto_csum_replace_by_diff() of net/core/utils.c. Where the checksum is still to
 * be filled in, the field holds the pseudo-header's sum, which what is not of the pseudo-header does not change.
 */
function replacedTransport(packet: SkbPacket, field: number, change: Change, flags: number): number | undefined {
  const { checksum } = packet;
  const isPseudo = (flags & l4Flag.pseudoHeader) !== 0;
  const { size, from, to } = change.size === 2 ? narrowed(change) : change;
  const updated = replaced(field, { size, from, to });
  if (updated === undefined) return undefined;
  if (checksum.isPartial) {
    if (!isPseudo) return field;
    return fold(size === 0 ? add32(to, field) : add32(subtract32(field, from), to));
  }
  if (isPseudo && size !== 0) checksum.changedByPseudoHeader(from, to);
  // In IPv6 no checksum of the header makes up for the addresses: the sum stays.
  if (isPseudo && size === 0 && (flags & l4Flag.ipv6) === 0) checksum.changedByDifference(to);
  return updated;
}

/** inet_proto_csum_replace2() takes 16 bits for 32. */
function narrowed({ from, to }: Change): Change {
  return { size: 4, from: from & 0xffff, to: to & 0xffff };
}

/** csum16_add. */
function add16(a: number, b: number): number {
  const sum = a + b;
  return sum > 0xffff ? (sum + 1) & 0xffff : sum;
}
