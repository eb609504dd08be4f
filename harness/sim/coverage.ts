import type { BranchCoverage, FunctionCoverage, LineCoverage } from "../model/coverage.js";
import type { Code } from "./code.js";
import type { Counters } from "./counters.js";

/** What counters say of the C lines of a program's functions. */
export function coverageOf(object: string, counters: Counters): FunctionCoverage[] {
  const { code } = counters;
  return counters.counts().functions.map(({ name, section, slot: start, hits, instructions, branches }) => {
    const first = code.lineOf(start);
    return {
      object,
      section,
      name,
      source: first && { file: first.file, line: first.line },
      hits,
      lines: linesOf(code, start, instructions),
      branches: branches.flatMap(({ slot, taken, notTaken }): BranchCoverage[] => {
        const place = placeOf(code, start, slot);
        return place ? [{ ...place, slot: slot - start, taken, notTaken }] : [];
      }),
    };
  });
}

function linesOf(code: Code, start: number, instructions: readonly { slot: number; hits: number }[]): LineCoverage[] {
  const lines = new Map<string, LineCoverage>();
  for (const { slot, hits } of instructions) {
    const place = placeOf(code, start, slot);
    if (!place) continue;
    const key = `${place.file}:${place.line}`;
    const known = lines.get(key);
    if (!known || known.hits < hits) lines.set(key, { ...place, hits });
  }
  return [...lines.values()];
}

/** Only a line record of the function itself counts. */
function placeOf(code: Code, start: number, slot: number): { file: string; line: number } | undefined {
  const found = code.lineOf(slot);
  return found && found.instruction >= start ? { file: found.file, line: found.line } : undefined;
}
