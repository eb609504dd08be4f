import { formatIpv4, formatMac, parseIpv4, parseMac } from "../address.js";
import { etherTypes } from "../numbers.js";
import type { Protocol, Values } from "../protocol.js";

const operations = {
  request: 1,
  reply: 2,
  "reverse-request": 3,
  "reverse-reply": 4,
  "inverse-request": 8,
  "inverse-reply": 9,
} as const;

function summarizeArp(values: Values): string {
  const sender = formatIpv4(values["sender_ip"] as Uint8Array);
  const target = formatIpv4(values["target_ip"] as Uint8Array);
  if (values["op"] === operations.request) return `who has ${target}? tell ${sender}`;
  if (values["op"] === operations.reply) return `${sender} is at ${formatMac(values["sender_mac"] as Uint8Array)}`;
  return `op ${values["op"] as number} ${sender} > ${target}`;
}

export const arp: Protocol = {
  name: "arp",
  doc: "Address Resolution Protocol for IPv4 over Ethernet (RFC 826); other address lengths are shown in the same places",
  fields: [
    { name: "hardware", kind: "uint", sizeBits: 16, default: 1, doc: "hardware type, 1 = Ethernet" },
    {
      name: "type",
      kind: "uint",
      sizeBits: 16,
      names: etherTypes,
      base: "hex",
      default: etherTypes["ipv4"]!,
      doc: "EtherType of the protocol that is resolved",
    },
    { name: "hardware_length", kind: "uint", sizeBits: 8, default: 6, doc: "bytes of a hardware address" },
    { name: "protocol_length", kind: "uint", sizeBits: 8, default: 4, doc: "bytes of a protocol address" },
    { name: "op", kind: "uint", sizeBits: 16, names: operations, default: operations.request, doc: "operation" },
    { name: "sender_mac", kind: "mac", sizeBits: 48, default: parseMac("02:00:00:00:00:01"), doc: "sender's MAC" },
    { name: "sender_ip", kind: "ipv4", sizeBits: 32, default: parseIpv4("10.0.0.1"), doc: "sender's address" },
    { name: "target_mac", kind: "mac", sizeBits: 48, doc: "target's MAC, zero in a request" },
    { name: "target_ip", kind: "ipv4", sizeBits: 32, default: parseIpv4("10.0.0.2"), doc: "target's address" },
  ],
  extentBytes: () => 28,
  next: () => "payload",
  summarize: summarizeArp,
};
