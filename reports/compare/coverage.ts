import { byFile, coverageShares, type FileCoverage, type Share } from "../coverage.js";
import type { RunRecord } from "../record.js";
import type { Difference } from "./difference.js";

/**
 * C files of which less or more ran. Lines are compared one by one where both runs had the same text, and by their
 * share where it was edited in between, since numbers mean other lines then.
 */
export function compareCoverage(before: RunRecord, after: RunRecord): Difference[] {
  if (before.coverage.length === 0 || after.coverage.length === 0) return [];
  const now = new Map(byFile(after.coverage).map((each) => [each.file, each]));
  return byFile(before.coverage).flatMap((was) => {
    const is = now.get(was.file);
    if (!is) return [];
    const isSameText = before.files.get(was.file) === after.files.get(was.file);
    const lost = isSameText ? lostLines(was, is) : [];
    return (["lines", "branches"] as const).flatMap((what): Difference[] => {
      const [a, b] = [coverageShares([was])[what], coverageShares([is])[what]];
      const lines = what === "lines" ? lost : [];
      if (a.hit === b.hit && a.of === b.of && lines.length === 0) return [];
      const change = shareOf(b) - shareOf(a);
      const direction = change < 0 || lines.length > 0 ? "worse" : change > 0 ? "better" : "changed";
      const gone = lines.length > 0 ? `, not any more: ${lines.join(", ")}` : "";
      const text = ({ hit, of }: Share): string => `${hit} of ${of}`;
      return [
        {
          kind: "coverage",
          direction,
          where: was.file,
          what: `${what} that ran`,
          before: text(a),
          after: `${text(b)}${gone}`,
          weight: Math.abs(change),
        },
      ];
    });
  });
}

function shareOf({ hit, of }: Share): number {
  return of === 0 ? 1 : hit / of;
}

function lostLines(was: FileCoverage, is: FileCoverage): number[] {
  const hits = new Map(is.lines.map((line) => [line.line, line.hits]));
  return was.lines.flatMap(({ line, hits: before }) => (before > 0 && hits.get(line) === 0 ? [line] : []));
}
