import { harnessError } from "../../model/error.js";
import type { Plan } from "../../model/plan.js";
import { traceSchemaVersion, type Trace } from "../../model/trace.js";
import { summary } from "../../packet/print.js";
import { PlanMachine } from "../plan-machine.js";
import { Recorder } from "./recorder.js";

/** Which packet of a case to look at: indexes of a `send` step, and of one of its packets. */
interface TracePlace {
  readonly step: number;
  readonly packet: number;
}

/**
 * Runs a plan in the interpreter from its beginning, and records what one packet led to. Of a packet that is sent
 * several times, the first time is recorded.
 *
 * @throws HarnessError "usage" where the plan sends no such packet, "unsupported" for what is not simulated
 */
export function tracePlan(plan: Plan, { step, packet }: TracePlace): Trace {
  const planned = plan.steps[step];
  if (planned?.kind !== "send") throw harnessError("usage", `step ${step + 1} of '${plan.caseName}' sends nothing`);
  const sent = planned.packets[packet];
  if (!sent)
    throw harnessError("usage", `'${planned.label}' of '${plan.caseName}' sends ${planned.packets.length} packets`);
  const recorder = new Recorder(
    plan.programType,
    (place) => place.step === step && place.packet === packet && place.repetition === 0,
  );
  const machine = new PlanMachine(plan, "interpreter", { instruments: recorder });
  try {
    machine.run();
  } finally {
    machine.release();
  }
  const { file, scenario, caseName } = plan;
  return {
    schemaVersion: traceSchemaVersion,
    file,
    scenario,
    case: caseName,
    step: planned.label,
    packet: packet + 1,
    sent: summary(sent),
    runs: recorder.runs,
  };
}
