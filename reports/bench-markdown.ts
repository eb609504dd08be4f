import type { BenchGroup, BenchResult } from "../harness/model/bench.js";
import { benchRemarks, hostLine, tableOf } from "./bench-table.js";

/** A benchmark's result as a page of documentation: what a machine measured, with the machine. */
export function benchMarkdown(result: BenchResult): string {
  return [
    `# ${result.title}`,
    "",
    `Measured by \`packetproof bench ${result.name}\` (packetproof ${result.packetproof}, seed ${result.seed}) on ${result.startedAt.slice(0, 10)}, in ${Math.round(result.durationMs / 1000)} seconds.`,
    "",
    `Machine: ${hostLine(result.host)}.`,
    "",
    ...mitigationLines(result),
    ...result.notes.flatMap((note) => [note, ""]),
    ...result.groups.flatMap(groupLines),
  ].join("\n");
}

function mitigationLines({ host }: BenchResult): readonly string[] {
  const known = Object.entries(host.mitigations).map(([name, text]) => `${name} (${text})`);
  return known.length > 0 ? [`CPU vulnerabilities: ${known.join("; ")}.`, ""] : [];
}

function groupLines(group: BenchGroup): readonly string[] {
  const [heads, ...rows] = tableOf(group);
  return [
    `## ${group.title}`,
    "",
    `${group.method[0]!.toUpperCase()}${group.method.slice(1)}. ${group.rounds} rounds.`,
    "",
    row(heads!),
    row(heads!.map((_, column) => (column === 0 ? "---" : "--:"))),
    ...rows.map(row),
    "",
    ...benchRemarks(group).map((remark) => `- ${remark}`),
    ...(group.disturbances ?? []).map((what) => `- disturbed: ${what}`),
    "",
  ];
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
