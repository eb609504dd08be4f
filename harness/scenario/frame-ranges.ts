import { type Decoder, type Invalid, type Report, invalid, mistyped } from "./decoder.js";
import type { Node } from "./node.js";

type Range = readonly [first: number, last: number];

/** Which frames of a capture, numbered from 1 as Wireshark does: `5`, `1-20,25`, `[1-20, 25]`, `100-` (to the end). */
export const frameRanges: Decoder<readonly Range[]> = {
  decode(node, report) {
    if (node.kind === "map") return mistyped(node, "frame numbers", report, example);
    if (node.kind === "scalar") return rangesOf(node, report);
    const lists = node.items.map((item) =>
      item.kind === "scalar" ? rangesOf(item, report) : mistyped(item, "frame numbers", report),
    );
    return lists.includes(invalid) ? invalid : (lists as (readonly Range[])[]).flat();
  },
  schema: () => ({
    anyOf: [
      { type: "integer", minimum: 1 },
      { type: "string" },
      { type: "array", items: { type: ["integer", "string"] } },
    ],
  }),
};

const example = "for example: 1-20,25";

function rangesOf(node: Node & { kind: "scalar" }, report: Report): readonly Range[] | Invalid {
  const ranges: Range[] = [];
  for (const part of node.source.split(",")) {
    const [, first, dash, last] = /^\s*(\d+)\s*(?:(-)\s*(\d+)?\s*)?$/.exec(part) ?? [];
    if (first === undefined) return mistyped(node, "frame numbers", report, example);
    const range: Range = [Number(first), last ? Number(last) : dash ? Infinity : Number(first)];
    if (range[0] < 1) return report(node.span, "frames are numbered from 1");
    if (range[0] > range[1]) return report(node.span, `frames ${part.trim()}: the first is behind the last`);
    ranges.push(range);
  }
  return ranges;
}
