import { formatIpv6 } from "../address.js";
import { ipProtocols } from "../numbers.js";
import type { Protocol, Values } from "../protocol.js";
import { messageTitle, messageType, onlyIn, quotedBy } from "./icmp-message.js";
import { ndOptions } from "./nd-options.js";

const types = {
  unreachable: 1,
  "packet-too-big": 2,
  "time-exceeded": 3,
  "parameter-problem": 4,
  echo: 128,
  "echo-reply": 129,
  "mld-query": 130,
  "mld-report": 131,
  "mld-done": 132,
  "router-solicitation": 133,
  "router-advertisement": 134,
  "neighbour-solicitation": 135,
  "neighbour-advertisement": 136,
  redirect: 137,
  "mld2-report": 143,
  // Short forms, for writing.
  rs: 133,
  ra: 134,
  ns: 135,
  na: 136,
} as const;

const { rs, ra, ns, na, redirect } = types;
const echoes = [types.echo, types["echo-reply"]];
const mld = [130, 131, 132];
const discovery = [rs, ra, ns, na, redirect];
const errors = [1, 2, 3, 4];
/** Messages whose second word is not just unused. */
const spokenFor: readonly number[] = [...echoes, ...mld, 2, 4, ra, na, types["mld2-report"]];

const typeDef = messageType(types);

function summarizeIcmpv6(values: Values): string {
  const { id, target, mtu } = values;
  const title = messageTitle(typeDef, values);
  if (id !== undefined) return title;
  if (target !== undefined) return `${title} for ${formatIpv6(target as Uint8Array)}`;
  return mtu === undefined ? title : `${title} mtu ${mtu as number}`;
}

export const icmpv6: Protocol = {
  name: "icmpv6",
  doc: "ICMP for IPv6 (RFC 4443) with neighbour discovery (RFC 4861) and multicast listeners (RFC 2710, 3810)",
  fields: [
    typeDef,
    { name: "code", kind: "uint", sizeBits: 8, doc: "variant of the message" },
    {
      name: "checksum",
      kind: "uint",
      sizeBits: 16,
      base: "hex",
      automatic: "checksum",
      checksum: { covers: "header and content", pseudoProtocol: ipProtocols["icmpv6"]! },
      doc: "over pseudo-header and message",
    },
    { name: "id", kind: "uint", sizeBits: 16, default: 1, present: onlyIn(...echoes), doc: "identifier" },
    { name: "seq", kind: "uint", sizeBits: 16, default: 1, present: onlyIn(...echoes), doc: "sequence number" },
    { name: "mtu", kind: "uint", sizeBits: 32, default: 1280, present: onlyIn(2), doc: "of the next hop" },
    { name: "pointer", kind: "uint", sizeBits: 32, present: onlyIn(4), doc: "offset of the byte at fault" },
    { name: "hop_limit", kind: "uint", sizeBits: 8, default: 64, present: onlyIn(ra), doc: "hosts are to use" },
    {
      name: "flags",
      kind: "flags",
      sizeBits: 8,
      names: { M: 0x80, O: 0x40, H: 0x20 },
      present: onlyIn(ra),
      doc: "M managed addresses, O other configuration, H home agent",
    },
    { name: "lifetime", kind: "uint", sizeBits: 16, default: 1800, present: onlyIn(ra), doc: "of the router, seconds" },
    { name: "reachable", kind: "uint", sizeBits: 32, present: onlyIn(ra), doc: "milliseconds, 0 = unspecified" },
    { name: "retransmit", kind: "uint", sizeBits: 32, present: onlyIn(ra), doc: "milliseconds, 0 = unspecified" },
    { name: "router", kind: "uint", sizeBits: 1, present: onlyIn(na), doc: "1 = the sender is one" },
    { name: "solicited", kind: "uint", sizeBits: 1, present: onlyIn(na), doc: "1 = in answer to a solicitation" },
    { name: "override", kind: "uint", sizeBits: 1, present: onlyIn(na), doc: "1 = replace what is cached" },
    { name: "reserved29", kind: "uint", sizeBits: 29, present: onlyIn(na), doc: "0" },
    { name: "max_delay", kind: "uint", sizeBits: 16, present: onlyIn(...mld), doc: "milliseconds to answer within" },
    { name: "reserved16", kind: "uint", sizeBits: 16, present: onlyIn(...mld, 143), doc: "0" },
    { name: "group", kind: "ipv6", sizeBits: 128, present: onlyIn(...mld), doc: "multicast address" },
    { name: "records", kind: "uint", sizeBits: 16, present: onlyIn(143), doc: "address records in the payload" },
    {
      name: "reserved",
      kind: "uint",
      sizeBits: 32,
      base: "hex",
      present: (values) => !spokenFor.includes(values["type"] as number),
      doc: "0; the second word of messages that are not known here",
    },
    { name: "target", kind: "ipv6", sizeBits: 128, present: onlyIn(ns, na, redirect), doc: "address in question" },
    { name: "destination", kind: "ipv6", sizeBits: 128, present: onlyIn(redirect), doc: "that is redirected" },
    {
      name: "options",
      kind: "list",
      sizeBits: 0,
      codec: ndOptions,
      present: onlyIn(...discovery),
      doc: "neighbour discovery options",
    },
  ],
  next: quotedBy(errors, 6),
  quotes: (values) => errors.includes(values["type"] as number),
  summarize: summarizeIcmpv6,
};
