import { parseMac } from "../address.js";
import { etherTypes, nextByEtherType } from "../numbers.js";
import type { Neighbours, Protocol } from "../protocol.js";

/** The EtherType that announces the layer behind this one. */
export function etherTypeOf(around: Neighbours): number {
  return etherTypes[around.next ?? "experimental"] ?? etherTypes["experimental"]!;
}

/** Below this, the field is the length of an 802.3 frame (IEEE 802.3 §3.2.6). */
const firstEtherType = 0x0600;

export const eth: Protocol = {
  name: "eth",
  doc: "Ethernet II or 802.3 header, without frame check sequence",
  fields: [
    { name: "dst", kind: "mac", sizeBits: 48, default: parseMac("02:00:00:00:00:02"), doc: "destination address" },
    { name: "src", kind: "mac", sizeBits: 48, default: parseMac("02:00:00:00:00:01"), doc: "source address" },
    {
      name: "type",
      kind: "uint",
      sizeBits: 16,
      names: etherTypes,
      base: "hex",
      automatic: "next",
      default: (_, around) => etherTypeOf(around),
      doc: "EtherType; below 0x0600 the length of an 802.3 frame's content",
    },
  ],
  extentBytes: (values) => {
    const type = values["type"] as number;
    return type < firstEtherType ? 14 + type : undefined;
  },
  next: (values) => nextByEtherType(values["type"]),
  summarize: () => "",
};
