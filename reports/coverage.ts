import type { BranchCoverage, FunctionCoverage, LineCoverage } from "../harness/model/coverage.js";
import { sourcePath } from "./source-path.js";

/** The sum of all runs: each function of each object once. */
export function mergeCoverage(all: Iterable<FunctionCoverage>): FunctionCoverage[] {
  const merged = new Map<string, FunctionCoverage>();
  for (const each of all) {
    const key = `${each.object}\0${each.section}\0${each.name}`;
    const known = merged.get(key);
    merged.set(key, known ? sumOf(known, each) : each);
  }
  return [...merged.values()];
}

function sumOf(a: FunctionCoverage, b: FunctionCoverage): FunctionCoverage {
  const lines = new Map(a.lines.map((line) => [lineKey(line), line]));
  for (const line of b.lines) {
    const hits = (lines.get(lineKey(line))?.hits ?? 0) + line.hits;
    lines.set(lineKey(line), { ...line, hits });
  }
  const branches = new Map(a.branches.map((branch) => [branch.slot, branch]));
  for (const branch of b.branches) {
    const { taken = 0, notTaken = 0 } = branches.get(branch.slot) ?? {};
    branches.set(branch.slot, { ...branch, taken: taken + branch.taken, notTaken: notTaken + branch.notTaken });
  }
  return { ...a, hits: a.hits + b.hits, lines: [...lines.values()], branches: [...branches.values()] };
}

function lineKey({ file, line }: LineCoverage): string {
  return `${file}:${line}`;
}

/** One C file: what all objects that it went into made of it. */
export interface FileCoverage {
  readonly file: string;
  /** Ascending. */
  readonly lines: readonly { readonly line: number; readonly hits: number }[];
  /** By name; of a function that is in several objects the sum. */
  readonly functions: readonly { readonly name: string; readonly line: number; readonly hits: number }[];
  /** By line; each conditional jump of each object by itself, since compilers make different ones of the same line. */
  readonly branches: readonly BranchCoverage[];
}

/** By C file, in the order of their names; headers of the system are left out. */
export function byFile(functions: readonly FunctionCoverage[]): FileCoverage[] {
  const all = functions.map(withPlainPaths);
  const names = new Set(
    all.flatMap(({ lines, source }) => [...lines, ...(source ? [source] : [])].map(({ file }) => file)),
  );
  return [...names]
    .filter((file) => !file.startsWith("/usr/"))
    .sort((a, b) => (a < b ? -1 : 1))
    .map((file) => fileCoverage(file, all));
}

function fileCoverage(file: string, functions: readonly FunctionCoverage[]): FileCoverage {
  const lines = functions.flatMap((each) => each.lines.filter((line) => line.file === file));
  const own = functions.flatMap(({ name, hits, source }) =>
    source?.file === file ? [{ name, line: source.line, hits }] : [],
  );
  const branches = functions.flatMap((each) => each.branches.filter((branch) => branch.file === file));
  return {
    file,
    lines: summed(lines, ({ line }) => line).sort((a, b) => a.line - b.line),
    functions: summed(own, ({ name }) => name).sort((a, b) => a.line - b.line),
    branches: branches.sort((a, b) => a.line - b.line),
  };
}

function withPlainPaths(each: FunctionCoverage): FunctionCoverage {
  const plain = <T extends { readonly file: string }>(place: T): T => ({ ...place, file: sourcePath(place.file) });
  const { source, lines, branches } = each;
  return { ...each, source: source && plain(source), lines: lines.map(plain), branches: branches.map(plain) };
}

function summed<T extends { readonly hits: number }>(items: readonly T[], key: (item: T) => number | string): T[] {
  const sums = new Map<number | string, T>();
  for (const item of items) {
    const known = sums.get(key(item));
    sums.set(key(item), known ? { ...known, hits: known.hits + item.hits } : item);
  }
  return [...sums.values()];
}

/** The tracefile format of LCOV (geninfo(1)), for genhtml and the services that read it. */
export function lcovText(files: readonly FileCoverage[]): string {
  return files.map((each) => `${lcovLines(each).join("\n")}\n`).join("");
}

function lcovLines({ file, lines, functions, branches }: FileCoverage): string[] {
  const ways = branches.flatMap(({ taken, notTaken }) => [taken, notTaken]);
  return [
    "TN:",
    `SF:${file}`,
    ...functions.map(({ name, line }) => `FN:${line},${name}`),
    ...functions.map(({ name, hits }) => `FNDA:${hits},${name}`),
    `FNF:${functions.length}`,
    `FNH:${hitAmong(functions.map(({ hits }) => hits))}`,
    ...branches.flatMap(({ line, taken, notTaken }, block) => {
      const shown = (count: number) => (taken + notTaken === 0 ? "-" : String(count));
      return [`BRDA:${line},${block},0,${shown(taken)}`, `BRDA:${line},${block},1,${shown(notTaken)}`];
    }),
    `BRF:${ways.length}`,
    `BRH:${hitAmong(ways)}`,
    ...lines.map(({ line, hits }) => `DA:${line},${hits}`),
    `LF:${lines.length}`,
    `LH:${hitAmong(lines.map(({ hits }) => hits))}`,
    "end_of_record",
  ];
}

/** So many of so many. */
export interface Share {
  readonly hit: number;
  readonly of: number;
}

/** How much of lines, branches (each of the two ways counts) and functions ran. */
export function coverageShares(
  files: readonly FileCoverage[],
): Readonly<Record<"lines" | "branches" | "functions", Share>> {
  const share = (counts: readonly number[]): Share => ({ hit: hitAmong(counts), of: counts.length });
  return {
    lines: share(files.flatMap(({ lines }) => lines.map(({ hits }) => hits))),
    branches: share(files.flatMap(({ branches }) => branches.flatMap(({ taken, notTaken }) => [taken, notTaken]))),
    functions: share(files.flatMap(({ functions }) => functions.map(({ hits }) => hits))),
  };
}

/** Shares of lines, branches and functions that ran, and the lines that did not, by file. */
export function coverageText(files: readonly FileCoverage[]): string {
  const all = Object.entries(coverageShares(files)).map(([what, { hit, of }]) =>
    of === 0 ? `${what} none` : `${what} ${((100 * hit) / of).toFixed(1)} % of ${of}`,
  );
  const gaps = files.flatMap(({ file, lines }) => {
    const never = rangesOf(lines);
    return never.length > 0 ? [`  never ran  ${file}: ${never.join(", ")}`] : [];
  });
  return [`coverage  ${all.join(", ")}`, ...gaps].join("\n");
}

/** Stretches of lines that never ran; lines without code between them do not part them. */
function rangesOf(lines: FileCoverage["lines"]): string[] {
  const ranges: { first: number; last: number }[] = [];
  let open: { first: number; last: number } | undefined;
  for (const { line, hits } of lines) {
    if (hits > 0) open = undefined;
    else if (open) open.last = line;
    else ranges.push((open = { first: line, last: line }));
  }
  return ranges.map(({ first, last }) => (first === last ? String(first) : `${first}-${last}`));
}

function hitAmong(counts: readonly number[]): number {
  return counts.filter((count) => count > 0).length;
}
