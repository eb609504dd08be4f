import { type JsonSchema, Definitions } from "./json-schema.js";
import { scenarioSyntax } from "./syntax.js";

/** A JSON Schema of scenario files, for editors: completion, descriptions, and most of the mistakes. */
export function scenarioSchema(): JsonSchema & { readonly definitions: Readonly<Record<string, JsonSchema>> } {
  const definitions = new Definitions();
  const anything = { hook: undefined, programType: undefined, topology: undefined };
  const root = scenarioSyntax(anything, true).schema(definitions);
  const named = Object.entries(definitions.all()).map(([name, schema]) => [name, withVariables(schema)]);
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "packetproof scenario",
    description: "What an eBPF network program has to do to packets; the reference is scenarios/README.md",
    ...root,
    definitions: { ...Object.fromEntries(named), variable },
  };
}

const variable = {
  type: "string",
  pattern: "\\$",
  description: "`$name` or `${name}`: a variable of the case's `matrix`",
} as const satisfies JsonSchema;

/** Everything with a definition of its own is inside a case, where a variable may stand for any scalar. */
function withVariables(schema: JsonSchema): JsonSchema {
  const { properties, items, anyOf, additionalProperties } = schema;
  const inside: JsonSchema = {
    ...schema,
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, withVariables(value)])),
    }),
    // A key may be a variable, too.
    ...(additionalProperties === false && { patternProperties: { [variable.pattern]: {} } }),
    ...(items && { items: withVariables(items) }),
    ...(anyOf && { anyOf: anyOf.some(takesAnyText) ? anyOf : anyOf.map(withVariables) }),
    ...(typeof additionalProperties === "object" && { additionalProperties: withVariables(additionalProperties) }),
  };
  if (!isNarrowScalar(schema)) return inside;
  const { description, examples, ...rest } = inside;
  return {
    ...(description !== undefined && { description }),
    ...(examples && { examples }),
    anyOf: [rest, { $ref: "#/definitions/variable" }],
  };
}

function isNarrowScalar({ type, enum: words, const: constant }: JsonSchema): boolean {
  return type === "integer" || type === "boolean" || words !== undefined || constant !== undefined;
}

function takesAnyText({ type, pattern }: JsonSchema): boolean {
  return pattern === undefined && (type === "string" || (Array.isArray(type) && type.includes("string")));
}
