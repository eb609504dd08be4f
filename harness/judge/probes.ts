import type { HttpObservation, PingObservation, RunObservation } from "../model/observation.js";
import type { PlannedHttp, PlannedPing, PlannedRun } from "../model/plan.js";
import { formatPattern, matchPattern } from "../packet/pattern.js";
import { finding, quoted, type Finding } from "./finding.js";

/** Without `replies:` every echo request has to be answered. */
export function judgePing(step: PlannedPing, seen: PingObservation): Finding[] {
  const wanted = step.replies?.value ?? { kind: "equals" as const, value: step.count };
  if (matchPattern(wanted, seen.received)) return [];
  return [
    finding(
      "ping.replies",
      formatPattern(undefined, wanted),
      `${seen.received} of ${seen.sent}`,
      step.replies?.span ?? step.span,
      tail(seen.output),
    ),
  ];
}

/** Without `status:` every request has to be answered with a status below 400; with `fails:` none may be answered at all. */
export function judgeHttp(step: PlannedHttp, seen: HttpObservation): Finding[] {
  const findings: Finding[] = [];
  const status = step.status?.value ?? { kind: "range" as const, min: 100, max: 399 };
  for (const [i, response] of seen.responses.entries()) {
    const name = `http[${i + 1}]`;
    if (step.fails) {
      if (response.error === undefined)
        findings.push(finding(name, "no answer", `status ${response.status}`, step.span));
      continue;
    }
    if (response.error !== undefined) {
      findings.push(finding(name, "an answer", response.error, step.url.span));
      continue;
    }
    if (!matchPattern(status, response.status)) {
      const span = step.status?.span ?? step.span;
      findings.push(finding(`${name}.status`, formatPattern(undefined, status), String(response.status), span));
    }
    const body = response.body.trim();
    if (step.body && !matchPattern(step.body.value, body)) {
      const expected = formatPattern(undefined, step.body.value);
      findings.push(finding(`${name}.body`, expected, quoted(body), step.body.span));
    }
  }
  if (step.bodies && !step.fails) {
    const wanted = [...new Set(step.bodies.value)].sort();
    const bodies = [...new Set(seen.responses.filter((r) => r.error === undefined).map((r) => r.body.trim()))].sort();
    if (wanted.join("\n") !== bodies.join("\n")) {
      const list = (items: readonly string[]): string => items.map((item) => quoted(item, 60)).join(", ") || "none";
      findings.push(finding("http.bodies", list(wanted), list(bodies), step.bodies.span));
    }
  }
  return findings;
}

/** Without `exit:` the command has to end with status 0. */
export function judgeRun(step: PlannedRun, seen: RunObservation): Finding[] {
  const findings: Finding[] = [];
  const exit = step.exit?.value ?? { kind: "equals" as const, value: 0 };
  if (seen.timedOut) {
    findings.push(
      finding("run.exit", formatPattern(undefined, exit), `still running after ${step.timeoutMs} ms`, step.span),
    );
  } else if (seen.exitCode === undefined || !matchPattern(exit, seen.exitCode)) {
    const actual = seen.exitCode === undefined ? "ended by a signal" : String(seen.exitCode);
    const span = step.exit?.span ?? step.span;
    findings.push(finding("run.exit", formatPattern(undefined, exit), actual, span, tail(seen.stderr)));
  }
  if (step.stdout && !step.stdout.value.test(seen.stdout)) {
    findings.push(finding("run.stdout", String(step.stdout.value), quoted(seen.stdout), step.stdout.span));
  }
  return findings;
}

/** The last lines of a command's output: where it says what went wrong. */
function tail(output: string, lines = 5): string[] {
  return output
    .trimEnd()
    .split("\n")
    .slice(-lines)
    .filter((line) => line !== "");
}
