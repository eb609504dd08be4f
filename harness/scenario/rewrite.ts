import { isAlias, parseDocument, visit, type Range } from "yaml";
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
  const refused: Rewritten["refused"][number][] = [];
  const wanted: Edit[] = [];
  for (const edit of [...edits].sort((a, b) => a.span.start.offset - b.span.start.offset)) {
    const { start, end } = edit.span;
    const reason = whyNot(text.slice(0, start.offset), text.slice(start.offset, end.offset));
    if (reason === undefined) wanted.push(edit);
    else refused.push({ edit, reason });
  }
  const all = apply(text, wanted);
  if (isScenario(all, file)) return { text: all, done: wanted, refused };
  // One of them is at fault.
  const done: Edit[] = [];
  for (const edit of wanted) {
    if (isScenario(apply(text, [...done, edit]), file)) done.push(edit);
    else refused.push({ edit, reason: `${edit.written} cannot be written there` });
  }
  return { text: apply(text, done), done, refused };
}

/** Edits in ascending order. */
function apply(text: string, edits: readonly Edit[]): string {
  let [rewritten, from] = ["", 0];
  for (const { span, written } of edits) {
    rewritten += text.slice(from, span.start.offset) + yamlScalar(written);
    from = span.end.offset;
  }
  return rewritten + text.slice(from);
}

function isScenario(text: string, file: string): boolean {
  return parseScenario(text, file).diagnostics.length === 0;
}

/**
 * Where else a text has the value at an offset: the offsets of aliases (`*name`) for anything around it that has an
 * anchor (`&name`), directly or by other aliases.
 */
export function aliasesOf(text: string, offset: number): number[] {
  const anchored: { readonly name: string; readonly range: Range }[] = [];
  const aliases: { readonly name: string; readonly at: number }[] = [];
  visit(parseDocument(text), {
    Node: (_, node) => {
      if (!node.range) return;
      if (isAlias(node)) aliases.push({ name: node.source, at: node.range[0] });
      else if (node.anchor !== undefined) anchored.push({ name: node.anchor, range: node.range });
    },
  });
  const found = new Set<number>();
  const follow = (place: number): void => {
    const around = anchored.filter(({ range: [from, to] }) => from <= place && place < to).map(({ name }) => name);
    for (const { name, at } of aliases) {
      if (!around.includes(name) || found.has(at)) continue;
      found.add(at);
      follow(at);
    }
  };
  follow(offset);
  return [...found];
}

function whyNot(before: string, old: string): string | undefined {
  if (old.includes("$")) return "it comes from a variable of the matrix";
  if (/^[*&]/.test(old) || /&[^\s,[\]{}]+\s+$/.test(before)) return "it is an alias or an anchor";
  return /^[[{]|\n/.test(old) ? "it is not a single value" : undefined;
}

/** Plain where YAML takes it for one word or number; what is quoted already stays so. */
function yamlScalar(text: string): string {
  if (text.startsWith('"')) return text;
  // A colon makes sexagesimals and mappings of addresses in the eyes of some.
  return /^[\w./+-]+$/.test(text) && !/^[-.]/.test(text) ? text : JSON.stringify(text);
}
