import { ipProtocols } from "../numbers.js";
import type { Protocol, Values } from "../protocol.js";
import { formatFieldValue } from "../field-value.js";
import { tcpOptions } from "./tcp-options.js";

const fixedBytes = 20;

/** By their letters in tcpdump and Scapy, and by their names in RFC 9293 §3.1, RFC 3168 and RFC 9768. */
const flagNames = {
  F: 0x001,
  S: 0x002,
  R: 0x004,
  P: 0x008,
  A: 0x010,
  U: 0x020,
  E: 0x040,
  C: 0x080,
  N: 0x100,
  FIN: 0x001,
  SYN: 0x002,
  RST: 0x004,
  PSH: 0x008,
  ACK: 0x010,
  URG: 0x020,
  ECE: 0x040,
  CWR: 0x080,
  AE: 0x100,
} as const;

const ack = flagNames.A;

function summarizeTcp(values: Values): string {
  const { sport, dport, flags, seq, ack: number, window } = values;
  const acked = ((flags as number) & ack) !== 0 ? ` ack ${number as number}` : "";
  const letters = formatFieldValue(flagsDef, flags!);
  return `${sport as number} > ${dport as number} [${letters}] seq ${seq as number}${acked} win ${window as number}`;
}

const flagsDef = {
  name: "flags",
  kind: "flags",
  sizeBits: 9,
  names: flagNames,
  default: flagNames.S,
  doc: "letters (SA), names (SYN+ACK) or a list",
} as const;

export const tcp: Protocol = {
  name: "tcp",
  doc: "Transmission Control Protocol (RFC 9293)",
  fields: [
    { name: "sport", kind: "uint", sizeBits: 16, default: 40000, doc: "source port" },
    { name: "dport", kind: "uint", sizeBits: 16, default: 80, doc: "destination port" },
    { name: "seq", kind: "uint", sizeBits: 32, doc: "sequence number of the first byte, or of the SYN" },
    { name: "ack", kind: "uint", sizeBits: 32, doc: "next sequence number expected" },
    {
      name: "data_offset",
      kind: "uint",
      sizeBits: 4,
      automatic: "length",
      expected: ({ layer }) => Math.floor(layer.headerBytes / 4),
      doc: "header length in 32-bit words",
    },
    { name: "reserved", kind: "uint", sizeBits: 3, doc: "0" },
    flagsDef,
    { name: "window", kind: "uint", sizeBits: 16, default: 65535, doc: "bytes, before scaling" },
    {
      name: "checksum",
      kind: "uint",
      sizeBits: 16,
      base: "hex",
      automatic: "checksum",
      checksum: { covers: "header and content", pseudoProtocol: ipProtocols["tcp"]! },
      doc: "over pseudo-header, header and payload",
    },
    { name: "urgent", kind: "uint", sizeBits: 16, doc: "urgent pointer" },
    {
      name: "options",
      kind: "list",
      sizeBits: 0,
      sizeBytes: (values) => (values["data_offset"] as number) * 4 - fixedBytes,
      codec: tcpOptions,
      doc: "options, padded to 32 bits",
    },
  ],
  next: () => "payload",
  summarize: summarizeTcp,
};
