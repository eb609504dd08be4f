import type { FieldDef, ListShape, OptionDef } from "../packet/protocol.js";
import type { JsonSchema } from "./json-schema.js";

/** What an editor may offer for a field: loose in form (`names | 0x50 | 1..10`), exact in names. */
export function fieldSchema(def: FieldDef, use: "value" | "pattern"): JsonSchema {
  const any: readonly JsonSchema[] = use === "pattern" ? [{ const: "any", description: "whatever it is" }] : [];
  switch (def.kind) {
    case "uint":
    case "flags": {
      const names = Object.keys(def.names ?? {});
      return {
        anyOf: [
          { type: "integer", minimum: 0, ...(def.sizeBits <= 53 && { maximum: 2 ** def.sizeBits - 1 }) },
          ...(names.length > 0 ? [{ enum: names }] : []),
          ...any,
          { type: ["string", "array"] },
        ],
      };
    }
    case "mac":
      return { anyOf: [{ type: "string", examples: ["02:00:00:00:00:01"] }, ...any] };
    case "ipv4":
      return { anyOf: [{ type: "string", examples: ["10.0.0.1"] }, ...any] };
    case "ipv6":
      return { anyOf: [{ type: "string", examples: ["fd00::1"] }, ...any] };
    case "bytes":
      return { anyOf: [{ type: ["string", "integer", "array", "object"] }, ...any] };
    case "list":
      return {
        anyOf: [
          { type: "array", ...(def.codec && { items: itemSchema(def.codec.shape) }) },
          ...any,
          { type: "string" },
        ],
      };
  }
}

function itemSchema(shape: ListShape): JsonSchema {
  switch (shape.kind) {
    case "addresses":
      return fieldSchema(shape.address, "value");
    case "structs":
      return { type: "object", properties: structProperties(shape.fields) };
    case "options": {
      const options = shape.options.map((option): [string, JsonSchema] => [option.name, optionSchema(option)]);
      return {
        anyOf: [
          { type: "object", properties: Object.fromEntries(options) },
          { enum: shape.options.map((option) => option.name) },
        ],
      };
    }
  }
}

function optionSchema(option: OptionDef): JsonSchema {
  return { description: option.doc };
}

function structProperties(fields: readonly FieldDef[]): Record<string, JsonSchema> {
  return Object.fromEntries(
    fields.map((field) => [field.name, { description: field.doc, ...fieldSchema(field, "value") }]),
  );
}
