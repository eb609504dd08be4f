import type { FieldDef, ListShape } from "../packet/protocol.js";
import type { JsonSchema } from "./json-schema.js";

/** What an editor may offer for a field: names and numbers are exact, texts (`0x50`, `1..10`, `any`) are not looked at. */
export function fieldSchema(def: FieldDef): JsonSchema {
  switch (def.kind) {
    case "uint":
    case "flags": {
      const names = Object.keys(def.names ?? {});
      const numbers = { type: "integer", minimum: 0, ...(def.sizeBits <= 53 && { maximum: 2 ** def.sizeBits - 1 }) };
      const texts = { type: def.kind === "flags" ? ["string", "array"] : "string" };
      return { anyOf: [numbers, ...(names.length > 0 ? [{ enum: names }] : []), texts] };
    }
    case "mac":
    case "ipv4":
    case "ipv6":
      return { type: "string" };
    case "bytes":
      return { type: ["string", "integer", "array", "object"] };
    case "list":
      return {
        anyOf: [{ type: "array", ...(def.codec && { items: itemSchema(def.codec.shape) }) }, { type: "string" }],
      };
  }
}

function itemSchema(shape: ListShape): JsonSchema {
  switch (shape.kind) {
    case "addresses":
      return fieldSchema(shape.address);
    case "structs":
      return { type: "object", properties: describedBy(shape.fields, fieldSchema) };
    case "options":
      return {
        anyOf: [
          { type: "object", properties: describedBy(shape.options, () => ({})) },
          { enum: shape.options.map((option) => option.name) },
        ],
      };
  }
}

function describedBy<T extends { readonly name: string; readonly doc: string }>(
  things: readonly T[],
  schemaOf: (thing: T) => JsonSchema,
): Readonly<Record<string, JsonSchema>> {
  return Object.fromEntries(things.map((thing) => [thing.name, { description: thing.doc, ...schemaOf(thing) }]));
}
