import type { Span } from "../model/span.js";
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

/** Text in quotes, cut where it is too long to read. */
export function quoted(text: string, longest = 200): string {
  const shown = text.length > longest ? `${text.slice(0, longest)}…` : text;
  return JSON.stringify(shown);
}
