import { transportPacket, type IpPacket } from "./ip.js";

const flags = { fin: 1, syn: 2, rst: 4, ack: 16 } as const;

/** The reset with which a host answers a segment for a port where nobody listens (RFC 9293, 3.10.7.1). */
export function resetFor({ source, destination, bytes, headerBytes, trafficClass }: IpPacket): Uint8Array | undefined {
  const segment = bytes.subarray(headerBytes);
  const view = new DataView(segment.buffer, segment.byteOffset, segment.length);
  const dataOffset = segment.length < 20 ? 0 : (segment[12]! >> 4) * 4;
  if (dataOffset < 20 || dataOffset > segment.length) return undefined;
  const control = segment[13]!;
  if ((control & flags.rst) !== 0) return undefined;
  const reset = new Uint8Array(20);
  const out = new DataView(reset.buffer);
  out.setUint16(0, view.getUint16(2));
  out.setUint16(2, view.getUint16(0));
  reset[12] = 5 << 4;
  if ((control & flags.ack) !== 0) {
    out.setUint32(4, view.getUint32(8));
    reset[13] = flags.rst;
  } else {
    const length = segment.length - dataOffset + (control & flags.syn ? 1 : 0) + (control & flags.fin ? 1 : 0);
    out.setUint32(8, (view.getUint32(4) + length) >>> 0);
    reset[13] = flags.rst | flags.ack;
  }
  return transportPacket(destination, source, "tcp", reset, { trafficClass: trafficClass & ~ecn, dontFragment: true });
}

/** Congestion notification is not reflected. */
const ecn = 3;

/** Whether a datagram is one that a host looks for a socket for: whole, and with a right checksum. */
export function isDatagram({ version, bytes, headerBytes, isFragment }: IpPacket): boolean {
  const datagram = bytes.subarray(headerBytes);
  if (isFragment || datagram.length < 8) return false;
  const length = (datagram[4]! << 8) | datagram[5]!;
  const checksum = (datagram[6]! << 8) | datagram[7]!;
  // IPv6 wants a checksum, and lets a jumbogram say 0 for its length.
  return length >= 8 && length <= datagram.length && (checksum !== 0 || version === 4);
}
