import type { Paint } from "../terminal.js";
import type { Comparison } from "./compare.js";
import type { Difference } from "./difference.js";

/** Differences beyond those are counted. */
const mostLines = 200;

const marks = { worse: "✗", changed: "≠", better: "✓" } as const;
const styles = { worse: "red", changed: "yellow", better: "green" } as const;

/** A comparison for a terminal: a line for each difference, what got worse first. */
export function comparisonText({ differences, notes, compared }: Comparison, paint: Paint): string {
  const lines = differences.slice(0, mostLines).map((difference) => differenceLine(difference, paint));
  const more = differences.length - mostLines;
  const count = (direction: Difference["direction"]): number =>
    differences.filter((difference) => difference.direction === direction).length;
  return [
    ...lines,
    ...(more > 0 ? [`… and ${more} more`] : []),
    ...notes.map((note) => paint("dim", note)),
    `${compared} results compared: ${count("worse")} worse, ${count("changed")} changed, ${count("better")} better`,
  ].join("\n");
}

function differenceLine({ kind, direction, where, what, before, after }: Difference, paint: Paint): string {
  const name = what === "" ? kind : what;
  return `${paint(styles[direction], marks[direction])} ${where}  ${name}: ${before} → ${after}`;
}
