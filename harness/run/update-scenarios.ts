import { readFile, writeFile } from "node:fs/promises";
import type { CaseResult } from "../model/outcome.js";
import { formatSpan } from "../model/span.js";
import { aliasesOf, rewriteScenario, type Edit } from "../scenario/rewrite.js";

export interface Update {
  /** Files that were written, with how many values are others now. */
  readonly written: readonly { readonly file: string; readonly values: number }[];
  /** What a person has to decide, one line each. */
  readonly refused: readonly string[];
}

/**
 * Writes what was seen into scenarios, in place of values that were expected: only where all cases and backends that
 * read the value agree on another one.
 */
export async function updateScenarios(results: readonly CaseResult[]): Promise<Update> {
  const written: Update["written"][number][] = [];
  const refused: string[] = [];
  const byFile = new Map<string, CaseResult[]>();
  for (const result of results) byFile.set(result.file, [...(byFile.get(result.file) ?? []), result]);
  for (const [file, own] of byFile) {
    const text = await readFile(file, "utf8");
    const { edits, disputes } = editsOf(own, text);
    refused.push(...disputes);
    if (edits.length === 0) continue;
    const rewritten = rewriteScenario(text, file, edits);
    refused.push(...rewritten.refused.map(({ edit, reason }) => `${formatSpan(edit.span)}: not updated: ${reason}`));
    if (rewritten.done.length === 0) continue;
    await writeFile(file, rewritten.text);
    written.push({ file, values: rewritten.done.length });
  }
  return { written, refused };
}

/** Each value that is to be another, once; and where cases or backends want different ones. */
function editsOf(
  results: readonly CaseResult[],
  text: string,
): { edits: readonly Edit[]; disputes: readonly string[] } {
  const wanted = new Map<number, { edit: Edit; texts: Set<string>; seenBy: Set<CaseResult> }>();
  const disputes: string[] = [];
  for (const result of results) {
    for (const { span, written, what, actual } of result.mismatches) {
      if (written === undefined) {
        disputes.push(`${formatSpan(span)}: not updated: ${what} is now ${actual}, which a person has to write`);
        continue;
      }
      const known = wanted.get(span.start.offset);
      if (known) {
        known.texts.add(written);
        known.seenBy.add(result);
      } else
        wanted.set(span.start.offset, {
          edit: { span, written },
          texts: new Set([written]),
          seenBy: new Set([result]),
        });
    }
  }
  const edits: Edit[] = [];
  for (const { edit, texts, seenBy } of wanted.values()) {
    const places = [edit.span.start.offset, ...aliasesOf(text, edit.span.start.offset)];
    const content = results.filter(
      (result) => readsIt(result, places) && !seenBy.has(result) && result.outcome === "passed",
    );
    if (texts.size > 1)
      disputes.push(`${formatSpan(edit.span)}: not updated: it would have to be ${[...texts].join(" and ")}`);
    else if (content.length > 0)
      disputes.push(
        `${formatSpan(edit.span)}: not updated: ${nameOf(content[0]!)}, which has it in its text, passes as it is`,
      );
    else edits.push(edit);
  }
  return { edits, disputes: [...new Set(disputes)] };
}

/** Cases of a matrix have their text, and so its values, in common; so have the backends of a case. */
function readsIt({ span }: CaseResult, places: readonly number[]): boolean {
  return places.some((offset) => span.start.offset <= offset && offset < span.end.offset);
}

function nameOf({ case: name, backend }: CaseResult): string {
  return `'${name}' on ${backend}`;
}
