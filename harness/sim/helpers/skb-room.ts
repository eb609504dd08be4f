import { ethernetBytes, maxSkbBytes, networkOrder, type SkbPacket } from "../hooks/skb-packet.js";
import { skbField } from "../hooks/skb-fields.js";
import type { Call } from "../call.js";
import { errno } from "../errno.js";
import type { HelperTable } from "./table.js";

const headerBytes: Readonly<Record<number, number>> = { [networkOrder.ipv4]: 20, [networkOrder.ipv6]: 40 };

/** BPF_F_ADJ_ROOM_* of include/uapi/linux/bpf.h. */
const roomFlag = {
  fixedGso: 1n,
  encapIpv4: 2n,
  encapIpv6: 4n,
  encapGre: 8n,
  encapUdp: 16n,
  noCsumReset: 32n,
  encapEth: 64n,
  decapIpv4: 128n,
  decapIpv6: 256n,
} as const;
const shrinkFlags = roomFlag.fixedGso | roomFlag.decapIpv4 | roomFlag.decapIpv6 | roomFlag.noCsumReset;
const innerMacBits = 0xffn << 56n;
const knownFlags = 0x1ffn | innerMacBits;

/** enum bpf_adj_room_mode. */
const roomMode = { net: 0, mac: 1 } as const;

const maxRoomBytes = 0xfff;

/** Packet types go up to PACKET_OTHERHOST. */
const lastPacketType = 3;

/** Helpers that change an skb's length, or what it is taken for (net/core/filter.c). */
export function skbRoomHelpers(packet: SkbPacket): HelperTable {
  return {
    // bpf_skb_change_proto(skb, proto, flags)
    31: (call) => changeProtocol(packet, call.u32(2) & 0xffff, call.u64(3)),
    // bpf_skb_change_type(skb, type)
    32: (call) => {
      const type = call.u32(2);
      if (type > lastPacketType) return -errno.EINVAL;
      packet.arena.view.setUint32(packet.context + skbField.pkt_type, type, true);
      return 0;
    },
    // bpf_skb_change_tail(skb, len, flags)
    38: (call) => {
      const length = call.u32(2);
      // __bpf_skb_min_len()
      const least = packet.partialBytes > 0 ? packet.partialBytes : Math.max(0, packet.networkOffset);
      if (call.u64(3) !== 0n || length > maxSkbBytes || length < least) return -errno.EINVAL;
      const result = packet.resize(length);
      if (result === 0) packet.resetGso();
      return result;
    },
    // bpf_skb_change_head(skb, head_room, flags)
    43: (call) => {
      const added = call.u32(2);
      if (call.u64(3) !== 0n || (packet.length + added > maxSkbBytes && !packet.isGso)) return -errno.EINVAL;
      return packet.pushHead(added);
    },
    // bpf_skb_adjust_room(skb, len_diff, mode, flags)
    50: (call) => {
      const result = adjustRoom(packet, call);
      if (result === 0 && (call.u64(4) & roomFlag.noCsumReset) === 0n) packet.checksum.resetLevel();
      return result;
    },
  };
}

/** From IPv4 to IPv6 or back: the room for the header changes, its bytes are the program's business. */
function changeProtocol(packet: SkbPacket, protocol: number, flags: bigint): number {
  if (flags !== 0n) return -errno.EINVAL;
  const [before, after] = [headerBytes[packet.protocol], headerBytes[protocol]];
  if (before === undefined || after === undefined || before === after) return -errno.ENOTSUPP;
  const offset = packet.macHeaderBytes;
  const result = after > before ? packet.insert(offset, after - before) : packet.remove(offset, before - after);
  if (result !== 0) return result;
  packet.protocol = protocol;
  packet.clearHash();
  return 0;
}

/** bpf_skb_adjust_room. */
function adjustRoom(packet: SkbPacket, call: Call): number {
  const [difference, mode, flags] = [call.i32(2), call.u32(3), call.u64(4)];
  if ((flags & ~knownFlags) !== 0n) return -errno.EINVAL;
  if (Math.abs(difference) > maxRoomBytes) return -errno.EFAULT;
  const header = headerBytes[packet.protocol];
  if (header === undefined) return -errno.ENOTSUPP;
  const decap = decapProtocol(flags);
  if (decap === "both" || (decap !== undefined && difference >= 0)) return -errno.EINVAL;
  if (mode !== roomMode.net && mode !== roomMode.mac) return -errno.ENOTSUPP;
  const offset = packet.macHeaderBytes + (mode === roomMode.net ? header : 0);
  const least = decap === undefined ? header : headerBytes[decap]!;
  const afterMac = packet.length - packet.networkOffset;
  if (difference < 0)
    return -difference >= afterMac || afterMac + difference < least
      ? -errno.ENOTSUPP
      : shrink(packet, offset, -difference, flags, decap);
  if (packet.length + difference > maxSkbBytes && !packet.isGso) return -errno.ENOTSUPP;
  return grow(packet, offset, difference, flags);
}

function decapProtocol(flags: bigint): number | "both" | undefined {
  const both = roomFlag.decapIpv4 | roomFlag.decapIpv6;
  if ((flags & both) === both) return "both";
  if ((flags & roomFlag.decapIpv4) !== 0n) return networkOrder.ipv4;
  return (flags & roomFlag.decapIpv6) !== 0n ? networkOrder.ipv6 : undefined;
}

/** bpf_skb_net_shrink. Of segments, only those of TCP and UDP may be shortened or lengthened. */
function shrink(packet: SkbPacket, offset: number, length: number, flags: bigint, decap: number | undefined): number {
  if ((flags & ~shrinkFlags) !== 0n) return -errno.EINVAL;
  if (packet.isGso) return -errno.ENOTSUPP;
  const result = packet.remove(offset, length);
  if (result === 0 && decap !== undefined) packet.protocol = decap;
  return result;
}

/** bpf_skb_net_grow: where the inner headers are, an skb of this kind does not remember. */
function grow(packet: SkbPacket, offset: number, length: number, flags: bigint): number {
  const has = (flag: bigint) => (flags & flag) !== 0n;
  const innerMacBytes = Number(flags >> 56n);
  if (packet.isGso) return -errno.ENOTSUPP;
  // BPF_F_ADJ_ROOM_ENCAP_L3_MASK: without one of these, the others say nothing.
  const isEncap = has(roomFlag.encapIpv4) || has(roomFlag.encapIpv6);
  if (isEncap) {
    if (has(roomFlag.encapIpv4) && has(roomFlag.encapIpv6)) return -errno.EINVAL;
    if (has(roomFlag.encapGre) && has(roomFlag.encapUdp)) return -errno.EINVAL;
    if (has(roomFlag.encapEth) && innerMacBytes < ethernetBytes) return -errno.EINVAL;
    if (packet.isEncapsulated) return -errno.EALREADY;
    if (innerMacBytes > length) return -errno.EINVAL;
  }
  const result = packet.insert(offset, length);
  if (result !== 0) return result;
  if (isEncap) packet.isEncapsulated = true;
  if (has(roomFlag.encapIpv4)) packet.protocol = networkOrder.ipv4;
  if (has(roomFlag.encapIpv6)) packet.protocol = networkOrder.ipv6;
  return 0;
}
