import { nearest } from "../model/nearest.js";
import { type Decoder, type Invalid, type Report, invalid, mistyped } from "./decoder.js";
import type { JsonSchema } from "./json-schema.js";
import type { EntryNode, Node } from "./node.js";
import { headSpan } from "./node.js";

/** One key of an object. */
export interface Field<T> {
  readonly decoder: Decoder<T>;
  readonly required: boolean;
  /** The value where the key is absent. */
  readonly absent: T | undefined;
  readonly schema: JsonSchema;
}

export type Fields = Readonly<Record<string, Field<unknown>>>;

/** What an object with these fields decodes to. */
export type ObjectOf<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

/** A key that has to be there. */
export function required<T>(decoder: Decoder<T>, description: string, ...examples: readonly unknown[]): Field<T> {
  return { decoder, required: true, absent: undefined, schema: documented(description, examples) };
}

/** A key that may be left out; the value is then undefined. */
export function optional<T>(
  decoder: Decoder<T>,
  description: string,
  ...examples: readonly unknown[]
): Field<T | undefined> {
  return { decoder, required: false, absent: undefined, schema: documented(description, examples) };
}

/** A key that may be left out; the value is then `absent`. */
export function defaulted<T>(
  decoder: Decoder<T>,
  absent: T,
  description: string,
  ...examples: readonly unknown[]
): Field<T> {
  return { decoder, required: false, absent, schema: documented(description, examples) };
}

function documented(description: string, examples: readonly unknown[]): JsonSchema {
  return { description, ...(examples.length > 0 && { examples }) };
}

/** What an object knows of keys that are not its own. */
export interface OtherKeys {
  /** Why a key has no place here, where that is known better than as "unknown". */
  readonly reason?: (key: string) => string | undefined;
  /** Keys that may have been meant besides the object's own. */
  readonly alsoMeant?: readonly string[];
}

/** A mapping with known keys. `what` names it in messages ("a step"). */
export function object<F extends Fields>(what: string, fields: F, others: OtherKeys = {}): Decoder<ObjectOf<F>> {
  const keys = Object.keys(fields);
  return {
    decode(node, report) {
      if (node.kind !== "map") return mistyped(node, `a mapping (${keys.slice(0, 3).join(", ")}, …)`, report);
      const found = new Map<string, EntryNode>();
      const meant = new Set<string | undefined>();
      let valid = true;
      for (const entry of node.entries) {
        if (Object.hasOwn(fields, entry.key)) found.set(entry.key, entry);
        else {
          meant.add(reportUnknownKey(what, keys, entry, others, report));
          valid = false;
        }
      }
      const result: Record<string, unknown> = {};
      for (const key of keys) {
        // A misspelt key is one mistake, not also a missing key.
        if (!found.has(key) && meant.has(key)) continue;
        const value = decodeField(what, key, fields[key]!, found.get(key), node, report);
        if (value === invalid) valid = false;
        else result[key] = value;
      }
      return valid ? (result as ObjectOf<F>) : invalid;
    },
    schema(definitions) {
      const properties = keys.map((key): [string, JsonSchema] => {
        const { decoder, schema } = fields[key]!;
        return [key, withDescription(decoder.schema(definitions), schema)];
      });
      const needed = keys.filter((key) => fields[key]!.required);
      return {
        type: "object",
        properties: Object.fromEntries(properties),
        ...(needed.length > 0 && { required: needed }),
        additionalProperties: false,
      };
    },
  };
}

function decodeField(
  what: string,
  key: string,
  field: Field<unknown>,
  entry: EntryNode | undefined,
  node: Node,
  report: Report,
): unknown {
  if (entry) return field.decoder.decode(entry.value, report);
  if (!field.required) return field.absent;
  const [example] = field.schema.examples ?? [];
  const shown = typeof example === "string" || typeof example === "number" ? `${key}: ${example}` : undefined;
  return report(headSpan(node), `${what} needs '${key}'`, shown && `for example: ${shown}`);
}

/** Returns the key that was probably meant. */
function reportUnknownKey(
  what: string,
  keys: readonly string[],
  entry: EntryNode,
  { reason: reasonFor, alsoMeant = [] }: OtherKeys,
  report: Report,
): string | undefined {
  const reason = reasonFor?.(entry.key);
  const known = [...new Set([...keys, ...alsoMeant])];
  const near = nearest(entry.key, known);
  if (reason) report(entry.keySpan, `'${entry.key}' has no place in ${what}`, reason);
  else
    report(entry.keySpan, `unknown key '${entry.key}' in ${what}`, near ? `did you mean '${near}'?` : knownKeys(known));
  return near;
}

function knownKeys(keys: readonly string[]): string {
  return keys.length > 0 ? `known here: ${keys.join(", ")}` : "nothing can be said here";
}

/** Draft-07 ignores what stands beside `$ref`, so a described reference needs a wrapper. */
function withDescription(schema: JsonSchema, more: JsonSchema): JsonSchema {
  if (schema.$ref !== undefined) return { ...more, anyOf: [schema] };
  const description = [more.description, schema.description].filter((line) => line !== undefined).join("\n");
  return { ...schema, ...more, description };
}

/** A mapping whose keys are names chosen by the writer. `checkKey` returns what is wrong with a name. */
export function record<T>(
  expected: string,
  value: Decoder<T>,
  checkKey: (key: string) => string | undefined = () => undefined,
): Decoder<readonly (EntryNode & { readonly decoded: T })[]> {
  return {
    decode(node, report) {
      if (node.kind !== "map") return mistyped(node, expected, report);
      const decoded = node.entries.map((entry) => {
        const problem = checkKey(entry.key);
        const result: T | Invalid = value.decode(entry.value, report);
        if (problem) return report(entry.keySpan, problem);
        return result === invalid ? invalid : { ...entry, decoded: result };
      });
      return decoded.some((entry) => entry === invalid)
        ? invalid
        : (decoded as readonly (EntryNode & { readonly decoded: T })[]);
    },
    schema: (definitions) => ({ type: "object", additionalProperties: value.schema(definitions) }),
  };
}
