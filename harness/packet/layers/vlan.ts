import { etherTypes, nextByEtherType } from "../numbers.js";
import type { Protocol } from "../protocol.js";
import { etherTypeOf } from "./eth.js";

/** Priorities by their acronyms in IEEE 802.1Q table I-1. */
const priorities = { BK: 1, BE: 0, EE: 2, CA: 3, VI: 4, VO: 5, IC: 6, NC: 7 } as const;

const tag: Omit<Protocol, "name" | "doc"> = {
  fields: [
    { name: "pcp", kind: "uint", sizeBits: 3, names: priorities, doc: "priority code point" },
    { name: "dei", kind: "uint", sizeBits: 1, doc: "drop eligible" },
    { name: "id", kind: "uint", sizeBits: 12, default: 1, doc: "VLAN identifier" },
    {
      name: "type",
      kind: "uint",
      sizeBits: 16,
      names: etherTypes,
      base: "hex",
      automatic: "next",
      default: (_, around) => etherTypeOf(around),
      doc: "EtherType of what follows",
    },
  ],
  shorthand: "id",
  next: (values) => nextByEtherType(values["type"]),
  summarize: (values) => String(values["id"]),
};

export const vlan: Protocol = { ...tag, name: "vlan", doc: "IEEE 802.1Q customer tag (EtherType 0x8100 before it)" };

export const qinq: Protocol = { ...tag, name: "qinq", doc: "IEEE 802.1ad service tag (EtherType 0x88a8 before it)" };
