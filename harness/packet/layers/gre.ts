import { etherTypes, nextByEtherType } from "../numbers.js";
import type { Protocol, Values } from "../protocol.js";
import { etherTypeOf } from "./eth.js";

/** RFC 2784 §2, RFC 2890 §2; R is RFC 1701's routing, A belongs to version 1 (PPTP, RFC 2637). */
const flagNames = { C: 0x8000, R: 0x4000, K: 0x2000, S: 0x1000, A: 0x0080 } as const;

const flagged =
  (bits: number) =>
  (values: Values): boolean =>
    ((values["flags"] as number) & (bits >> 3)) !== 0;

const pptp = 1;

/** In version 0 the bit is reserved and to be ignored (RFC 2784 §2.3). */
function isAcknowledged(values: Values): boolean {
  return values["version"] === pptp && flagged(flagNames.A)(values);
}

/** The flags that announce the optional fields which the scenario gives. */
function flagsOf(given: Values): number {
  const has = (name: string, bit: number): number => (given[name] === undefined ? 0 : bit >> 3);
  return has("checksum", flagNames.C) | has("key", flagNames.K) | has("seq", flagNames.S) | has("ack", flagNames.A);
}

const inFlags = Object.fromEntries(Object.entries(flagNames).map(([name, bit]) => [name, bit >> 3]));

/** RFC 1701 routing entries and version 1 (PPTP) headers are not taken apart further. */
function nextInGre(values: Values): string {
  return values["version"] === 0 && !flagged(flagNames.R)(values) ? nextByEtherType(values["protocol"]) : "payload";
}

export const gre: Protocol = {
  name: "gre",
  doc: "Generic routing encapsulation (RFC 2784, RFC 2890); with an eth layer behind it, transparent Ethernet bridging",
  fields: [
    {
      name: "flags",
      kind: "flags",
      sizeBits: 13,
      names: inFlags,
      automatic: "flags",
      default: flagsOf,
      doc: "C checksum, K key, S sequence number: set for the fields that are given",
    },
    {
      name: "version",
      kind: "uint",
      sizeBits: 3,
      default: (given) => (given["ack"] === undefined ? 0 : pptp),
      doc: "0, or 1 for PPTP",
    },
    {
      name: "protocol",
      kind: "uint",
      sizeBits: 16,
      names: etherTypes,
      base: "hex",
      automatic: "next",
      default: (_, around) => etherTypeOf(around),
      doc: "EtherType of the payload",
    },
    {
      name: "checksum",
      kind: "uint",
      sizeBits: 16,
      base: "hex",
      automatic: "checksum",
      present: flagged(flagNames.C | flagNames.R),
      checksum: { covers: "header and content" },
      doc: "over header and payload; `flags: C` has it computed",
    },
    { name: "reserved", kind: "uint", sizeBits: 16, present: flagged(flagNames.C | flagNames.R), doc: "0" },
    { name: "key", kind: "uint", sizeBits: 32, present: flagged(flagNames.K), doc: "of the tunnel" },
    { name: "seq", kind: "uint", sizeBits: 32, present: flagged(flagNames.S), doc: "sequence number" },
    { name: "ack", kind: "uint", sizeBits: 32, present: isAcknowledged, doc: "PPTP only" },
  ],
  next: nextInGre,
  summarize: (values) => (values["key"] === undefined ? "" : `key ${values["key"] as number}`),
};
