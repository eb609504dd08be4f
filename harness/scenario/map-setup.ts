import type { WrittenEntry } from "../model/scenario.js";
import { type Decoder, refined, written } from "./decoder.js";
import type { JsonSchema } from "./json-schema.js";
import { record } from "./object.js";

const entriesSchema: JsonSchema = {
  description: "a list of {key, value}; or, for a map with one slot, the value alone",
};
const keysSchema: JsonSchema = { type: "array", description: "the keys to delete" };
const globalSchema: JsonSchema = { description: "the variable's value, as its C type wants it" };

/** Contents of BPF maps by map name; `plan` gives them the types that BTF has for them. */
export const mapContents: Decoder<readonly WrittenEntry[]> = untyped("map contents by map name", entriesSchema);

/** Keys to delete from BPF maps by map name. */
export const mapKeys: Decoder<readonly WrittenEntry[]> = untyped("keys by map name", keysSchema);

/** Values of the program's global variables by name. */
export const globalValues: Decoder<readonly WrittenEntry[]> = untyped("global variables by name", globalSchema);

function untyped(expected: string, schema: JsonSchema): Decoder<readonly WrittenEntry[]> {
  return refined(record(expected, written(schema)), (entries) =>
    entries.map(({ key, keySpan, value }) => ({ key, keySpan, value })),
  );
}
