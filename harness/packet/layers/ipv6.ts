import { formatIpv6, parseIpv6 } from "../address.js";
import { ipProtocols, nextInIpv6 } from "../numbers.js";
import type { FieldDef, Neighbours, Protocol, Values } from "../protocol.js";
import { ecnNames } from "./ipv4.js";

const headerBytes = 40;

/** Number of the header that follows; with nothing behind it that we know, 59 or the experimental one. */
function nextHeaderOf(_: Values, around: Neighbours): number {
  return ipProtocols[around.next ?? "experimental"] ?? ipProtocols["experimental"]!;
}

/** The `next` field that IPv6 and each of its extension headers have. */
export const nextHeader: FieldDef = {
  name: "next",
  kind: "uint",
  sizeBits: 8,
  names: ipProtocols,
  automatic: "next",
  default: nextHeaderOf,
  doc: "type of the header that follows",
};

export const ipv6: Protocol = {
  name: "ipv6",
  doc: "Internet Protocol version 6 (RFC 8200); extension headers are layers of their own",
  fields: [
    { name: "version", kind: "uint", sizeBits: 4, default: 6, doc: "6" },
    { name: "dscp", kind: "uint", sizeBits: 6, doc: "differentiated services code point (RFC 2474)" },
    { name: "ecn", kind: "uint", sizeBits: 2, names: ecnNames, doc: "explicit congestion notification (RFC 3168)" },
    { name: "flow", kind: "uint", sizeBits: 20, base: "hex", doc: "flow label (RFC 6437)" },
    {
      name: "length",
      kind: "uint",
      sizeBits: 16,
      automatic: "length",
      expected: ({ layer }) => layer.endBytes - layer.offsetBytes - headerBytes,
      doc: "bytes behind this header, extension headers included",
    },
    nextHeader,
    { name: "hop_limit", kind: "uint", sizeBits: 8, default: 64, doc: "what IPv4 calls time to live" },
    { name: "src", kind: "ipv6", sizeBits: 128, default: parseIpv6("fd00::1"), doc: "source address" },
    { name: "dst", kind: "ipv6", sizeBits: 128, default: parseIpv6("fd00::2"), doc: "destination address" },
  ],
  // A length of 0 is a jumbogram's (RFC 2675) or segmentation offload's: all there is.
  extentBytes: (values) => (values["length"] === 0 ? undefined : headerBytes + (values["length"] as number)),
  next: (values) => nextInIpv6(values["next"]),
  summarize: (values) => {
    const { src, dst, hop_limit: hops } = values;
    return `${formatIpv6(src as Uint8Array)} > ${formatIpv6(dst as Uint8Array)} hop limit ${hops as number}`;
  },
};
