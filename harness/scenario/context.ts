import { nearest } from "../model/nearest.js";
import type { FieldValue, Pattern } from "../model/packet.js";
import type { Located } from "../model/scenario.js";
import type { FieldDef } from "../packet/protocol.js";
import { contextTypeOf, contextTypes } from "./context-fields.js";
import { type Decoder, invalid, list, mistyped, named, refined } from "./decoder.js";
import type { JsonSchema } from "./json-schema.js";
import { fieldPattern, fieldValue } from "./pattern.js";
import { integer } from "./scalars.js";
import type { World } from "./world.js";

/** Fields of the program's context before it runs. */
export function contextValues(world: World): Decoder<Readonly<Record<string, Located<FieldValue>>>> {
  return named(
    "context",
    fields(world, (def) => (def.name === "cb" ? controlBlock : fieldValue(def))),
  );
}

/** What fields of the context have to be after the program ran. */
export function contextPatterns(world: World): Decoder<Readonly<Record<string, Located<Pattern>>>> {
  const block: Decoder<Pattern> = refined(controlBlock, (value): Pattern => ({ kind: "equals", value }));
  return named(
    "context match",
    fields(world, (def) => (def.name === "cb" ? block : fieldPattern(def))),
  );
}

const words = list(integer(0, 0xffffffff), "a list of up to five numbers");

/** `__sk_buff.cb`; words that are not given are 0. */
const controlBlock: Decoder<readonly number[]> = refined(words, (given, node, report) =>
  given.length <= 5
    ? Array.from({ length: 5 }, (_, i) => given[i] ?? 0)
    : report(node.span, `the control block has five words, not ${given.length}`),
);

function fields<T>(
  { programType }: World,
  decoderOf: (def: FieldDef) => Decoder<T>,
): Decoder<Readonly<Record<string, Located<T>>>> {
  const types = programType ? [contextTypeOf(programType)] : contextTypes;
  const known = new Map(types.flatMap((type) => type.fields.map((def) => [def.name, def])));
  return {
    decode(node, report) {
      if (node.kind !== "map") return mistyped(node, "a mapping of context fields", report, "for example: {mark: 5}");
      const found: Record<string, Located<T>> = {};
      let valid = true;
      for (const { key, keySpan, value } of node.entries) {
        const def = known.get(key);
        const near = nearest(key, known.keys());
        const hint = near ? `did you mean '${near}'?` : `known here: ${[...known.keys()].join(", ")}`;
        const owner = types.map((type) => `struct ${type.struct}`).join(" or ");
        const decoded = def ? decoderOf(def).decode(value, report) : report(keySpan, `${owner} has no '${key}'`, hint);
        if (decoded === invalid) valid = false;
        else found[key] = { value: decoded, span: value.span };
      }
      return valid ? found : invalid;
    },
    schema(definitions) {
      const properties = [...known].map(([name, def]): [string, JsonSchema] => [
        name,
        { description: def.doc, ...decoderOf(def).schema(definitions) },
      ]);
      return { type: "object", properties: Object.fromEntries(properties), additionalProperties: false };
    },
  };
}
