import { nearest } from "../model/nearest.js";
import type { Written } from "../model/scenario.js";

/** A whole number as it was written; undefined for anything else, and for numbers that YAML could not hold exactly. */
export function integerOf(written: Written): bigint | undefined {
  if (written.kind !== "scalar") return undefined;
  if (typeof written.value === "bigint") return written.value;
  return typeof written.value === "number" && Number.isSafeInteger(written.value) ? BigInt(written.value) : undefined;
}

/** The 80 of `{be: 80}`. */
export function networkOrderNumber(written: Written): Written | undefined {
  if (written.kind !== "map" || written.entries.length !== 1) return undefined;
  const [entry] = written.entries;
  return entry?.key === "be" ? entry.value : undefined;
}

/** What was written, short enough for a message. */
export function show(written: Written): string {
  if (written.kind === "scalar")
    return typeof written.value === "string" ? `'${written.value}'` : String(written.value);
  return written.kind === "list" ? "a list" : "a map";
}

/** The nearest right word, or all of them. */
export function suggest(word: string, names: readonly string[]): string {
  const close = nearest(word, names);
  return close ? `did you mean '${close}'?` : `there is ${listOf(names)}`;
}

export function listOf(names: readonly string[]): string {
  if (names.length === 0) return "nothing";
  return names.length <= 12 ? names.join(", ") : `${names.slice(0, 12).join(", ")} and ${names.length - 12} more`;
}
