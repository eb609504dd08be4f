import type { FieldValue } from "../../model/packet.js";
import { addressList } from "../address-list.js";
import { nextInIpv6 } from "../numbers.js";
import { optionList } from "../options.js";
import type { FieldDef, Protocol, Values } from "../protocol.js";
import { nextHeader } from "./ipv6.js";

/** Options headers are multiples of 8 bytes, two of which are not options: Pad1 for one byte, else PadN (RFC 8200 §4.2). */
function padTo8(sizeBytes: number): Uint8Array {
  const missing = -(sizeBytes + 2) & 7;
  const bytes = new Uint8Array(missing);
  if (missing > 1) bytes.set([1, missing - 2]);
  return bytes;
}

/** Of hop-by-hop and destination options headers (IANA "Destination Options and Hop-by-Hop Options"). */
const extensionOptions = optionList({
  codeName: "type",
  lengthCounts: "data",
  unitBytes: 1,
  fillers: ["pad1", "padn"],
  pad: padTo8,
  options: [
    { name: "pad1", code: 0, fields: [], single: true, doc: "one byte of padding" },
    {
      name: "padn",
      code: 1,
      fields: [{ name: "data", kind: "bytes", sizeBits: 0, doc: "zeroes" }],
      doc: "two bytes of padding or more",
    },
    {
      name: "router-alert",
      code: 5,
      fields: [{ name: "value", kind: "uint", sizeBits: 16, doc: "0 MLD, 1 RSVP, 2 active networks (RFC 2711)" }],
      doc: "routers shall look at this packet",
    },
    {
      name: "jumbo",
      code: 0xc2,
      fields: [{ name: "length", kind: "uint", sizeBits: 32, doc: "bytes behind the IPv6 header" }],
      doc: "jumbo payload (RFC 2675)",
    },
    {
      name: "tunnel-limit",
      code: 4,
      fields: [{ name: "limit", kind: "uint", sizeBits: 8, doc: "further encapsulations allowed" }],
      doc: "tunnel encapsulation limit (RFC 2473)",
    },
    {
      name: "home-address",
      code: 0xc9,
      fields: [{ name: "address", kind: "ipv6", sizeBits: 128, doc: "of the mobile node" }],
      doc: "RFC 6275",
    },
  ],
});

/** Header length in units of 8 bytes, the first of which does not count (RFC 8200 §4.2). */
const extensionLength: FieldDef = {
  name: "length",
  kind: "uint",
  sizeBits: 8,
  automatic: "length",
  expected: ({ layer }) => Math.floor(layer.headerBytes / 8) - 1,
  doc: "header length in units of 8 bytes, not counting the first 8",
};

const extensionBytes = (values: Values): number => ((values["length"] as number) + 1) * 8;

const options: FieldDef = {
  name: "options",
  kind: "list",
  sizeBits: 0,
  sizeBytes: (values) => extensionBytes(values) - 2,
  codec: extensionOptions,
  default: [],
  doc: "options, padded to 8 bytes",
};

const followed = (values: Values): string => nextInIpv6(values["next"]);

export const hopByHop: Protocol = {
  name: "ipv6-hopopts",
  doc: "IPv6 hop-by-hop options header (RFC 8200 §4.3)",
  fields: [nextHeader, extensionLength, options],
  next: followed,
  summarize: (values) => summarizeOptions(values),
};

export const destinationOptions: Protocol = {
  name: "ipv6-dstopts",
  doc: "IPv6 destination options header (RFC 8200 §4.6)",
  fields: [nextHeader, extensionLength, options],
  next: followed,
  summarize: (values) => summarizeOptions(values),
};

function summarizeOptions(values: Values): string {
  return extensionOptions.format(values["options"] as readonly FieldValue[]);
}

const segmentRouting = 4;
const isSegmentRouting = (values: Values): boolean => values["type"] === segmentRouting;
const isOtherRouting = (values: Values): boolean => !isSegmentRouting(values);

/** Last index of the segment list, where addresses are given, so that TLVs can follow it (RFC 8754 §2). */
function lastEntry(given: Values): number {
  const { addresses } = given;
  return Array.isArray(addresses) ? Math.max(0, addresses.length - 1) : 0;
}

function addressBytes(values: Values): number {
  const room = extensionBytes(values) - 8;
  return isSegmentRouting(values) ? Math.min(room, ((values["last_entry"] as number) + 1) * 16) : room - (room % 16);
}

export const routing: Protocol = {
  name: "ipv6-routing",
  doc: "IPv6 routing header: type 0 (RFC 5095 forbids it), 2 (RFC 6275), 4 segment routing (RFC 8754)",
  fields: [
    nextHeader,
    extensionLength,
    {
      name: "type",
      kind: "uint",
      sizeBits: 8,
      names: { source: 0, mobile: 2, rpl: 3, srh: 4 },
      default: 4,
      doc: "kind of routing header",
    },
    {
      name: "segments_left",
      kind: "uint",
      sizeBits: 8,
      default: lastEntry,
      doc: "addresses still to visit",
    },
    { name: "reserved", kind: "uint", sizeBits: 32, present: isOtherRouting, doc: "0" },
    {
      name: "last_entry",
      kind: "uint",
      sizeBits: 8,
      present: isSegmentRouting,
      automatic: "count",
      default: lastEntry,
      expected: ({ layer }) => lastEntry(layer.values),
      doc: "index of the last address",
    },
    { name: "flags", kind: "uint", sizeBits: 8, present: isSegmentRouting, base: "hex", doc: "0" },
    { name: "tag", kind: "uint", sizeBits: 16, present: isSegmentRouting, base: "hex", doc: "packets of one class" },
    {
      name: "addresses",
      kind: "list",
      sizeBits: 0,
      sizeBytes: addressBytes,
      codec: addressList("ipv6"),
      doc: "segments; type 4 lists them from the last to the first",
    },
    {
      name: "tlvs",
      kind: "bytes",
      sizeBits: 0,
      sizeBytes: (values) => extensionBytes(values) - 8 - addressBytes(values),
      doc: "what is left of the header",
    },
  ],
  next: followed,
  summarize: (values) => `type ${values["type"] as number}, ${values["segments_left"] as number} left`,
};

export const fragment: Protocol = {
  name: "ipv6-frag",
  doc: "IPv6 fragment header (RFC 8200 §4.5)",
  fields: [
    nextHeader,
    { name: "reserved", kind: "uint", sizeBits: 8, doc: "0" },
    { name: "offset", kind: "uint", sizeBits: 13, doc: "fragment offset in units of 8 bytes" },
    { name: "reserved2", kind: "uint", sizeBits: 2, doc: "0" },
    { name: "more", kind: "uint", sizeBits: 1, doc: "1 = more fragments follow" },
    { name: "id", kind: "uint", sizeBits: 32, base: "hex", doc: "identification, which fragments share" },
  ],
  next: (values) => (values["offset"] === 0 ? followed(values) : "payload"),
  // Offset 0 without more to come is an atomic fragment: the whole datagram (RFC 6946).
  isFragment: (values) => values["offset"] !== 0 || values["more"] !== 0,
  summarize: (values) => {
    const more = values["more"] === 1 ? ", more to come" : "";
    return `at ${(values["offset"] as number) * 8}${more}`;
  },
};
