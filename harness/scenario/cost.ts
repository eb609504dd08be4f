import type { CostExpectation } from "../model/scenario.js";
import type { Pattern } from "../model/packet.js";
import { type Decoder, invalid, located, refined } from "./decoder.js";
import { object, optional, record } from "./object.js";
import { fieldPattern, patternForms } from "./pattern.js";

const count: Decoder<Pattern> = fieldPattern({ name: "count", kind: "uint", sizeBits: 32, doc: "how many" });

const helpers = refined(record("numbers of calls by helper", located(count)), (found) =>
  found.map(({ key, keySpan, decoded }) => ({ name: { value: key, span: keySpan }, calls: decoded })),
);

type MapCost = CostExpectation["maps"];

/** One pattern for all operations on a map, or one for each kind that matters. */
const maps: Decoder<MapCost> = {
  decode(node, report) {
    const byMap = record("numbers of operations by map", ofOneMap).decode(node, report);
    if (byMap === invalid) return invalid;
    return byMap.flatMap(({ key, keySpan, decoded }) =>
      decoded.map(({ operation, calls }) => ({ map: { value: key, span: keySpan }, operation, calls })),
    );
  },
  schema: (definitions) => record("numbers of operations by map", ofOneMap).schema(definitions),
};

const byOperation = refined(record("numbers of calls by operation", located(count)), (found) =>
  found.map(({ key, decoded }) => ({ operation: key as string | undefined, calls: decoded })),
);

const allOperations = refined(located(count), (calls) => [{ operation: undefined as string | undefined, calls }]);

const ofOneMap: Decoder<readonly Omit<MapCost[number], "map">[]> = {
  decode(node, report) {
    const isPattern = node.kind !== "map" || node.entries.every(({ key }) => patternForms.includes(key));
    return (isPattern ? allOperations : byOperation).decode(node, report);
  },
  schema: (definitions) => ({ anyOf: [count.schema(definitions), byOperation.schema(definitions)] }),
};

/** What a packet's run may cost. Names of helpers, maps and operations are checked against the object. */
export const cost: Decoder<CostExpectation> = refined(
  object("'cost'", {
    instructions: optional(located(count), "instructions that a packet's run executes", { max: 150 }),
    helpers: optional(helpers, "helper calls by name", { bpf_fib_lookup: 1 }),
    maps: optional(maps, "operations on maps, all together or by kind", { stats: 2 }, { stats: { lookup: 1 } }),
  }),
  ({ instructions, helpers, maps }, { span }, report) =>
    instructions || helpers || maps
      ? { instructions, helpers: helpers ?? [], maps: maps ?? [], span }
      : report(span, "'cost' bounds nothing", "for example: {instructions: {max: 150}}"),
);
