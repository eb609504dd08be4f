import { HarnessError } from "../model/error.js";
import { missingWithoutNetwork } from "../model/missing.js";
import type { Plan, PlannedExpectation } from "../model/plan.js";
import { inputFieldsOf, packetHook, whyNotTaken } from "./hooks/packet-hook.js";

/** What of a plan the simulator cannot do or see, by name; `load` is tried for what the object itself needs. */
export function missingFor(plan: Plan, load: () => void): string[] {
  if (!packetHook(plan.programType)) return [`programs of type ${plan.programType} are not simulated`];
  if (plan.load.fails) return ["a refused load: the simulator has no verifier"];
  const ofPlan = missingWithoutNetwork(plan, {
    backend: "sim",
    packet: (packet) => whyNotTaken(plan.programType, packet),
    context: (given, expected) => missingOfContext(plan, [...given, ...expected]),
    expectation: missingOfExpectation,
  });
  return [...new Set([...missingOfObject(load), ...ofPlan])];
}

/** Helpers, map types and program types that are not simulated are a reason to skip, not to fail. */
function missingOfObject(load: () => void): string[] {
  try {
    load();
    return [];
  } catch (error) {
    if (!(error instanceof HarnessError) || error.code !== "unsupported") throw error;
    return error.diagnostics.map(({ message }) => message);
  }
}

function missingOfExpectation({ frames }: PlannedExpectation): string[] {
  return frames.length > 0 ? ["frames on interfaces: the simulator runs one program, not yet a network"] : [];
}

function missingOfContext({ programType }: Plan, names: readonly string[]): string[] {
  const known = inputFieldsOf(programType);
  return names
    .filter((name) => !known.includes(name))
    .map((name) => `context field ${name} of ${programType} programs is not simulated`);
}
