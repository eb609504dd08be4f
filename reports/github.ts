import type { CaseResult, Mismatch } from "../harness/model/outcome.js";
import type { Span } from "../harness/model/span.js";
import type { RunRecord } from "./record.js";
import { countOutcomes } from "./totals.js";

/**
 * Workflow commands of GitHub Actions, one a line: each mismatch becomes an annotation at the line of the scenario
 * that it contradicts. (docs.github.com: Workflow commands for GitHub Actions.)
 */
export function renderGithub({ results }: RunRecord): string {
  const lines = results.flatMap((result) => [
    ...result.mismatches.map((mismatch) => annotation(mismatch.span, result, describe(mismatch))),
    ...(result.error ? [annotation(result.span, result, result.error.message)] : []),
  ]);
  return lines.map((line) => `${line}\n`).join("");
}

function describe({ what, expected, actual, details }: Mismatch): string {
  return [`${what}: expected ${expected}, actual ${actual}`, ...details].join("\n");
}

function annotation({ file, start, end }: Span, result: CaseResult, message: string): string {
  const title = `${result.case} on ${result.backend}: ${result.outcome}`;
  const properties = Object.entries({ file, line: start.line, endLine: end.line, col: start.column, title })
    .map(([name, value]) => `${name}=${escapeProperty(String(value))}`)
    .join(",");
  return `::error ${properties}::${escapeData(message)}`;
}

function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

/** Failures in a step summary; a summary may have 1 MiB. */
const mostFailures = 50;

/** What `$GITHUB_STEP_SUMMARY` gets: counts by backend, then what failed, as Markdown. */
export function renderStepSummary({ start, results, durationMs }: RunRecord): string {
  const backends = [...new Set(results.map(({ backend }) => backend))];
  const rows = backends.map((backend) => {
    const { passed, failed, skipped, error } = countOutcomes(results.filter((result) => result.backend === backend));
    return `| ${backend} | ${passed} | ${failed} | ${skipped} | ${error} |`;
  });
  const failures = results.filter(({ outcome }) => outcome === "failed" || outcome === "error");
  const more = failures.length - mostFailures;
  return [
    failures.length > 0 ? `## ✗ packetproof: ${failures.length} failed` : "## ✓ packetproof",
    "",
    "| backend | passed | failed | skipped | in error |",
    "|---|---:|---:|---:|---:|",
    ...rows,
    "",
    ...failures.slice(0, mostFailures).flatMap(failureLines),
    ...(more > 0 ? [`… and ${more} more`, ""] : []),
    `Linux ${start.environment.kernel}, seed ${start.seed}, ${(durationMs / 1000).toFixed(1)} s`,
    "",
  ].join("\n");
}

function failureLines(result: CaseResult): string[] {
  const wrong = result.mismatches.map(({ what, expected, actual }) => [what, expected, actual]);
  const rows = result.error ? [["error", "", result.error.message]] : wrong;
  return [
    `<details><summary>${escapeHtml(result.file)}:${result.span.start.line} ${escapeHtml(result.case)} on ${result.backend}</summary>`,
    "",
    "| | expected | actual |",
    "|---|---|---|",
    ...rows.map((cells) => `| ${cells.map(escapeCell).join(" | ")} |`),
    "",
    codeBlock(result.replay),
    "",
    "</details>",
    "",
  ];
}

/** A fence that is longer than any in the text. */
function codeBlock(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}sh\n${text}\n${fence}`;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("\n", " ");
}

function escapeCell(text: string): string {
  return escapeHtml(text).replace(/[\\|`*_[\]~]/g, "\\$&");
}
