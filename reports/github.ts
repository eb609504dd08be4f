import type { CaseResult, Mismatch } from "../harness/model/outcome.js";
import type { Span } from "../harness/model/span.js";
import type { Trace } from "../harness/model/trace.js";
import type { RunRecord } from "./record.js";
import { sourcePath } from "./source-path.js";
import { countOutcomes } from "./totals.js";

/**
 * Workflow commands of GitHub Actions, one a line: each mismatch becomes an annotation at the line of the scenario
 * that it contradicts; of packets that were traced, the C line that decided their verdict gets one, too. (docs.github.com: Workflow commands for GitHub Actions.)
 */
export function renderGithub({ results, traces }: RunRecord): string {
  const lines = results.flatMap((result) => {
    const title = `${result.case} on ${result.backend}: ${result.outcome}`;
    return [
      ...result.mismatches.map((mismatch) => annotation(placeOf(mismatch.span), title, describe(mismatch))),
      ...(result.error ? [annotation(placeOf(result.span), title, result.error.message)] : []),
    ];
  });
  const decisions = [...traces.values()].flat().flatMap(decisionLines);
  return [...lines, ...decisions].map((line) => `${line}\n`).join("");
}

/** The C line that decided a traced packet's verdict. */
function decisionLines({ case: name, step, packet, runs }: Trace): string[] {
  return runs.flatMap(({ decision, verdict }) => {
    if (!decision?.source || verdict === undefined) return [];
    const { file, line, text } = decision.source;
    const title = `${name}, ${step}, packet ${packet}: ${verdict} was decided here`;
    return [annotation({ file: sourcePath(file), line }, title, `${text}\n${decision.condition}`)];
  });
}

function describe({ what, expected, actual, details }: Mismatch): string {
  return [`${what}: expected ${expected}, actual ${actual}`, ...details].join("\n");
}

function placeOf({ file, start, end }: Span): Record<string, string | number> {
  return { file, line: start.line, endLine: end.line, col: start.column };
}

function annotation(place: Record<string, string | number>, title: string, message: string): string {
  const properties = Object.entries<string | number>({ ...place, title })
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
    ...(start.remarks ?? []).flatMap((sentence) => [`⚠ ${escapeCell(sentence)}`, ""]),
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
