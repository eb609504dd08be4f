import type { BenchContender, BenchEffect, BenchGroup, BenchHost, BenchResult } from "../harness/model/bench.js";
import type { Paint } from "./terminal.js";

const styles = { better: "green", worse: "yellow", none: "dim" } as const;

/** A benchmark's result for a terminal: a table for each group, then what to know of it. */
export function benchText(result: BenchResult, paint: Paint): string {
  return [
    paint("bold", result.title),
    ...result.groups.flatMap((group) => ["", ...groupLines(group, paint)]),
    "",
    ...result.notes.map((note) => `Note: ${note}`),
    hostLine(result.host),
    `took ${(result.durationMs / 1000).toFixed(0)} s; seed ${result.seed}`,
  ].join("\n");
}

/** `Linux 6.18.5, 2 × Intel …, JIT on, clocksource tsc, virtualised (KVM)`. */
export function hostLine(host: BenchHost): string {
  const { kernel, cpus, cpuModel, bpfJit, governor, clocksource, virtualised } = host;
  return [
    kernel,
    `${cpus} × ${cpuModel}`,
    bpfJit === "0" ? "BPF JIT off" : bpfJit === undefined ? undefined : "BPF JIT on",
    governor && `governor ${governor}`,
    clocksource && `clocksource ${clocksource}`,
    virtualised && `virtual machine (${virtualised})`,
    `${Object.keys(host.mitigations).length} CPU vulnerabilities mitigated or open`,
  ]
    .filter((part) => part !== undefined && part !== "")
    .join(", ");
}

function groupLines(group: BenchGroup, paint: Paint): readonly string[] {
  return [
    paint("bold", group.title),
    paint("dim", `  ${group.method}`),
    ...table(tableOf(group), (row, line) => paintRow(group, row, line, paint)).map((line) => `  ${line}`),
    ...benchRemarks(group).map((remark) => `  ${remark}`),
    ...(group.disturbances ?? []).map((what) => paint("yellow", `  ! ${what}`)),
    ...group.skipped.map(({ contender, reason }) => paint("dim", `  - ${contender}: ${reason}`)),
  ];
}

/** What a group's table proves, and what it does not. */
export function benchRemarks(group: BenchGroup): readonly string[] {
  return [
    `null control (the baseline against itself): ${effectText(group.nullControl)}`,
    `order: ${orderText(group)}`,
    ...(group.growth ?? []).map(({ series, exponent: { middle, low, high } }) =>
      `${series} grows with ${group.axis!.title} to the power of ${middle.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`.replaceAll(
        "-0.00",
        "0.00",
      ),
    ),
  ];
}

/** Rows of cells, the first being the heads. */
export function tableOf(group: BenchGroup): readonly (readonly string[])[] {
  const columns = columnsOf(group);
  return [
    columns.map(({ head }) => head),
    ...group.contenders.map((contender) => columns.map(({ cell }) => cell(contender))),
  ];
}

interface Column {
  readonly head: string;
  readonly cell: (contender: BenchContender) => string;
}

/** Columns for what the group's contenders have. */
function columnsOf(group: BenchGroup): readonly Column[] {
  const has = (key: keyof BenchContender): boolean => group.contenders.some((each) => each[key] !== undefined);
  const baseline = group.contenders.find(({ id }) => id === group.baseline)!;
  const countNames = [...new Set(group.contenders.flatMap(({ counts }) => Object.keys(counts ?? {})))];
  const percentiles = ["p50Ns", "p90Ns", "p99Ns", "p999Ns", "maxNs"] as const;
  return [
    { head: "", cell: ({ title }) => title },
    { head: group.unit, cell: ({ estimate }) => number(estimate.middle) },
    { head: "95 % interval", cell: ({ estimate: { low, high } }) => `${number(low)}–${number(high)}` },
    { head: `against ${baseline.title}`, cell: ({ effect }) => (effect ? effectText(effect) : "") },
    ...(has("latency")
      ? percentiles.map((key) => ({
          head: key.replace("Ns", "").replace("p999", "p99.9"),
          cell: ({ latency }: BenchContender) => (latency ? time(latency[key]) : ""),
        }))
      : []),
    ...(has("loss")
      ? [{ head: "lost", cell: ({ loss }: BenchContender) => (loss ? `${loss.lost} of ${loss.sent}` : "") }]
      : []),
    ...(has("exact")
      ? [
          { head: "instructions", cell: ({ exact }: BenchContender) => String(exact?.instructions ?? "") },
          { head: "helper calls", cell: ({ exact }: BenchContender) => helperCalls(exact) },
          { head: "verified", cell: ({ exact }: BenchContender) => String(exact?.verifiedInstructions ?? "") },
          { head: "jited bytes", cell: ({ exact }: BenchContender) => String(exact?.jitedBytes ?? "") },
        ]
      : []),
    ...countNames.map((name) => ({
      head: name,
      cell: ({ counts }: BenchContender) => (counts?.[name] === undefined ? "" : number(counts[name])),
    })),
  ];
}

function helperCalls(exact: BenchContender["exact"]): string {
  return exact ? String(Object.values(exact.helpers).reduce((sum, calls) => sum + calls, 0)) : "";
}

/** `×1.31 (1.29–1.34)`, or that no effect is proven. */
function effectText({ ratio: { middle, low, high }, verdict }: BenchEffect): string {
  const interval = `${ratio(low)}–${ratio(high)}`;
  return verdict === "none" ? `no effect (${interval})` : `×${ratio(middle)} (${interval})`;
}

function ratio(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value.toFixed(value < 10 ? 2 : 1);
}

function orderText({ tiers, contenders, better }: BenchGroup): string {
  const titleOf = (id: string): string => contenders.find((each) => each.id === id)!.title;
  return tiers.map((tier) => tier.map(titleOf).join(" = ")).join(better === "lower" ? " < " : " > ");
}

/** Three digits that count. */
function number(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString("en");
  return value.toFixed(value < 10 ? 2 : 1);
}

function time(ns: number): string {
  if (ns < 10_000) return `${number(ns)} ns`;
  return ns < 10_000_000 ? `${number(ns / 1e3)} µs` : `${number(ns / 1e6)} ms`;
}

function table(
  rows: readonly (readonly string[])[],
  paintRow_: (row: number, line: string) => string,
): readonly string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row, index) => {
    const cells = row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)));
    return paintRow_(index, cells.join("  ").trimEnd());
  });
}

function paintRow(group: BenchGroup, row: number, line: string, paint: Paint): string {
  if (row === 0) return paint("dim", line);
  const verdict = group.contenders[row - 1]?.effect?.verdict;
  return verdict === undefined ? line : paint(styles[verdict], line);
}
