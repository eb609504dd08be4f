import { readable, writable, type Arena } from "../arena.js";
import { ipSummed, wrongSum } from "../../model/ip-summed.js";
import { internetChecksum } from "../../packet/sum.js";
import { errno } from "../errno.js";
import { sum32 } from "../helpers/csum.js";
import { skbField } from "./skb-fields.js";
import { Fragments, mostFragmentBytes } from "./fragments.js";
import { PacketBuffer } from "./packet-buffer.js";
import { partialChecksumOf } from "./partial-checksum.js";
import { SkbChecksum } from "./skb-checksum.js";

export const ethernetBytes = 14;
const vlanTagBytes = 4;

/** BPF_SKB_MAX_LEN of net/core/filter.c: four pages without struct skb_shared_info. */
export const maxSkbBytes = 16064;

/** What the linear part of a fresh skb holds at most: a page less NET_SKB_PAD and struct skb_shared_info. */
export const mostLinearBytes = 4096 - 64 - 320;

/** A page, and all fragments. */
export const mostPacketBytes = mostLinearBytes + mostFragmentBytes;

/** As much room in front as a packet can grow by. */
const headroomBytes = 16384;

/** EtherTypes as the kernel keeps them, in network order. */
export const networkOrder = { ipv4: 0x0008, ipv6: 0xdd86, vlan: 0x0081, qinq: 0xa888 } as const;

const noBytes: Uint8Array = new Uint8Array();

export function isVlanType(protocol: number): boolean {
  return protocol === networkOrder.vlan || protocol === networkOrder.qinq;
}

/**
 * The bytes of an skb and where its headers are, with the operations that move them as net/core/skbuff.c
 * does. What a program sees of it in its context is kept up to date.
 */
export class SkbPacket {
  readonly arena: Arena;
  /** Address of struct __sk_buff. */
  readonly context: number;
  readonly checksum = new SkbChecksum();
  /** Whether the program has put a tunnel's headers in front. */
  isEncapsulated = false;
  readonly #buffer: PacketBuffer;
  readonly #fragments: Fragments;
  /** Addresses: link-layer header, the first byte the program sees, network header, end of the linear part. */
  #mac = 0;
  #data = 0;
  #network = 0;
  #end = 0;
  /** Of what an XDP program has put in front of the link-layer header. */
  #metadataBytes = 0;
  #fromNetwork = false;
  /** EtherType of what follows the link-layer header, in network order. */
  #protocol = 0;

  constructor(arena: Arena, context: number, isWritable: boolean) {
    this.arena = arena;
    this.context = context;
    const permission = isWritable ? readable | writable : readable;
    this.#buffer = new PacketBuffer(arena, headroomBytes + mostPacketBytes, permission);
    this.#fragments = new Fragments(arena);
  }

  /**
   * A fresh frame. With `fromNetwork` the program sees it from the network header on; what is behind `linearBytes` of
   * it, or behind a page, is in fragments.
   */
  open(bytes: Uint8Array, fromNetwork: boolean, metadata = noBytes, linearBytes = bytes.length): void {
    const linear = bytes.subarray(0, Math.min(Math.max(linearBytes, ethernetBytes), mostLinearBytes));
    this.#fromNetwork = fromNetwork;
    this.#mac = this.#buffer.start + headroomBytes;
    this.#end = this.#mac + linear.length;
    this.checksum.clear();
    this.isEncapsulated = false;
    this.#network = this.#mac + ethernetBytes;
    this.#data = fromNetwork ? this.#network : this.#mac;
    this.#metadataBytes = metadata.length;
    this.#buffer.set(this.#mac - metadata.length, metadata);
    this.#buffer.set(this.#mac, linear);
    this.#fragments.open(bytes.subarray(linear.length));
    this.protocol = etherTypeOf(bytes);
    this.#publish();
  }

  get length(): number {
    return this.linearBytes + this.#fragments.sizeBytes;
  }

  /** skb_headlen(): what the program can access. */
  get linearBytes(): number {
    return this.#end - this.#data;
  }

  /** Offset of the network header from the first byte that the program sees. */
  get networkOffset(): number {
    return this.#network - this.#data;
  }

  get macHeaderBytes(): number {
    return this.#network - this.#mac;
  }

  get protocol(): number {
    return this.#protocol;
  }

  set protocol(protocol: number) {
    this.#protocol = protocol;
    this.arena.view.setUint32(this.context + skbField.protocol, protocol, true);
  }

  /** skb_protocol(skb, true): the EtherType behind all VLAN tags, 0 where that is not there. */
  get protocolBehindTags(): number {
    let type = this.#protocol;
    for (let at = ethernetBytes + 2; isVlanType(type); at += vlanTagBytes) {
      const field = this.bytesAt(at, 2, "mac");
      type = field ? field[0]! | (field[1]! << 8) : 0;
    }
    return type;
  }

  /** Whether it stands for several segments (skb_is_gso). Their protocol is not known, as in a test run. */
  get isGso(): boolean {
    return this.arena.view.getUint32(this.context + skbField.gso_size, true) !== 0;
  }

  /** skb_gso_reset() */
  resetGso(): void {
    if (!this.isGso) return;
    this.arena.view.setUint32(this.context + skbField.gso_size, 0, true);
    this.arena.view.setUint32(this.context + skbField.gso_segs, 0, true);
  }

  /** skb_clear_hash() */
  clearHash(): void {
    this.arena.view.setUint32(this.context + skbField.hash, 0, true);
  }

  /**
   * What the fresh frame says about its checksums, a number of ipSummed. CHECKSUM_PARTIAL is for TCP and UDP of the
   * host's own; other packets have theirs.
   */
  setChecksum(state: number, frame: Uint8Array): void {
    const { checksum } = this;
    if (state === ipSummed.complete) checksum.sum = sum32(this.#networkBytes());
    if (state !== ipSummed.partial) {
      checksum.state = state;
      return;
    }
    const partial = partialChecksumOf(frame);
    if (!partial || !this.pull(partial.fieldBytes + 2 - (this.#data - this.#mac))) return;
    checksum.state = state;
    checksum.start = this.#mac + partial.startBytes;
    checksum.fieldOffset = partial.fieldBytes - partial.startBytes;
    this.arena.view.setUint16(this.#mac + partial.fieldBytes, partial.pseudoSum);
  }

  /** Why the stack or the device cannot go on with the packet; undefined where it can. */
  get whyUnusable(): string | undefined {
    const { checksum } = this;
    if (checksum.isComplete && !checksum.isSumOf(this.#networkBytes())) return wrongSum;
    if (!checksum.isPartial) return undefined;
    if (this.isGso) return "segments whose checksums are still to be filled in are not simulated";
    return this.partialBytes > this.length
      ? "the program cuts off the checksum that is still to be filled in (CHECKSUM_PARTIAL)"
      : undefined;
  }

  /** How much of the packet there has to be for the checksum that is still to be filled in; 0 where none is. */
  get partialBytes(): number {
    const { isPartial, start, fieldOffset } = this.checksum;
    return isPartial ? start + fieldOffset + 2 - this.#data : 0;
  }

  /** From the network header on: what skb->csum is about. */
  #networkBytes(): Uint8Array {
    const offset = this.networkOffset;
    return this.copyAt(offset, this.length - offset) ?? noBytes;
  }

  /** skb_checksum_help() on a copy of the packet: what is still to be filled in. */
  #fillIn(packet: Uint8Array): void {
    const { start, fieldOffset } = this.checksum;
    const offset = start - this.#data;
    const sum = internetChecksum(packet.subarray(offset));
    new DataView(packet.buffer).setUint16(offset + fieldOffset, sum === 0 ? 0xffff : sum);
  }

  /** The frame as a test run gives it back: a link-layer header that the program did not see is zero. */
  frame(): Uint8Array {
    const seen = this.copyAt(0, this.length)!;
    if (this.partialBytes > 0 && this.whyUnusable === undefined) this.#fillIn(seen);
    if (!this.#fromNetwork) return seen;
    const frame = new Uint8Array(ethernetBytes + seen.length);
    frame.set(seen, ethernetBytes);
    return frame;
  }

  metadata(): Uint8Array {
    return this.#buffer.copy(this.#mac - this.#metadataBytes, this.#mac);
  }

  /** A copy of bytes, whether linear or not (skb_header_pointer); undefined beyond the packet. */
  copyAt(offset: number, length: number): Uint8Array | undefined {
    if (offset < 0 || offset + length > this.length) return undefined;
    const first = Math.min(this.#data + offset, this.#end);
    const linear = this.#buffer.copy(first, Math.min(this.#data + offset + length, this.#end));
    if (linear.length === length) return linear;
    const out = new Uint8Array(length);
    out.set(linear);
    out.set(this.#fragments.copy(Math.max(0, offset - this.linearBytes), length - linear.length), linear.length);
    return out;
  }

  /** Makes the first bytes linear (pskb_may_pull); false where there are not so many. */
  pull(length: number): boolean {
    const missing = length - this.linearBytes;
    if (missing <= 0) return true;
    if (missing > this.#fragments.sizeBytes) return false;
    this.#buffer.set(this.#end, this.#fragments.take(missing));
    this.#end += missing;
    this.#publish();
    return true;
  }

  /** Linear bytes at an offset from the data, the network or the link-layer header; undefined where they are not there. */
  bytesAt(offset: number, length: number, from: "data" | "network" | "mac" = "data"): Uint8Array | undefined {
    const start = { data: this.#data, network: this.#network, mac: this.#mac }[from] + offset;
    const lowest = from === "data" ? this.#data : this.#buffer.start;
    if (start < lowest || start + length > this.#end) return undefined;
    return this.arena.bytes.subarray(start, start + length);
  }

  /** Writes at an offset, where what is written to is made linear; `keepsSum` keeps skb->csum right (BPF_F_RECOMPUTE_CSUM). */
  store(offset: number, bytes: Uint8Array, keepsSum: boolean): boolean {
    if (!this.pull(offset + bytes.length)) return false;
    const place = this.bytesAt(offset, bytes.length)!;
    if (keepsSum) {
      this.checksum.beginAt(this.#data);
      this.checksum.replaced(place, bytes, offset);
    }
    place.set(bytes);
    return true;
  }

  /** skb_trim and skb_put, of what is made linear before; new bytes are zero. */
  resize(length: number): number {
    this.pull(this.length);
    const end = this.#data + length;
    if (end > this.#buffer.end) return -errno.ENOMEM;
    if (end > this.#end) this.#buffer.clear(this.#end, end);
    if (end !== this.#end) this.checksum.giveUpSum();
    this.#end = end;
    this.#publish();
    return 0;
  }

  /** Zeroes in front, where the link-layer header is from now on (bpf_skb_change_head). */
  pushHead(length: number): number {
    if (this.#data - length < this.#buffer.start) return -errno.ENOMEM;
    this.#metadataBytes = 0;
    this.#data -= length;
    this.#mac = this.#data;
    this.#buffer.clear(this.#data, this.#data + length);
    this.#publish();
    return 0;
  }

  /** Another network header in front (skb_push and skb_reset_network_header). */
  pushNetworkHeader(header: Uint8Array): void {
    this.#data -= header.length;
    this.#network = this.#data;
    this.isEncapsulated = true;
    this.#buffer.set(this.#data, header);
    this.#publish();
  }

  /** Zeroes, which no sum changes by, at an offset; the headers before it move forward (bpf_skb_net_hdr_push). */
  insert(offset: number, length: number): number {
    if (this.#data - length < this.#buffer.start) return -errno.ENOMEM;
    this.#buffer.move(this.#data - length, this.#data, offset);
    this.#metadataBytes = 0;
    this.#data -= length;
    this.#mac -= length;
    this.#network -= length;
    this.#buffer.clear(this.#data + offset, this.#data + offset + length);
    this.#publish();
    return 0;
  }

  /** Drops bytes at an offset; the headers before it move back (bpf_skb_net_hdr_pop). */
  remove(offset: number, length: number): number {
    if (!this.pull(offset + length)) return -errno.ENOMEM;
    this.checksum.pulled(this.bytesAt(offset, length)!);
    this.checksum.beginAt(this.#data + length);
    this.#buffer.move(this.#data + length, this.#data, offset);
    this.#metadataBytes = 0;
    this.#data += length;
    this.#mac += length;
    this.#network += length;
    this.#publish();
    return 0;
  }

  /** Puts a VLAN tag behind the addresses, where the network header is from then on (skb_vlan_push). */
  insertTag(protocol: number, tci: number): number {
    const result = this.insert(ethernetBytes - 2, vlanTagBytes);
    if (result !== 0) return result;
    const { view } = this.arena;
    view.setUint16(this.#mac + 12, protocol, true);
    view.setUint16(this.#mac + 14, tci);
    this.checksum.pushed(this.bytesAt(ethernetBytes - 2, vlanTagBytes)!);
    this.protocol = protocol;
    return 0;
  }

  /** Takes the VLAN tag behind the addresses away (__skb_vlan_pop). */
  removeTag(): { readonly tci: number } | undefined {
    if (!this.pull(ethernetBytes + vlanTagBytes)) return undefined;
    const { view } = this.arena;
    const tci = view.getUint16(this.#mac + 14);
    const network = this.#network;
    this.remove(ethernetBytes - 2, vlanTagBytes);
    this.#network = Math.max(network, this.#mac + ethernetBytes);
    this.protocol = etherTypeOf(this.#buffer.copy(this.#mac, this.#end));
    return { tci };
  }

  #publish(): void {
    const { view } = this.arena;
    view.setUint32(this.context + skbField.len, this.length, true);
    view.setUint32(this.context + skbField.data, this.#data, true);
    view.setUint32(this.context + skbField.data_end, this.#end, true);
    view.setUint32(this.context + skbField.data_meta, this.#data - this.#metadataBytes, true);
    this.#buffer.open(this.#data - this.#metadataBytes, this.#end);
  }
}

/** Below this a length, not a type (ETH_P_802_3_MIN). */
const lowestType = 0x0600;

/** What eth_type_trans() makes of the field: in network order; for lengths ETH_P_802_3 or ETH_P_802_2. */
function etherTypeOf(frame: Uint8Array): number {
  const [high, low] = [frame[12]!, frame[13]!];
  if (((high << 8) | low) >= lowestType) return high | (low << 8);
  const isNovell = frame.length >= ethernetBytes + 2 && frame[14] === 0xff && frame[15] === 0xff;
  return isNovell ? 0x0100 : 0x0400;
}
