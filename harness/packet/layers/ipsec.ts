import { nextInIpv6 } from "../numbers.js";
import type { Protocol } from "../protocol.js";
import { nextHeader } from "./ipv6.js";

const spi = { name: "spi", kind: "uint", sizeBits: 32, base: "hex", doc: "security parameters index" } as const;
const sequence = { name: "seq", kind: "uint", sizeBits: 32, doc: "sequence number" } as const;

export const ah: Protocol = {
  name: "ah",
  doc: "Authentication header (RFC 4302); the check value is not computed",
  fields: [
    nextHeader,
    {
      name: "length",
      kind: "uint",
      sizeBits: 8,
      automatic: "length",
      expected: ({ layer }) => Math.floor(layer.headerBytes / 4) - 2,
      doc: "header length in units of 4 bytes, not counting the first 8",
    },
    { name: "reserved", kind: "uint", sizeBits: 16, doc: "0" },
    spi,
    sequence,
    {
      name: "icv",
      kind: "bytes",
      sizeBits: 0,
      sizeBytes: (values) => ((values["length"] as number) + 2) * 4 - 12,
      default: new Uint8Array(12),
      doc: "integrity check value, in multiples of 4 bytes (IPv4) or 8 with the header (IPv6)",
    },
  ],
  next: (values) => nextInIpv6(values["next"]),
  summarize: (values) => `spi 0x${(values["spi"] as number).toString(16)} seq ${values["seq"] as number}`,
};

export const esp: Protocol = {
  name: "esp",
  doc: "Encapsulating security payload (RFC 4303); what is encrypted stays a payload",
  fields: [spi, sequence],
  next: () => "payload",
  summarize: (values) => `spi 0x${(values["spi"] as number).toString(16)} seq ${values["seq"] as number}`,
};
