/** ARP for IPv4 over Ethernet (RFC 826). */
const arpBytes = 28;
const kind = [0x00, 0x01, 0x08, 0x00, 6, 4];
const operations = { request: 1, reply: 2 } as const;
const broadcast = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff);

export interface ArpMessage {
  readonly isRequest: boolean;
  readonly senderMac: Uint8Array;
  readonly sender: Uint8Array;
  readonly target: Uint8Array;
}

/** Undefined for what is not ARP for IPv4 over Ethernet, or neither a request nor a reply. */
export function readArp(data: Uint8Array): ArpMessage | undefined {
  const operation = (data[6]! << 8) | data[7]!;
  if (data.length < arpBytes || kind.some((byte, i) => data[i] !== byte)) return undefined;
  if (operation !== operations.request && operation !== operations.reply) return undefined;
  return {
    isRequest: operation === operations.request,
    senderMac: data.slice(8, 14),
    sender: data.slice(14, 18),
    target: data.slice(24, 28),
  };
}

/** Whose address is `target`? */
export function arpRequest(mac: Uint8Array, sender: Uint8Array, target: Uint8Array): Uint8Array {
  return frameOf(broadcast, mac, operations.request, sender, new Uint8Array(6), target);
}

/** It is mine. */
export function arpReply(mac: Uint8Array, { senderMac, sender, target }: ArpMessage): Uint8Array {
  return frameOf(senderMac, mac, operations.reply, target, senderMac, sender);
}

function frameOf(
  to: Uint8Array,
  mac: Uint8Array,
  operation: number,
  sender: Uint8Array,
  targetMac: Uint8Array,
  target: Uint8Array,
): Uint8Array {
  const all = [to, mac, [0x08, 0x06], kind, [0, operation], mac, sender, targetMac, target];
  return Uint8Array.from(all.flatMap((part) => [...part]));
}
