import { formatIpv4, parseIpv4 } from "../address.js";
import { ipProtocols, nextInIpv4 } from "../numbers.js";
import type { Protocol, Values } from "../protocol.js";
import { ipv4Options } from "./ipv4-options.js";

const fixedBytes = 20;

/** Protocol number of what follows. */
export function ipProtocolOf(next: string | undefined): number {
  return ipProtocols[next ?? "experimental"] ?? ipProtocols["experimental"]!;
}

/** Explicit congestion notification (RFC 3168 §5). */
export const ecnNames = { "not-ect": 0, ect1: 1, ect0: 2, ce: 3 } as const;

/** Only the first fragment has a transport header. */
function nextInDatagram(values: Values): string {
  return values["frag_offset"] === 0 ? nextInIpv4(values["protocol"]) : "payload";
}

const moreFragments = 1;

function isFragment(values: Values): boolean {
  return values["frag_offset"] !== 0 || ((values["flags"] as number) & moreFragments) !== 0;
}

function summarizeIpv4(values: Values): string {
  const { src, dst, ttl, frag_offset: fragment, flags } = values;
  const addresses = `${formatIpv4(src as Uint8Array)} > ${formatIpv4(dst as Uint8Array)}`;
  const more = ((flags as number) & moreFragments) !== 0;
  const part = isFragment(values) ? ` fragment at ${(fragment as number) * 8}${more ? ", more to come" : ""}` : "";
  return `${addresses} ttl ${ttl as number}${part}`;
}

export const ipv4: Protocol = {
  name: "ipv4",
  doc: "Internet Protocol version 4 (RFC 791)",
  fields: [
    { name: "version", kind: "uint", sizeBits: 4, default: 4, doc: "4" },
    {
      name: "ihl",
      kind: "uint",
      sizeBits: 4,
      automatic: "length",
      expected: ({ layer }) => Math.floor(layer.headerBytes / 4),
      doc: "header length in 32-bit words",
    },
    { name: "dscp", kind: "uint", sizeBits: 6, doc: "differentiated services code point (RFC 2474)" },
    { name: "ecn", kind: "uint", sizeBits: 2, names: ecnNames, doc: "explicit congestion notification (RFC 3168)" },
    {
      name: "length",
      kind: "uint",
      sizeBits: 16,
      automatic: "length",
      expected: ({ layer }) => layer.endBytes - layer.offsetBytes,
      doc: "bytes of header and payload",
    },
    { name: "id", kind: "uint", sizeBits: 16, doc: "identification, which the fragments of a datagram share" },
    { name: "flags", kind: "flags", sizeBits: 3, names: { DF: 2, MF: 1, evil: 4 }, doc: "DF, MF, evil (RFC 3514)" },
    { name: "frag_offset", kind: "uint", sizeBits: 13, doc: "fragment offset in units of 8 bytes" },
    { name: "ttl", kind: "uint", sizeBits: 8, default: 64, doc: "time to live" },
    {
      name: "protocol",
      kind: "uint",
      sizeBits: 8,
      names: ipProtocols,
      automatic: "next",
      default: (_, around) => ipProtocolOf(around.next),
      doc: "of the payload",
    },
    {
      name: "checksum",
      kind: "uint",
      sizeBits: 16,
      base: "hex",
      automatic: "checksum",
      checksum: { covers: "header" },
      doc: "over the header",
    },
    { name: "src", kind: "ipv4", sizeBits: 32, default: parseIpv4("10.0.0.1"), doc: "source address" },
    { name: "dst", kind: "ipv4", sizeBits: 32, default: parseIpv4("10.0.0.2"), doc: "destination address" },
    {
      name: "options",
      kind: "list",
      sizeBits: 0,
      sizeBytes: (values) => (values["ihl"] as number) * 4 - fixedBytes,
      codec: ipv4Options,
      doc: "options, padded to 32 bits",
    },
  ],
  // A length of 0 is what segmentation offload leaves in captures (include/linux/ip.h, iph_totlen): all there is.
  extentBytes: (values) => (values["length"] === 0 ? undefined : (values["length"] as number)),
  next: nextInDatagram,
  isFragment,
  summarize: summarizeIpv4,
};
