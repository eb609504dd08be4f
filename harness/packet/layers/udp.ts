import { ipProtocols } from "../numbers.js";
import type { Content, Neighbours, Protocol, Values } from "../protocol.js";
import { looksLikeDns } from "./dns.js";

const headerBytes = 8;

/** Where Linux and IANA expect these protocols; what a datagram that carries one is built for. */
const wellKnownPorts: Readonly<Record<string, number>> = {
  dns: 53,
  vxlan: 4789,
  geneve: 6081,
  gue: 6080,
  // GUE variant 1 is an IP packet right behind the UDP header (draft-ietf-intarea-gue §4).
  ipv4: 6080,
  ipv6: 6080,
};

const defaultPort = 53;

function destinationPort(_: Values, around: Neighbours): number {
  return wellKnownPorts[around.next ?? "dns"] ?? defaultPort;
}

function nextByPort(values: Values, content: Content): string {
  const { sport, dport } = values;
  if ((dport === wellKnownPorts["dns"] || sport === wellKnownPorts["dns"]) && looksLikeDns(content)) return "dns";
  if (dport === wellKnownPorts["vxlan"]) return "vxlan";
  if (dport === wellKnownPorts["geneve"]) return "geneve";
  if (dport === wellKnownPorts["gue"]) return guePayload(content);
  return "payload";
}

function guePayload({ bytes, startBytes, endBytes }: Content): string {
  if (startBytes >= endBytes) return "gue";
  const high = bytes[startBytes]! >> 4;
  if (high === 4) return "ipv4";
  if (high === 6) return "ipv6";
  return high < 4 ? "gue" : "payload";
}

export const udp: Protocol = {
  name: "udp",
  doc: "User Datagram Protocol (RFC 768); the destination port chooses dns, vxlan, geneve or gue as its content",
  fields: [
    { name: "sport", kind: "uint", sizeBits: 16, default: 40000, doc: "source port" },
    {
      name: "dport",
      kind: "uint",
      sizeBits: 16,
      default: destinationPort,
      doc: "destination port; the well-known one of what follows, else 53",
    },
    {
      name: "length",
      kind: "uint",
      sizeBits: 16,
      automatic: "length",
      expected: ({ layer }) => layer.endBytes - layer.offsetBytes,
      doc: "bytes of header and payload",
    },
    {
      name: "checksum",
      kind: "uint",
      sizeBits: 16,
      base: "hex",
      automatic: "checksum",
      checksum: { covers: "header and content", pseudoProtocol: ipProtocols["udp"]!, zeroMeansNone: true },
      doc: "over pseudo-header, header and payload; 0 = not computed (IPv4 only)",
    },
  ],
  // A length of 0 is a jumbogram's (RFC 2675 §4), one below the header's size makes no sense: all there is.
  extentBytes: (values) => {
    const length = values["length"] as number;
    return length < headerBytes ? undefined : length;
  },
  next: nextByPort,
  summarize: (values) => `${values["sport"] as number} > ${values["dport"] as number}`,
};
