import type { Span } from "../model/span.js";
import type { Pattern } from "../model/packet.js";
import type { Mismatch } from "../model/outcome.js";

/** A mismatch before it is known in which step it was found. */
export type Finding = Omit<Mismatch, "step">;

export function finding(
  what: string,
  expected: string,
  actual: string,
  span: Span,
  details: readonly string[] = [],
): Finding {
  return { what, expected, actual, span, details };
}

/** The same, saying what the scenario would have to say; only where it says one value, and nothing looser. */
export function mendable(found: Finding, { kind }: { readonly kind: Pattern["kind"] }, written: string): Finding {
  return kind === "equals" ? { ...found, written } : found;
}

/** Text in quotes, cut where it is too long to read. */
export function quoted(text: string, longest = 200): string {
  const shown = text.length > longest ? `${text.slice(0, longest)}…` : text;
  return JSON.stringify(shown);
}
