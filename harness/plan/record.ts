import type { Written } from "../model/scenario.js";
import { suggest } from "../data/written.js";
import { wrong, type PlanContext } from "./context.js";

interface RecordKey {
  readonly required: boolean;
  readonly example: string;
}

/** The values of a mapping with a closed set of keys; undefined, with diagnostics, for anything else. */
export function readRecord<K extends string>(
  context: PlanContext,
  written: Written,
  what: string,
  keys: Readonly<Record<K, RecordKey>>,
): { readonly [key in K]?: Written } | undefined {
  const names = Object.keys(keys) as K[];
  const example = `write ${keys[names[0]!].example}`;
  if (written.kind !== "map") {
    wrong(context, written.span, `${what} is a mapping`, example);
    return undefined;
  }
  const found: { [key in K]?: Written } = {};
  let valid = true;
  for (const { key, keySpan, value } of written.entries) {
    const name = names.find((candidate) => candidate === key);
    if (name) found[name] = value;
    else wrong(context, keySpan, `${what} has no '${key}'`, suggest(key, names));
    valid &&= name !== undefined;
  }
  for (const name of names) {
    if (!keys[name].required || found[name]) continue;
    // A misspelt key has been told already.
    if (valid) wrong(context, written.span, `${what} needs '${name}'`, `write ${keys[name].example}`);
    valid = false;
  }
  return valid ? found : undefined;
}
