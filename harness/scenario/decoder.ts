import type { Located } from "../model/scenario.js";
import type { Span } from "../model/span.js";
import type { Definitions, JsonSchema } from "./json-schema.js";
import type { Node } from "./node.js";
import { describeNode, headSpan } from "./node.js";

/** What a decoder returns where it has reported why there is no value. */
export const invalid: unique symbol = Symbol("invalid");
export type Invalid = typeof invalid;

/** Takes note of a mistake; decoding goes on, so that all mistakes are found at once. */
export type Report = (span: Span, message: string, hint?: string) => Invalid;

/** Turns a node into a value, and describes for editors what it accepts. */
export interface Decoder<T> {
  decode(node: Node, report: Report): T | Invalid;
  schema(definitions: Definitions): JsonSchema;
}

/** Reports that `node` is not what is needed; `expected` continues "expected …". */
export function mistyped(node: Node, expected: string, report: Report, hint?: string): Invalid {
  return report(headSpan(node), `expected ${expected}, found ${describeNode(node)}`, hint);
}

/** A decoder whose value is checked or changed further. The function may report, and return `invalid`. */
export function refined<T, U>(
  decoder: Decoder<T>,
  refine: (value: T, node: Node, report: Report) => U | Invalid,
): Decoder<U> {
  return {
    decode(node, report) {
      const value = decoder.decode(node, report);
      return value === invalid ? invalid : refine(value, node, report);
    },
    schema: (definitions) => decoder.schema(definitions),
  };
}

/** The value together with the place where it is written. */
export function located<T>(decoder: Decoder<T>): Decoder<Located<T>> {
  return refined(decoder, (value, node) => ({ value, span: node.span }));
}

/** The same decoder, described under a name of its own in the schema. */
export function named<T>(name: string, decoder: Decoder<T>): Decoder<T> {
  return {
    decode: (node, report) => decoder.decode(node, report),
    schema: (definitions) => definitions.refer(name, () => decoder.schema(definitions)),
  };
}

/** The same decoder with more for editors to show. */
export function annotated<T>(decoder: Decoder<T>, more: JsonSchema): Decoder<T> {
  return {
    decode: (node, report) => decoder.decode(node, report),
    schema: (definitions) => ({ ...decoder.schema(definitions), ...more }),
  };
}

/** Whatever is there, untyped: what only the object's BTF can give a type to. */
export function written(schema: JsonSchema = {}): Decoder<Node> {
  return { decode: (node) => node, schema: () => schema };
}

/** Chooses by what the node is; `expected` names all the choices, for messages. */
export function byKind<S = never, L = never, M = never>(
  expected: string,
  kinds: { readonly scalar?: Decoder<S>; readonly list?: Decoder<L>; readonly map?: Decoder<M> },
): Decoder<S | L | M> {
  const all: readonly (Decoder<S | L | M> | undefined)[] = [kinds.scalar, kinds.list, kinds.map];
  return {
    decode(node, report) {
      const decoder: Decoder<S | L | M> | undefined = kinds[node.kind];
      return decoder ? decoder.decode(node, report) : mistyped(node, expected, report);
    },
    schema: (definitions) => ({ anyOf: all.flatMap((decoder) => (decoder ? [decoder.schema(definitions)] : [])) }),
  };
}

/** A list, each item by the same decoder. All items are looked at, whatever is wrong with one. */
export function list<T>(item: Decoder<T>, expected = "a list"): Decoder<readonly T[]> {
  return {
    decode(node, report) {
      if (node.kind !== "list") return mistyped(node, expected, report, "start each item on its own line with '- '");
      return allOf(node.items.map((child) => item.decode(child, report)));
    },
    schema: (definitions) => ({ type: "array", items: item.schema(definitions) }),
  };
}

/** A list, or one item where a list of one would be meant. */
export function listOrOne<T>(item: Decoder<T>): Decoder<readonly T[]> {
  const many = list(item);
  return {
    decode(node, report) {
      if (node.kind === "list") return many.decode(node, report);
      const value = item.decode(node, report);
      return value === invalid ? invalid : [value];
    },
    schema: (definitions) => ({ anyOf: [item.schema(definitions), many.schema(definitions)] }),
  };
}

/** All values, or `invalid` if one of them is. */
export function allOf<T>(values: readonly (T | Invalid)[]): readonly T[] | Invalid {
  return values.some((value) => value === invalid) ? invalid : (values as readonly T[]);
}

/** Nothing behind a key counts as an empty mapping: `eth0:` is `eth0: {}`. */
export function orEmpty<T>(decoder: Decoder<T>): Decoder<T> {
  return {
    decode: (node, report) =>
      decoder.decode(isNothing(node) ? { kind: "map", entries: [], span: node.span } : node, report),
    schema: (definitions) => ({ anyOf: [decoder.schema(definitions), { type: "null" }] }),
  };
}

export function isNothing(node: Node): boolean {
  return node.kind === "scalar" && node.value === null;
}

/** What a decoder decodes to. */
export type DecodedBy<D> = D extends Decoder<infer T> ? T : never;
