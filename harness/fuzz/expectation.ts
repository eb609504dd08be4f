import type { BackendName } from "../model/backend.js";
import { isDropped, verdictName } from "../model/hook.js";
import type { Observation } from "../model/observation.js";
import type { Plan, PlannedProperty, PlannedSend } from "../model/plan.js";
import { judge } from "../judge/judge.js";
import { defaultProperties, properties } from "./properties.js";
import type { Property, Run, RunProperty } from "./property.js";

/** All that has to hold of a property step's packets; on `kernel` its agreement always does. */
export function propertiesOf(plan: Plan, step: PlannedProperty, backend: BackendName): Property[] {
  const { invariants } = step;
  const chosen = properties.filter(
    (property) =>
      (invariants ? invariants.some((name) => name === property.name) : defaultProperties.includes(property)) ||
      (property.kind === "agreement" && backend === "kernel"),
  );
  const expectation = expectationOf(plan, step, backend);
  return expectation ? [...chosen, expectation] : chosen;
}

/** What the scenario says of every packet in so many words; undefined where it says nothing of the kind. */
function expectationOf(plan: Plan, step: PlannedProperty, backend: BackendName): RunProperty | undefined {
  const { verdict, packet } = step.expect;
  if (!verdict && !packet) return undefined;
  return {
    kind: "run",
    name: "expect",
    byDefault: false,
    judge: (run) => judge({ ...plan, steps: [sendOf(step, run)] }, backend, observationsOf(run)).mismatches[0],
  };
}

function sendOf(step: PlannedProperty, { packet }: Run): PlannedSend {
  const from = { host: "", dev: "" };
  return { ...step, index: 0, kind: "send", packets: [packet], from, times: 1, senders: 1, context: {} };
}

function observationsOf({ programType, answer: { returned, bytes, fault } }: Run): Observation[] {
  const at = { step: 0, packet: 0 };
  if (fault) return [{ kind: "fault", ...at, message: fault.message }];
  const possible = [verdictName(programType, returned)];
  const evidence = `returned ${returned}`;
  const seen: Observation[] = [{ kind: "verdict", ...at, possible, evidence, returned, durationNs: undefined }];
  if (!isDropped(programType, returned))
    seen.push({ kind: "packet", ...at, place: "output", bytes, timestampNs: undefined });
  return seen;
}
