import { ipProtocols, nextInIpv6 } from "../numbers.js";
import type { Protocol, Values } from "../protocol.js";

const controlBit = 1;

/** A control message's type is no IP protocol; version 0 is the only one with this header. */
function nextInGue(values: Values): string {
  const isData = values["version"] === 0 && values["control"] !== controlBit;
  return isData ? nextInIpv6(values["protocol"]) : "payload";
}

export const gue: Protocol = {
  name: "gue",
  doc: "Generic UDP encapsulation, variant 0 (draft-ietf-intarea-gue); variant 1 is ipv4 or ipv6 right behind udp",
  fields: [
    { name: "version", kind: "uint", sizeBits: 2, doc: "0" },
    { name: "control", kind: "uint", sizeBits: 1, doc: "1 = a control message" },
    {
      name: "length",
      kind: "uint",
      sizeBits: 5,
      automatic: "length",
      expected: ({ layer }) => Math.floor((layer.headerBytes - 4) / 4),
      doc: "of the optional fields, in units of 4 bytes",
    },
    {
      name: "protocol",
      kind: "uint",
      sizeBits: 8,
      names: ipProtocols,
      automatic: "next",
      default: (_, around) => ipProtocols[around.next ?? "none"] ?? ipProtocols["none"]!,
      doc: "IP protocol of the payload, or type of a control message",
    },
    { name: "flags", kind: "uint", sizeBits: 16, base: "hex", doc: "which optional fields are there" },
    {
      name: "optional",
      kind: "bytes",
      sizeBits: 0,
      sizeBytes: (values) => (values["length"] as number) * 4,
      doc: "optional and private fields, in multiples of 4 bytes",
    },
  ],
  next: nextInGue,
  summarize: () => "",
};
