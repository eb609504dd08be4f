import { randomBytes } from "node:crypto";
import type { BackendName } from "../model/backend.js";
import type { Mismatch } from "../model/outcome.js";
import type { Plan, PlannedProperty } from "../model/plan.js";
import type { Judgement } from "../judge/judge.js";
import { checkProperty, sourceOf, type Examine } from "./check-property.js";
import { propertiesOf } from "./expectation.js";
import { inputLines } from "./finding-text.js";
import { Laboratory, type Peer } from "./laboratory.js";
import { interpreterPeer, twinPeer, whyUnsettled } from "./peers.js";
import type { Violation } from "./property.js";
import { subjectOf, type Subject } from "./subject.js";

/** Runs the property step of a plan: on `kernel`, the kernel has to agree with the simulator on every packet. */
export async function runProperty(plan: Plan, step: PlannedProperty, backend: BackendName): Promise<Judgement> {
  const unsettled = backend === "kernel" ? whyUnsettled(plan.object) : undefined;
  if (unsettled !== undefined)
    return { mismatches: [], missing: [`an answer to compare with the simulator's: ${unsettled}`] };
  const subject = subjectOf(plan, step);
  const peers = await peersOf(subject, step, backend);
  const laboratory = new Laboratory(subject, { properties: propertiesOf(plan, step, backend), peers });
  try {
    const examine: Examine = (input) => laboratory.examine(input);
    const { found, runs } = checkProperty(sourceOf(plan, step), examine, { runs: step.runs, seed: plan.seed });
    if (!found) return { mismatches: [], missing: [] };
    const details = [...inputLines(found.input), `found in run ${runs}, ${found.shrinks} simplifications`];
    return { mismatches: [mismatchOf(found.violation, step, details)], missing: [] };
  } finally {
    laboratory.close();
  }
}

async function peersOf(subject: Plan & Subject, step: PlannedProperty, backend: BackendName): Promise<Peer[]> {
  const peers: Peer[] = step.twin ? [twinPeer(subject, step.twin)] : [];
  const agrees = step.invariants?.includes("backends-agree") ?? true;
  if (agrees) peers.push(interpreterPeer(subject));
  if (backend === "kernel") peers.push(await kernelPeer(subject));
  return peers;
}

/** Throws HarnessError where the kernel refuses the object. */
export async function kernelPeer(subject: Plan & Subject): Promise<Peer> {
  const { KernelTarget } = await import("./kernel-target.js");
  const startMs = performance.now();
  const target = new KernelTarget(subject, randomBytes(3).toString("hex"));
  const loadMs = performance.now() - startMs;
  return { target, programType: subject.programType, property: "backends-agree", loadMs };
}

function mismatchOf(
  { property, what, expected, actual, details }: Violation,
  step: PlannedProperty,
  more: string[],
): Mismatch {
  const name = property === "expect" ? what : `${property}: ${what}`;
  return { what: name, expected, actual, span: step.span, step: step.label, details: [...details, ...more] };
}
