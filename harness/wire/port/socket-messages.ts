import type { Libc } from "../../kernel/libc.js";
import { restoreVlanTag } from "./vlan-tag.js";

/** So many frames a system call. */
const batchSize = 32;
/** The longest frame a packet socket can deliver: a maximal GSO segment with its header. */
const slotBytes = 65_536 + 64;
/** Room for a timestamp and struct tpacket_auxdata with their headers. */
const controlBytes = 128;
/** sizeof(struct mmsghdr) and the places in it, on 64-bit machines (recvmmsg(2)). */
const headerBytes = 64;
const header = { name: 0, nameLength: 8, iov: 16, iovCount: 24, control: 32, controlLength: 40, length: 56 } as const;
const iovecBytes = 16;
/** sizeof(struct sockaddr_ll), and the place of sll_pkttype. */
const addressBytes = 20;
const packetTypeOffset = 10;

const SOL_SOCKET = 1;
const SCM_TIMESTAMPNS = 35;
const SOL_PACKET = 263;
const PACKET_AUXDATA = 8;
const TP_STATUS_VLAN_VALID = 1 << 4;
const TP_STATUS_VLAN_TPID_VALID = 1 << 6;

export interface SocketFrame {
  readonly bytes: Uint8Array;
  readonly timestampNs: bigint;
  /** PACKET_HOST, PACKET_OTHERHOST, …: whom the kernel took the frame to be for. */
  readonly packetType: number;
}

/**
 * The buffers of recvmmsg(2) and sendmmsg(2), laid out once and used again by every call. They point into each
 * other by address, so this object has to live as long as a call lasts.
 */
export class SocketMessages {
  readonly #libc: Libc;
  readonly #addressOf: (bytes: Uint8Array) => bigint;
  readonly #slots = new Uint8Array(batchSize * slotBytes);
  readonly #controls = new Uint8Array(batchSize * controlBytes);
  readonly #control = new DataView(this.#controls.buffer);
  readonly #addresses = new Uint8Array(batchSize * addressBytes);
  readonly #incoming = new Uint8Array(batchSize * headerBytes);
  readonly #incomingVectors = new Uint8Array(batchSize * iovecBytes);
  readonly #outgoing = new Uint8Array(batchSize * headerBytes);
  readonly #outgoingVectors = new Uint8Array(batchSize * iovecBytes);

  constructor(libc: Libc, addressOf: (bytes: Uint8Array) => bigint) {
    this.#libc = libc;
    this.#addressOf = addressOf;
    const vectors = new DataView(this.#incomingVectors.buffer);
    const received = new DataView(this.#incoming.buffer);
    for (let i = 0; i < batchSize; i++) {
      vectors.setBigUint64(i * iovecBytes, addressOf(this.#slots) + BigInt(i * slotBytes), true);
      vectors.setBigUint64(i * iovecBytes + 8, BigInt(slotBytes), true);
      const name = addressOf(this.#addresses) + BigInt(i * addressBytes);
      received.setBigUint64(i * headerBytes + header.name, name, true);
      const control = addressOf(this.#controls) + BigInt(i * controlBytes);
      received.setBigUint64(i * headerBytes + header.control, control, true);
    }
    this.#pointAtVectors(this.#incoming, this.#incomingVectors);
    this.#pointAtVectors(this.#outgoing, this.#outgoingVectors);
  }

  /** Up to one batch of frames without waiting, or the negative errno (EAGAIN where none is there). */
  receive(fd: number): SocketFrame[] | number {
    const headers = new DataView(this.#incoming.buffer);
    // The kernel writes how much it used; it wants to know again how much there is.
    for (let i = 0; i < batchSize; i++) {
      headers.setUint32(i * headerBytes + header.nameLength, addressBytes, true);
      headers.setBigUint64(i * headerBytes + header.controlLength, BigInt(controlBytes), true);
    }
    const count = this.#libc.recvmmsg(fd, this.#incoming, batchSize, 0, null);
    if (count < 0) return count;
    return Array.from({ length: count }, (_, i) => {
      const length = headers.getUint32(i * headerBytes + header.length, true);
      const used = Number(headers.getBigUint64(i * headerBytes + header.controlLength, true));
      return this.#frame(i, length, used);
    });
  }

  /** Sends from `frames[first]` on; returns how many the kernel took of this batch, or the negative errno. */
  send(fd: number, frames: readonly Uint8Array[], first: number): number {
    const count = Math.min(batchSize, frames.length - first);
    const vectors = new DataView(this.#outgoingVectors.buffer);
    for (let i = 0; i < count; i++) {
      const frame = frames[first + i]!;
      vectors.setBigUint64(i * iovecBytes, this.#addressOf(frame), true);
      vectors.setBigUint64(i * iovecBytes + 8, BigInt(frame.length), true);
    }
    return this.#libc.sendmmsg(fd, this.#outgoing, count, 0);
  }

  #pointAtVectors(headers: Uint8Array, vectors: Uint8Array): void {
    const view = new DataView(headers.buffer);
    for (let i = 0; i < batchSize; i++) {
      view.setBigUint64(i * headerBytes + header.iov, this.#addressOf(vectors) + BigInt(i * iovecBytes), true);
      view.setBigUint64(i * headerBytes + header.iovCount, 1n, true);
    }
  }

  /** Copies a frame out of its slot and reads its control messages (cmsg(3)). */
  #frame(index: number, length: number, controlUsed: number): SocketFrame {
    let bytes = this.#slots.slice(index * slotBytes, index * slotBytes + length);
    let timestampNs = 0n;
    const start = index * controlBytes;
    for (let at = start; at + 16 <= start + controlUsed;) {
      const size = Number(this.#control.getBigUint64(at, true));
      const level = this.#control.getInt32(at + 8, true);
      const type = this.#control.getInt32(at + 12, true);
      const data = at + 16;
      if (level === SOL_SOCKET && type === SCM_TIMESTAMPNS)
        timestampNs =
          this.#control.getBigInt64(data, true) * 1_000_000_000n + this.#control.getBigInt64(data + 8, true);
      if (level === SOL_PACKET && type === PACKET_AUXDATA) bytes = this.#withTag(bytes, data);
      if (size < 16) break;
      at += (size + 7) & ~7;
    }
    return { bytes, timestampNs, packetType: this.#addresses[index * addressBytes + packetTypeOffset]! };
  }

  /** struct tpacket_auxdata {status, len, snaplen: u32; mac, net, vlan_tci, vlan_tpid: u16}. */
  #withTag(bytes: Uint8Array<ArrayBuffer>, at: number): Uint8Array<ArrayBuffer> {
    const status = this.#control.getUint32(at, true);
    if ((status & TP_STATUS_VLAN_VALID) === 0) return bytes;
    const tci = this.#control.getUint16(at + 16, true);
    const tpid = (status & TP_STATUS_VLAN_TPID_VALID) === 0 ? 0x8100 : this.#control.getUint16(at + 18, true);
    return restoreVlanTag(bytes, tpid, tci);
  }
}
