import type { Span } from "../model/span.js";
import { parseScenario } from "./parse.js";

/** One value to stand where another one stands. */
export interface Edit {
  readonly span: Span;
  /** As messages print it: text of a scenario but for quotes. */
  readonly written: string;
}

export interface Rewritten {
  readonly text: string;
  readonly done: readonly Edit[];
  /** Edits that were not made, each with the reason. */
  readonly refused: readonly { readonly edit: Edit; readonly reason: string }[];
}

/**
 * A scenario's text with values replaced; everything else, comments and line breaks included, stays as it is. What
 * is not a plain value there (a variable of a matrix, an alias, a list) is left to a person.
 */
export function rewriteScenario(text: string, file: string, edits: readonly Edit[]): Rewritten {
  const done: Edit[] = [];
  const refused: Rewritten["refused"][number][] = [];
  let rewritten = text;
  // From the end on, so that offsets before stay right.
  for (const edit of [...edits].sort((a, b) => b.span.start.offset - a.span.start.offset)) {
    const { start, end } = edit.span;
    const old = text.slice(start.offset, end.offset);
    const reason = whyNot(old);
    const next = rewritten.slice(0, start.offset) + yamlScalar(edit.written) + rewritten.slice(end.offset);
    if (reason !== undefined) refused.push({ edit, reason });
    else if (parseScenario(next, file).diagnostics.length > 0)
      refused.push({ edit, reason: `${edit.written} cannot be written there` });
    else {
      rewritten = next;
      done.push(edit);
    }
  }
  return { text: rewritten, done: done.reverse(), refused: refused.reverse() };
}

function whyNot(old: string): string | undefined {
  if (old.includes("$")) return "it comes from a variable of the matrix";
  if (/^[*&]/.test(old)) return "it is an alias or an anchor";
  return /^[[{]|\n/.test(old) ? "it is not a single value" : undefined;
}

/** Plain where YAML takes it for one word or number; what is quoted already stays so. */
function yamlScalar(text: string): string {
  if (text.startsWith('"')) return text;
  // A colon makes sexagesimals and mappings of addresses in the eyes of some.
  return /^[\w./+-]+$/.test(text) && !/^[-.]/.test(text) ? text : JSON.stringify(text);
}
