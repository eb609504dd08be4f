import { sameBytes } from "../../model/hex.js";

/** A tag that the kernel keeps beside the frame; the protocol as the field of `struct __sk_buff` has it. */
export interface VlanTag {
  readonly protocol: number;
  readonly tci: number;
}

/** PACKET_HOST and its siblings (include/uapi/linux/if_packet.h). */
export const packetType = { host: 0, broadcast: 1, multicast: 2, otherHost: 3 } as const;

/** Which of a step's packets a frame is. */
export interface Origin {
  readonly packet: number;
  /** What the program under test made of it, and nobody else has taken in; before, the program has not seen it. */
  readonly isOutput: boolean;
}

/** A packet on its way: its frame, and what the kernel keeps beside the bytes (struct sk_buff). */
export interface Skb {
  readonly frame: Uint8Array;
  readonly mark: number;
  readonly priority: number;
  /** Five words of traffic control's own; the stack and the cable make zeroes of them. */
  readonly cb: readonly number[];
  /** What an XDP program has put in front. */
  readonly metadata: Uint8Array;
  readonly packetType: number;
  /** Index of the interface by which it came into the host; 0 where the host made it. */
  readonly iif: number;
  readonly vlan: VlanTag | undefined;
  /** How many programs have sent it on its way out without its having been let go in between (dev_xmit_recursion). */
  readonly nesting: number;
  /** Undefined for what nobody sent: answers, questions, messages of hosts. */
  readonly origin: Origin | undefined;
}

const noWords: readonly number[] = [0, 0, 0, 0, 0];
const noBytes: Uint8Array = new Uint8Array();

/** A frame that a host or a scenario has just made. */
export function freshSkb(frame: Uint8Array, origin?: Origin): Skb {
  return {
    frame,
    mark: 0,
    priority: 0,
    cb: noWords,
    metadata: noBytes,
    packetType: packetType.host,
    iif: 0,
    vlan: undefined,
    nesting: 0,
    origin,
  };
}

/**
 * What of a packet gets to the other end of a cable: another host's, so nothing but the frame (skb_scrub_packet), and
 * the metadata of one that XDP has sent (struct xdp_frame).
 */
export function overCable({ origin, metadata, ...skb }: Skb): Skb {
  return { ...freshSkb(wholeFrame(skb), origin), metadata };
}

/** A packet as far as generic XDP, or a cable behind traffic control, has it. */
export function withoutMetadata(skb: Skb): Skb {
  return { ...skb, metadata: noBytes };
}

/** As a device takes a frame in (eth_type_trans): whose it is by its address. */
export function typedFor(skb: Skb, mac: Uint8Array): Skb {
  return { ...skb, packetType: typeOf(skb.frame, mac) };
}

function typeOf(frame: Uint8Array, mac: Uint8Array): number {
  const destination = frame.subarray(0, 6);
  if ((destination[0]! & 1) === 0) return sameBytes(destination, mac) ? packetType.host : packetType.otherHost;
  return destination.every((byte) => byte === 0xff) ? packetType.broadcast : packetType.multicast;
}

const tagBytes = 4;
const typeOffset = 12;

/** 0x8100 and 0x88a8, in network order. */
const vlanProtocols: ReadonlySet<number> = new Set([0x0081, 0xa888]);

/** The outermost tag beside the frame instead of in it, as the kernel takes a packet in (skb_vlan_untag). */
export function untagged(skb: Skb): Skb {
  const { frame } = skb;
  const protocol = frame[typeOffset]! | (frame[typeOffset + 1]! << 8);
  if (skb.vlan || !vlanProtocols.has(protocol) || frame.length < typeOffset + tagBytes + 2) return skb;
  const tci = (frame[typeOffset + 2]! << 8) | frame[typeOffset + 3]!;
  const bytes = new Uint8Array(frame.length - tagBytes);
  bytes.set(frame.subarray(0, typeOffset));
  bytes.set(frame.subarray(typeOffset + tagBytes), typeOffset);
  return { ...skb, frame: bytes, vlan: { protocol, tci } };
}

/** The frame as it is on a cable, with its tag in it. */
export function wholeFrame({ frame, vlan }: Pick<Skb, "frame" | "vlan">): Uint8Array {
  if (!vlan) return frame;
  const bytes = new Uint8Array(frame.length + tagBytes);
  bytes.set(frame.subarray(0, typeOffset));
  bytes.set([vlan.protocol & 0xff, vlan.protocol >> 8, vlan.tci >> 8, vlan.tci & 0xff], typeOffset);
  bytes.set(frame.subarray(typeOffset), typeOffset + tagBytes);
  return bytes;
}
