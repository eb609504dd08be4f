import type { Protocol } from "../protocol.js";

export const vxlan: Protocol = {
  name: "vxlan",
  doc: "Virtual eXtensible LAN (RFC 7348), in UDP to port 4789, with an Ethernet frame in it",
  fields: [
    { name: "flags", kind: "flags", sizeBits: 8, names: { I: 0x08 }, default: 0x08, doc: "I = the VNI is valid" },
    { name: "reserved", kind: "uint", sizeBits: 24, base: "hex", doc: "0 (group policy and GPE use it)" },
    { name: "vni", kind: "uint", sizeBits: 24, default: 1, doc: "network identifier" },
    { name: "reserved2", kind: "uint", sizeBits: 8, doc: "0" },
  ],
  shorthand: "vni",
  next: () => "eth",
  summarize: (values) => `vni ${values["vni"] as number}`,
};
