import { harnessError, HarnessError } from "../model/error.js";
import { nearest } from "../model/nearest.js";
import type { Plan } from "../model/plan.js";
import { prepare } from "../run/prepare.js";
import { tracePlan } from "../sim/trace/trace-plan.js";
import { traceText } from "../../reports/trace-text.js";
import { exitStatus } from "./exit-status.js";
import { paintFor } from "./paint.js";
import { printDiagnostics } from "./report-error.js";
import { writeJson } from "./write-json.js";

export interface TraceCommandOptions {
  readonly case?: string;
  /** 1-based, as all numbers on the command line. */
  readonly step?: number;
  readonly packet: number;
  readonly seed?: number;
  readonly instructions: boolean;
  readonly json?: string;
}

/** `packetproof trace`: returns the exit status. */
export async function traceCommand(file: string, options: TraceCommandOptions): Promise<number> {
  const { prepared, diagnostics, texts } = await prepare([file], options.seed ?? 1);
  const [scenario] = prepared;
  if (diagnostics.length > 0 || !scenario) {
    printDiagnostics(diagnostics, texts);
    return exitStatus.badInput;
  }
  const plan = findCase(scenario.plans, options.case);
  const step = options.step === undefined ? firstSend(plan) : options.step - 1;
  const trace = tracePlan(plan, { step, packet: options.packet - 1 });
  if (options.json !== undefined) await writeJson(options.json, trace);
  const { instructions } = options;
  process.stdout.write(`${traceText(trace, { instructions, paint: paintFor(process.stdout) })}\n`);
  return exitStatus.passed;
}

/** By its whole name, or by a part that only one case has. */
function findCase(plans: readonly Plan[], name: string | undefined): Plan {
  const [first] = plans;
  if (!first) throw harnessError("usage", "the scenario has no cases");
  if (name === undefined) return first;
  const exact = plans.find(({ caseName }) => caseName === name);
  if (exact) return exact;
  const [similar, another] = plans.filter(({ caseName }) => caseName.includes(name));
  if (similar && !another) return similar;
  const names = plans.map(({ caseName }) => caseName);
  const meant = nearest(name, names);
  throw new HarnessError({
    code: "usage",
    message: similar ? `several cases have '${name}' in their names` : `there is no case '${name}'`,
    hint: meant !== undefined && !similar ? `did you mean '${meant}'?` : `cases: ${names.join("; ")}`,
  });
}

function firstSend({ steps, caseName }: Plan): number {
  const index = steps.findIndex(({ kind }) => kind === "send");
  if (index < 0) throw harnessError("usage", `case '${caseName}' sends nothing`);
  return index;
}
