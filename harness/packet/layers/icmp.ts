import { formatIpv4 } from "../address.js";
import type { Protocol, Values } from "../protocol.js";
import { messageTitle, messageType, onlyIn, quotedBy } from "./icmp-message.js";

const types = {
  "echo-reply": 0,
  unreachable: 3,
  "source-quench": 4,
  redirect: 5,
  echo: 8,
  "router-advertisement": 9,
  "router-solicitation": 10,
  "time-exceeded": 11,
  "parameter-problem": 12,
  timestamp: 13,
  "timestamp-reply": 14,
  information: 15,
  "information-reply": 16,
  "mask-request": 17,
  "mask-reply": 18,
} as const;

const { unreachable, redirect, timestamp } = types;

const queries = [0, 8, 13, 14, 15, 16, 17, 18];
/** With the bytes between checksum and quoted packet as RFC 4884 §4 has them. */
const extensible: readonly number[] = [types.unreachable, types["time-exceeded"], types["parameter-problem"]];
const errors: readonly number[] = [...extensible, types["source-quench"], redirect];
const spokenFor: readonly number[] = [...queries, ...extensible, redirect];

const typeDef = messageType(types);

function summarizeIcmp(values: Values): string {
  const { id, mtu, gateway } = values;
  const title = messageTitle(typeDef, values);
  if (id !== undefined) return title;
  if (gateway !== undefined) return `${title} to ${formatIpv4(gateway as Uint8Array)}`;
  return typeof mtu === "number" && mtu > 0 ? `${title} mtu ${mtu}` : title;
}

export const icmp: Protocol = {
  name: "icmp",
  doc: "Internet Control Message Protocol (RFC 792); errors quote the packet that caused them as the layers behind",
  fields: [
    typeDef,
    { name: "code", kind: "uint", sizeBits: 8, doc: "variant of the message" },
    {
      name: "checksum",
      kind: "uint",
      sizeBits: 16,
      base: "hex",
      automatic: "checksum",
      checksum: { covers: "header and content" },
      doc: "over the whole message",
    },
    { name: "id", kind: "uint", sizeBits: 16, default: 1, present: onlyIn(...queries), doc: "identifier" },
    { name: "seq", kind: "uint", sizeBits: 16, default: 1, present: onlyIn(...queries), doc: "sequence number" },
    {
      name: "originate",
      kind: "uint",
      sizeBits: 32,
      present: onlyIn(timestamp, 14),
      doc: "milliseconds since midnight",
    },
    { name: "receive", kind: "uint", sizeBits: 32, present: onlyIn(timestamp, 14), doc: "milliseconds since midnight" },
    {
      name: "transmit",
      kind: "uint",
      sizeBits: 32,
      present: onlyIn(timestamp, 14),
      doc: "milliseconds since midnight",
    },
    { name: "mask", kind: "ipv4", sizeBits: 32, present: onlyIn(17, 18), doc: "address mask (RFC 950)" },
    { name: "gateway", kind: "ipv4", sizeBits: 32, present: onlyIn(redirect), doc: "router to use instead" },
    { name: "pointer", kind: "uint", sizeBits: 8, present: onlyIn(12), doc: "offset of the byte at fault" },
    { name: "unused", kind: "uint", sizeBits: 8, present: onlyIn(unreachable, 11), doc: "0" },
    {
      name: "length",
      kind: "uint",
      sizeBits: 8,
      present: onlyIn(...extensible),
      doc: "words of the quoted packet, where extensions follow it (RFC 4884); else 0",
    },
    { name: "unused2", kind: "uint", sizeBits: 16, present: onlyIn(11, 12), doc: "0" },
    { name: "mtu", kind: "uint", sizeBits: 16, present: onlyIn(unreachable), doc: "of the next hop (RFC 1191)" },
    {
      name: "rest",
      kind: "uint",
      sizeBits: 32,
      base: "hex",
      present: (values) => !spokenFor.includes(values["type"] as number),
      doc: "the second word of other messages",
    },
  ],
  next: quotedBy(errors, 4),
  quotes: (values) => errors.includes(values["type"] as number),
  summarize: summarizeIcmp,
};
