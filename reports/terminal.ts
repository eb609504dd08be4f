import type { CaseResult, Mismatch, OutcomeKind } from "../harness/model/outcome.js";
import type { Report } from "../harness/model/event.js";
import { formatSpan } from "../harness/model/span.js";

/** Puts a colour on text; the identity where the output is no terminal. */
export type Paint = (style: "red" | "green" | "yellow" | "dim" | "bold", text: string) => string;

export const noColour: Paint = (_, text) => text;

const marks: Readonly<Record<OutcomeKind, { mark: string; style: Parameters<Paint>[0] }>> = {
  passed: { mark: "✓", style: "green" },
  failed: { mark: "✗", style: "red" },
  skipped: { mark: "-", style: "yellow" },
  error: { mark: "!", style: "red" },
};

/** One line for a result: `✓ scenarios/drop/icmp.yml › echo is dropped [kernel]  3 ms`. */
export function resultLine(result: CaseResult, paint: Paint): string {
  const { mark, style } = marks[result.outcome];
  const why = result.outcome === "skipped" ? `  skipped: ${result.missing.join("; ")}` : "";
  const took = paint("dim", `${result.durationMs.toFixed(result.durationMs < 10 ? 1 : 0)} ms`);
  const cost = paint("dim", costText(result.cost));
  return `${paint(style, mark)} ${result.file} › ${result.case} [${result.backend}]  ${took}${cost}${why}`;
}

/** `  53 instructions, 1 to 2 helper calls`: of a packet. */
function costText(cost: CaseResult["cost"]): string {
  if (!cost) return "";
  const text = ([least, most]: readonly [number, number], what: string) =>
    `${least === most ? least : `${least} to ${most}`} ${what}${most === 1 ? "" : "s"}`;
  return `  ${text(cost.instructions, "instruction")}, ${text(cost.helperCalls, "helper call")}`;
}

/** A failure or error as a block of lines: place, field, expected and actual, both packets, and how to see it again. */
export function failureBlock(result: CaseResult, paint: Paint): string {
  const lines: string[] = [];
  if (result.error) {
    const place = formatSpan(result.span);
    lines.push(paint("bold", `${place}: ${result.case} on backend ${result.backend}: error (${result.error.code})`));
    lines.push(...result.error.message.split("\n").map((line) => `  ${line}`));
  }
  // Mismatches of one step stand together below the place of the first.
  let step: string | undefined;
  for (const mismatch of result.mismatches) {
    if (mismatch.step !== step) {
      step = mismatch.step;
      const where = step === result.case || step === "case" ? result.case : `${result.case}: ${step}`;
      lines.push(paint("bold", `${formatSpan(mismatch.span)}: ${where} on backend ${result.backend}: failed`));
    }
    lines.push(...mismatchLines(mismatch, widthOf(result.mismatches), paint));
  }
  lines.push(`  ${paint("dim", `replay: ${result.replay}`)}`);
  return lines.join("\n");
}

function mismatchLines(mismatch: Mismatch, width: number, paint: Paint): string[] {
  const what = mismatch.what.padEnd(width);
  const expected = `expected ${paint("green", mismatch.expected)}`;
  const actual = `actual ${paint("red", mismatch.actual)}`;
  const details = mismatch.details.flatMap((detail) => detail.split("\n")).map((line) => `  ${line}`);
  return [`  ${what}  ${expected}   ${actual}`, ...details];
}

function widthOf(mismatches: readonly Mismatch[]): number {
  return Math.max(...mismatches.map((mismatch) => mismatch.what.length));
}

/** The last lines of a run: a row per backend, then the totals. */
export function summaryText(report: Report, paint: Paint): string {
  const backends = [...new Set(report.results.map((result) => result.backend))];
  const lines: string[] = [];
  const { environment } = report;
  lines.push(
    paint(
      "dim",
      `Linux ${environment.kernel}, Node ${environment.node}, libbpf ${environment.libbpf ?? "none"}, seed ${report.seed}`,
    ),
  );
  for (const { backend, unavailable } of environment.backends) {
    if (unavailable !== undefined && !backends.includes(backend)) {
      lines.push(`${paint("yellow", "-")} ${backend.padEnd(7)} does not run here: ${unavailable}`);
    }
  }
  for (const backend of backends) {
    const results = report.results.filter((result) => result.backend === backend);
    lines.push(
      `  ${backend.padEnd(7)} ${countText(
        results.map((r) => r.outcome),
        paint,
      )}`,
    );
  }
  const total = countText(
    report.results.map((r) => r.outcome),
    paint,
  );
  lines.push(`${paint("bold", "total")}     ${total} in ${(report.durationMs / 1000).toFixed(1)} s`);
  return lines.join("\n");
}

function countText(outcomes: readonly OutcomeKind[], paint: Paint): string {
  const count = (kind: OutcomeKind): number => outcomes.filter((outcome) => outcome === kind).length;
  const part = (kind: OutcomeKind, word: string, always: boolean): string[] => {
    const n = count(kind);
    if (n === 0 && !always) return [];
    return [n > 0 ? paint(marks[kind].style, `${n} ${word}`) : `${n} ${word}`];
  };
  return [
    ...part("passed", "passed", true),
    ...part("failed", "failed", true),
    ...part("skipped", "skipped", false),
    ...part("error", "in error", false),
  ].join(", ");
}
