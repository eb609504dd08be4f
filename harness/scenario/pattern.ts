import { nearest } from "../model/nearest.js";
import type { FieldValue, Pattern } from "../model/packet.js";
import { parsePattern } from "../packet/pattern.js";
import type { FieldDef } from "../packet/protocol.js";
import { parseFieldValue } from "../packet/field-value.js";
import { type Decoder, type Invalid, type Report, allOf, invalid, mistyped } from "./decoder.js";
import { fieldSchema } from "./field-schema.js";
import type { Definitions, JsonSchema } from "./json-schema.js";
import type { EntryNode, Node } from "./node.js";
import { attempt, plainOf } from "./plain.js";
import { regex, text } from "./scalars.js";

/** A header or context field's value, by packet's own rules for its kind. */
export function fieldValue(def: FieldDef): Decoder<FieldValue> {
  return {
    decode: (node, report) =>
      mistakeInList(def, node, report) ?? attempt(node, report, () => parseFieldValue(def, plainOf(node, def))),
    schema: () => fieldSchema(def),
  };
}

/** What a header or context field has to be, by packet's own rules. */
export function fieldPattern(def: FieldDef): Decoder<Pattern> {
  const decode = (node: Node, report: Report): Pattern | Invalid =>
    mistakeInForm(def, node, report) ??
    mistakeInList(def, node, report) ??
    attempt(node, report, () => parsePattern(def, plainOf(node, def)));
  return {
    decode,
    schema(definitions) {
      const value = fieldSchema(def);
      return { anyOf: [...(value.anyOf ?? [value]), patternSchema(definitions)] };
    },
  };
}

/** The packet code judges a value as a whole; looking at the parts first lets the caret stand under the wrong one. */
function mistakeInList(def: FieldDef, node: Node, report: Report): Invalid | undefined {
  if (def.kind !== "list" || node.kind !== "list") return undefined;
  const items = node.items.map((item) => attempt(item, report, () => parseFieldValue(def, [plainOf(item)])));
  return items.includes(invalid) ? invalid : undefined;
}

const textForms = ["in", "not", "matches"];
/** Keys of a mapping that is a pattern. */
export const patternForms = ["in", "not", "min", "max", "mask", "value"];

function mistakeInForm(def: FieldDef, node: Node, report: Report): Invalid | undefined {
  if (node.kind !== "map") return undefined;
  const hasForm = node.entries.some((entry) => patternForms.includes(entry.key));
  if (!hasForm && (def.kind === "list" || def.kind === "bytes")) return undefined;
  const parts = node.entries.map((entry) => mistakeInPart(def, entry, report));
  return parts.includes(invalid) ? invalid : undefined;
}

function mistakeInPart(def: FieldDef, { key, keySpan, value }: EntryNode, report: Report): Invalid | undefined {
  if (!patternForms.includes(key)) return unknownForm(key, keySpan, report);
  if (key === "not") return fieldPattern(def).decode(value, report) === invalid ? invalid : undefined;
  if (key === "in" && value.kind !== "list") return mistyped(value, "a list of values", report, "write in: [a, b]");
  const nodes = key === "in" && value.kind === "list" ? value.items : [value];
  return nodes.map((node) => fieldValue(def).decode(node, report)).includes(invalid) ? invalid : undefined;
}

function unknownForm(key: string, span: Node["span"], report: Report, known = patternForms): Invalid {
  const near = nearest(key, known);
  const hint = known === patternForms ? formsHint : textFormsHint;
  return report(span, `unknown pattern '${key}'`, near ? `did you mean '${near}'?` : hint);
}

const textFormsHint = "one of: {in: […]}, {not: …}, {matches: 'regular expression'}";

const formsHint = "one of: {in: […]}, {not: …}, {min: …, max: …}, {mask: …, value: …}";

/** A text that has to be the same, one of several (`in`), match a regular expression (`matches`), or something else (`not`). */
export const textPattern: Decoder<Pattern> = {
  decode(node, report) {
    if (node.kind !== "map") return textOrAny(node, report);
    const [form, second] = node.entries;
    if (second) return report(second.keySpan, "one pattern at a time", textFormsHint);
    if (form?.key === "not") return negated(textPattern.decode(form.value, report));
    if (form?.key === "matches") {
      const found = regex.decode(form.value, report);
      return found === invalid ? invalid : { kind: "matches", regex: found };
    }
    if (form?.key !== "in")
      return form ? unknownForm(form.key, form.keySpan, report, textForms) : mistyped(node, "a text", report);
    if (form.value.kind !== "list") return mistyped(form.value, "a list of texts", report, "write in: [a, b]");
    const values = allOf(form.value.items.map((item) => text().decode(item, report)));
    return values === invalid ? invalid : { kind: "in", values };
  },
  schema: (definitions) => ({ anyOf: [text().schema(definitions), patternSchema(definitions)] }),
};

function textOrAny(node: Node, report: Report): Pattern | Invalid {
  const value = text("a text or a pattern").decode(node, report);
  if (value === invalid) return invalid;
  return value === "any" ? { kind: "any" } : { kind: "equals", value };
}

function negated(pattern: Pattern | Invalid): Pattern | Invalid {
  return pattern === invalid ? invalid : { kind: "not", pattern };
}

export function patternSchema(definitions: Definitions): JsonSchema {
  return definitions.refer("pattern", () => ({
    type: "object",
    description: "a pattern instead of a single value",
    properties: {
      in: { type: "array", description: "one of these values", examples: [["10.0.0.2", "10.0.0.3"]] },
      not: { description: "anything but this value or pattern", examples: [0] },
      matches: { description: "a text that matches this regular expression", examples: ["^GET /"] },
      min: { description: "at least this", examples: [1] },
      max: { description: "at most this", examples: [64] },
      mask: { description: "the bits that count; needs `value`", examples: ["0xf0"] },
      value: { description: "what the bits under `mask` have to be", examples: ["0x40"] },
    },
    additionalProperties: false,
    minProperties: 1,
  }));
}
