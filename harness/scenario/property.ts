import type { GeneratedLayer } from "../model/scenario.js";
import { findProtocol, protocolNames, protocols } from "../packet/protocols.js";
import { type Decoder, type Invalid, type Report, allOf, invalid, list, located, mistyped } from "./decoder.js";
import { layerPatterns } from "./layers.js";
import type { EntryNode, Node } from "./node.js";
import { defaulted, object, optional } from "./object.js";
import { durationMs, integer, oneOf, word } from "./scalars.js";

const longestPayload = 9000;
const mostPackets = 1000;

/** What `property:` says: packets that are drawn, and how many. */
export const property = object("'property'", {
  runs: defaulted(integer(1, 100_000_000), 1000, "how many times; 1000 by default", 1000),
  generate: optional(generatedLayers(), "layers of the packets that are drawn; absent: packets of every kind", {
    ipv4: "any",
    tcp: "any",
    payload: { bytes: "0..200" },
  }),
  packets: defaulted(
    range(1, mostPackets, "a number of packets"),
    [1, 1] as const,
    "how many packets each run sends, one after the other; 1 by default",
    "1..5",
  ),
  update: defaulted(
    list(located(word("the name of a map")), "a list of map names"),
    [],
    "maps whose entries are set and deleted between the packets of a run, as user space would",
    ["backends"],
  ),
  clock: optional(durationMs, "how much time passes between the packets of a run, at most", "30s"),
});

/** `0..200`, or one number for both ends. */
function range(least: number, most: number, what: string): Decoder<readonly [number, number]> {
  return {
    decode(node, report) {
      const [, low, high] = (node.kind === "scalar" && /^(\d+)(?:\.\.(\d+))?$/.exec(node.source)) || [];
      if (low === undefined) return mistyped(node, what, report, "write a number, or a range like 1..5");
      const [min, max] = [Number(low), Number(high ?? low)];
      if (min <= max && min >= least && max <= most) return [min, max];
      return report(
        node.span,
        `expected ${what} from ${least} to ${most}, found ${node.kind === "scalar" ? node.source : ""}`,
      );
    },
    schema: () => ({ anyOf: [{ type: "integer", minimum: least, maximum: most }, { type: "string" }] }),
  };
}

const varying = ["any", "valid"] as const;

const meaning =
  "any: all fields vary, wrong lengths included; valid: what leaves the packet valid; or fields, each a value or a " +
  "pattern, with `others: any` or `valid` for the rest; a payload also {bytes: 0..200}";

/** As layers that are expected; `any` and `valid` instead of fields say that all of them vary. */
function generatedLayers(): Decoder<readonly GeneratedLayer[]> {
  return {
    decode(node, report) {
      if (node.kind === "map")
        return notEmpty(allOf(node.entries.map((entry) => generated(entry, report))), node, report);
      if (node.kind !== "list") return mistyped(node, "layers to draw", report, "for example: {ipv4: any, tcp: any}");
      return notEmpty(allOf(node.items.map((item) => generatedItem(item, report))), node, report);
    },
    schema(definitions) {
      const drawn = definitions.refer("layers to draw", () => ({
        type: "object",
        properties: Object.fromEntries(protocols.map(({ name, doc }) => [name, { description: `${doc}\n${meaning}` }])),
        additionalProperties: false,
      }));
      return { anyOf: [drawn, { type: "array", items: { anyOf: [drawn, { enum: protocolNames }] } }] };
    },
  };
}

function notEmpty(
  layers: readonly GeneratedLayer[] | Invalid,
  node: Node,
  report: Report,
): readonly GeneratedLayer[] | Invalid {
  return layers === invalid || layers.length > 0 ? layers : report(node.span, "a packet needs at least one layer");
}

function generatedItem(item: Node, report: Report): GeneratedLayer | Invalid {
  if (item.kind === "map" && item.entries.length === 1) return generated(item.entries[0]!, report);
  const found = layerPatterns.decode({ kind: "list", items: [item], span: item.span }, report);
  return found === invalid ? invalid : { ...found[0]!, vary: "named", bytes: undefined };
}

const payloadFields = object("a payload to draw", {
  bytes: defaulted(range(0, longestPayload, "a length in bytes"), [0, 200] as const, "how long it is", "0..200"),
});

function generated(entry: EntryNode, report: Report): GeneratedLayer | Invalid {
  const { key, keySpan, value } = entry;
  const protocol = findProtocol(key);
  const vary = value.kind === "scalar" ? varying.find((each) => value.source === each) : undefined;
  const base = { protocol: key, fields: {}, span: { ...keySpan, end: value.span.end } };
  if (protocol && vary) return { ...base, vary, bytes: undefined };
  if (key === "payload" && value.kind === "map" && value.entries.some((each) => each.key === "bytes")) {
    const found = payloadFields.decode(value, report);
    return found === invalid ? invalid : { ...base, vary: "any", bytes: found.bytes };
  }
  const others = value.kind === "map" ? value.entries.find((each) => each.key === "others") : undefined;
  const rest = others ? decodeOthers.decode(others.value, report) : "named";
  const fields = value.kind === "map" ? { ...value, entries: value.entries.filter((each) => each !== others) } : value;
  const written = { ...entry, value: fields };
  const found = layerPatterns.decode({ kind: "map", entries: [written], span: value.span }, report);
  return found === invalid || rest === invalid ? invalid : { ...found[0]!, vary: rest, bytes: undefined };
}

const decodeOthers = oneOf("what becomes of the other fields", {
  any: "they vary, wrong lengths included",
  valid: "they vary so that the packet stays valid",
});
