import type { BackendName, Session } from "../model/backend.js";
import { HarnessError, type Diagnostic } from "../model/error.js";
import type { CaseResult, Mismatch } from "../model/outcome.js";
import type { Plan } from "../model/plan.js";
import { formatSpan } from "../model/span.js";
import type { PathEvidence } from "../model/evidence.js";
import { caseEvidence } from "../evidence/evidence.js";
import { pathLines } from "../evidence/path-lines.js";
import { judge, type Judgement } from "../judge/judge.js";
import { costSummary, outcomeOf, verdictSummary } from "../judge/outcome.js";
import { saveCapture } from "./case-capture.js";
import type { Job } from "./select.js";

export interface JobOptions {
  /** Where every case's packets go as pcapng; undefined = nowhere. */
  readonly captures?: string | undefined;
}

/** Runs one case on one backend and says what came of it. Never throws: a fault of the harness is an `error` result. */
export async function runJob(job: Job, session: Session, options: JobOptions = {}): Promise<CaseResult> {
  const { plan, backend } = job;
  const startedNs = process.hrtime.bigint();
  const result = (part: Partial<CaseResult> & Pick<CaseResult, "outcome">): CaseResult => ({
    file: plan.file,
    scenario: plan.scenario,
    case: plan.caseName,
    backend,
    verdict: undefined,
    mismatches: [],
    missing: [],
    error: undefined,
    durationMs: Number((process.hrtime.bigint() - startedNs) / 1000n) / 1000,
    replay: replayCommand(plan, backend),
    span: plan.span,
    ...part,
  });

  if (plan.skip !== undefined) return result({ outcome: "skipped", missing: [plan.skip] });
  try {
    const missing = session.missing(plan);
    if (missing.length > 0) return result({ outcome: "skipped", missing });
    const { written, observations, judgement } = await observe(job, session);
    if (options.captures !== undefined) await saveCapture(options.captures, written, backend, observations);
    const outcome = outcomeOf(plan, backend, judgement);
    const failures = outcome.kind === "failed" ? outcome.mismatches : [];
    const second = failures.length > 0 ? await secondRun({ plan: written, backend }, session, failures) : undefined;
    const mismatches = withPaths(explained(written, session, failures), written, second);
    return result({
      outcome: outcome.kind,
      verdict: verdictSummary(observations),
      mismatches,
      cost: costSummary(observations),
      coverage: session.takeCoverage?.(),
      missing: judgement.missing,
      evidence: caseEvidence(written, backend, observations, packetsNamed(mismatches), second?.paths),
    });
  } catch (error) {
    // What a simulated packet needs and is not simulated comes to light when it gets there.
    if (backend === "sim" && error instanceof HarnessError && error.code === "unsupported")
      return result({ outcome: "skipped", missing: error.diagnostics.map(({ message }) => message) });
    return result({ outcome: "error", error: describe(error) });
  }
}

/** Runs a plan once and judges it; nothing is explained. */
export async function observe({ plan, backend }: Job, session: Session) {
  const { written, drawn } = await runDrawn(plan, backend);
  const observations = await session.run(written);
  return { written, observations, judgement: withDrawn(judge(written, backend, observations), drawn) };
}

/** What running a failed plan once more tells; `isSteady`: it failed again. */
interface Second {
  readonly isSteady: boolean;
  readonly paths: ReadonlyMap<number, PathEvidence>;
}

async function secondRun(
  { plan, backend }: Job,
  session: Session,
  mismatches: readonly Mismatch[],
): Promise<Second | undefined> {
  const isLoaded = !mismatches.some(({ step }) => step === "load");
  const more = isLoaded ? await session.runAgain?.(plan).catch(() => undefined) : undefined;
  return more && { isSteady: judge(plan, backend, more.observations).mismatches.length > 0, paths: more.paths };
}

/** Failures with what the second run told of their step, behind the last of each step. */
function withPaths(mismatches: readonly Mismatch[], plan: Plan, second: Second | undefined): readonly Mismatch[] {
  if (!second) return mismatches;
  return mismatches.map((mismatch, i) => {
    if (mismatches.slice(i + 1).some(({ step }) => step === mismatch.step)) return mismatch;
    const index = plan.steps.find(({ label }) => label === mismatch.step)?.index;
    const path = index === undefined ? undefined : second.paths.get(index);
    const passing = second.isSteady ? [] : ["it did not fail when it was run once more"];
    return { ...mismatch, details: [...mismatch.details, ...passing, ...(path ? pathLines(path) : [])] };
  });
}

/** Runs what is drawn, if the case ends with that; the steps before it are like any others. */
async function runDrawn(plan: Plan, backend: BackendName): Promise<{ written: Plan; drawn: Judgement | undefined }> {
  const last = plan.steps.at(-1);
  if (last?.kind !== "property") return { written: plan, drawn: undefined };
  // fast-check is read only where it is needed.
  const { runProperty } = await import("../fuzz/run-property.js");
  return { written: { ...plan, steps: plan.steps.slice(0, -1) }, drawn: await runProperty(plan, last, backend) };
}

function withDrawn({ mismatches, missing }: Judgement, drawn: Judgement | undefined): Judgement {
  if (!drawn) return { mismatches, missing };
  return { mismatches: [...mismatches, ...drawn.mismatches], missing: [...missing, ...drawn.missing] };
}

function packetsNamed(mismatches: readonly Mismatch[]): ReadonlySet<number> {
  return new Set(mismatches.flatMap(({ packet }) => (packet === undefined ? [] : [packet])));
}

function explained(plan: Plan, session: Session, mismatches: readonly Mismatch[]): readonly Mismatch[] {
  return session.explain?.(plan, mismatches) ?? mismatches;
}

function describe(error: unknown): { code: string; message: string } {
  if (error instanceof HarnessError) {
    return { code: error.code, message: error.diagnostics.map(describeDiagnostic).join("\n") };
  }
  return { code: "internal", message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

function describeDiagnostic(diagnostic: Diagnostic): string {
  const place = diagnostic.span ? `${formatSpan(diagnostic.span)}: ` : "";
  return `${place}${diagnostic.message}${diagnostic.hint ? ` (${diagnostic.hint})` : ""}`;
}

function replayCommand(plan: Plan, backend: string): string {
  const pattern = plan.caseName.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return `npx packetproof run ${shellWord(plan.file)} --grep ${shellWord(pattern)} --backend ${backend} --seed ${plan.seed}`;
}

/** For a person to paste into a shell; packetproof itself never uses one. */
function shellWord(word: string): string {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
