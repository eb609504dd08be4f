export const ethernetBytes = 14;

/** An IPv4 or IPv6 packet behind an Ethernet header. */
export function framed(to: Uint8Array, from: Uint8Array, packet: Uint8Array): Uint8Array {
  const frame = new Uint8Array(ethernetBytes + packet.length);
  frame.set(to);
  frame.set(from, 6);
  frame.set(packet[0]! >> 4 === 4 ? [0x08, 0x00] : [0x86, 0xdd], 12);
  frame.set(packet, ethernetBytes);
  return frame;
}
