import type { CaseResult } from "../harness/model/outcome.js";
import type { RunRecord } from "./record.js";

/** The Test Anything Protocol, version 14: a line for each case and backend, what is wrong as YAML below it. */
export function renderTap({ results }: RunRecord): string {
  const lines = results.flatMap((result, i) => {
    const ok = result.outcome === "passed" || result.outcome === "skipped" ? "ok" : "not ok";
    const skip = result.outcome === "skipped" ? ` # SKIP ${oneLine(result.missing.join("; "))}` : "";
    const title = escapeTap(`${result.file} › ${result.case} [${result.backend}]`);
    return [`${ok} ${i + 1} - ${title}${skip}`, ...diagnosis(result)];
  });
  return ["TAP version 14", `1..${results.length}`, ...lines, ""].join("\n");
}

function diagnosis(result: CaseResult): string[] {
  if (result.outcome !== "failed" && result.outcome !== "error") return [];
  const { file, mismatches, error, replay } = result;
  const entries = mismatches.flatMap(({ what, expected, actual, span }) => [
    `    - what: ${JSON.stringify(what)}`,
    `      expected: ${JSON.stringify(expected)}`,
    `      actual: ${JSON.stringify(actual)}`,
    `      at: ${JSON.stringify(`${span.file}:${span.start.line}:${span.start.column}`)}`,
  ]);
  return [
    "  ---",
    `  file: ${JSON.stringify(file)}`,
    ...(error ? [`  error: ${JSON.stringify(error.code)}`, `  message: ${JSON.stringify(error.message)}`] : []),
    ...(entries.length > 0 ? ["  mismatches:", ...entries] : []),
    `  replay: ${JSON.stringify(replay)}`,
    "  ...",
  ];
}

/** A bare `#` would begin a directive. */
function escapeTap(text: string): string {
  return oneLine(text).replace(/[\\#]/g, "\\$&");
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, " ");
}
