import { fromHex, toHex } from "../model/hex.js";
import type { SendSource } from "../model/scenario.js";
import { findProtocol } from "../packet/protocols.js";
import {
  type Decoder,
  type Invalid,
  type Report,
  allOf,
  invalid,
  located,
  mistyped,
  named,
  refined,
} from "./decoder.js";
import { frameRanges } from "./frame-ranges.js";
import { layerPatterns, layerSpecs } from "./layers.js";
import type { Node } from "./node.js";
import { defaulted, object, optional, required } from "./object.js";
import { attempt } from "./plain.js";
import { word } from "./scalars.js";

const example = "for example: send: [eth, ipv4, {udp: {dport: 53}}]";

const fromLayers: Decoder<SendSource> = refined(layerSpecs, (layers, node, report): SendSource | Invalid =>
  layers.length > 0
    ? { kind: "layers", layers, truncateBytes: undefined, span: node.span }
    : report(node.span, "a packet needs at least one layer", example),
);

const fromHexText: Decoder<SendSource> = refined(
  object("a packet in hex", { hex: required(located(word("hex digits")), "the packet as hex digits", "02000000...") }),
  ({ hex }, node, report) =>
    attempt({ ...node, span: hex.span }, report, (): SendSource => {
      return { kind: "text", text: toHex(fromHex(hex.value)), span: hex.span };
    }),
);

const fromText: Decoder<SendSource> = refined(
  object("a packet as text", {
    text: required(
      located(word("hex, base64 or a Scapy expression")),
      "the packet as hex, base64 or a Scapy expression",
      "Ether()/IP()/UDP(dport=53)",
    ),
  }),
  ({ text }): SendSource => ({ kind: "text", text: text.value, span: text.span }),
);

const fromCapture: Decoder<SendSource> = refined(
  object(
    "a capture to send",
    {
      pcap: required(
        located(word("the path of a capture")),
        "capture file (pcap, pcapng, also gzipped), relative to this file",
        "dns.pcapng",
      ),
      frames: optional(frameRanges, "which frames, numbered from 1; absent: all", "1-20,25"),
      filter: optional(layerPatterns, "only packets that have these layers and fields", [{ udp: { dport: 53 } }]),
      set: defaulted(layerSpecs, [], "fields to change in each packet; checksums and lengths are made right again", [
        { eth: { dst: "02:00:00:00:00:02" } },
      ]),
    },
    // In braces, the comma of `frames: 1-3,7` ends the value.
    {
      reason: (key) =>
        /^\d+(-\d+)?$/.test(key) ? "put frame numbers with a comma into brackets: [1-3, 7]" : undefined,
    },
  ),
  ({ pcap, frames, filter, set }, { span }): SendSource => ({
    kind: "capture",
    path: pcap,
    frames,
    filter,
    set,
    span,
  }),
);

const sources = new Map([
  ["hex", fromHexText],
  ["text", fromText],
  ["pcap", fromCapture],
]);

/** What `send:` says: one packet as layers, or packets in any of the other forms, or a list of such. */
export const packetsToSend: Decoder<readonly SendSource[]> = {
  decode(node, report) {
    if (node.kind === "scalar") return mistyped(node, "layers or packets", report, example);
    if (node.kind === "list") return sendList(node.items, node, report);
    const [first] = node.entries;
    if (first?.key === "packets") return many.decode(node, report);
    const source = one.decode(node, report);
    return source === invalid ? invalid : [source];
  },
  schema: (definitions) => ({
    anyOf: [one.schema(definitions), many.schema(definitions), { type: "array", items: one.schema(definitions) }],
  }),
};

/** Layers of one packet, unless the items are packets themselves. */
function sendList(items: readonly Node[], node: Node, report: Report): readonly SendSource[] | Invalid {
  const packets = items.some((item) => item.kind === "list" || (item.kind === "map" && sourceOf(item) !== undefined));
  if (packets) return allOf(items.map((item) => one.decode(item, report)));
  const source = fromLayers.decode(node, report);
  return source === invalid ? invalid : [source];
}

/** A packet: layers, or one of the forms with a keyword. */
const one: Decoder<SendSource> = named("packet", {
  decode: (node, report) => (sourceOf(node) ?? fromLayers).decode(node, report),
  schema: (definitions) => ({
    anyOf: [
      ...[fromLayers, ...sources.values()].map((decoder) => decoder.schema(definitions)),
      // A matrix may give whole packets.
      { type: "string", pattern: "^\\$" },
    ],
  }),
});

function sourceOf(node: Node): Decoder<SendSource> | undefined {
  if (node.kind !== "map" || node.entries.some(({ key }) => findProtocol(key))) return undefined;
  const entry = node.entries.find(({ key }) => sources.has(key));
  return entry && sources.get(entry.key);
}

const packetList: Decoder<readonly SendSource[]> = {
  decode(node, report) {
    if (node.kind !== "list")
      return mistyped(node, "a list of packets", report, "for example: packets: [[eth, ipv4, udp]]");
    return allOf(node.items.map((item) => one.decode(item, report)));
  },
  schema: (definitions) => ({ type: "array", items: one.schema(definitions) }),
};

const many = refined(
  object("a list of packets", {
    packets: required(packetList, "several packets, sent in order", [["eth", "ipv4", "udp"]]),
  }),
  ({ packets }) => packets,
);
