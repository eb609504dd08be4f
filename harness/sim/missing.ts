import { HarnessError } from "../model/error.js";
import { allExpectations, expectationsOn } from "../model/expectations.js";
import { whyUnreadable, whyUnsettable } from "../model/map-access.js";
import type { Plan, PlannedExpectation, PlannedSend, PlannedStep } from "../model/plan.js";
import { inputFieldsOf, packetHook, whyNotTaken } from "./hooks/packet-hook.js";

/** What of a plan the simulator cannot do or see, by name; `load` is tried for what the object itself needs. */
export function missingFor(plan: Plan, load: () => void): string[] {
  if (!packetHook(plan.programType)) return [`programs of type ${plan.programType} are not simulated`];
  if (plan.load.fails) return ["a refused load: the simulator has no verifier"];
  const missing = new Set(missingOfObject(load));
  if (plan.services.length > 0) missing.add("services need real sockets: backend wire has them");
  for (const reason of missingOfMaps(plan.maps)) missing.add(reason);
  let unloaded = false;
  for (const step of plan.steps) {
    for (const reason of missingOfStep(plan, step, unloaded)) missing.add(reason);
    unloaded ||= step.kind === "unload";
  }
  for (const expectation of allExpectations("sim", plan))
    for (const reason of missingOfExpectation(expectation)) missing.add(reason);
  return [...missing];
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

function missingOfStep(plan: Plan, step: PlannedStep, unloaded: boolean): string[] {
  switch (step.kind) {
    case "ping":
    case "http":
    case "run":
      return [`${step.kind} steps need real sockets: backend wire has them`];
    case "send":
      if (unloaded) return ["packets behind an unload step meet no program: backend wire has a network"];
      return [...missingOfPackets(plan, step), ...missingOfContext(plan, step)];
    case "maps":
      return missingOfMaps(step.patches);
    case "unload":
    case "expect":
      break;
  }
  return [];
}

function missingOfMaps(patches: Plan["maps"]): string[] {
  return patches.flatMap(({ map }) => whyUnsettable(map) ?? []);
}

function missingOfExpectation({ frames, maps }: PlannedExpectation): string[] {
  const missing = maps.flatMap(({ map }) => whyUnreadable(map) ?? []);
  if (frames.length > 0) missing.push("frames on interfaces: the simulator runs one program, not yet a network");
  return missing;
}

function missingOfPackets({ programType }: Plan, { packets }: PlannedSend): string[] {
  return packets.flatMap((packet, i) => {
    const name = packets.length > 1 ? `packet ${i + 1}` : "the packet";
    const reason = whyNotTaken(programType, packet);
    return reason === undefined ? [] : [`${name} ${reason}`];
  });
}

function missingOfContext({ programType }: Plan, step: PlannedSend): string[] {
  const known = inputFieldsOf(programType);
  const expected = expectationsOn("sim", step.expect).flatMap(({ context }) => Object.keys(context));
  return [...Object.keys(step.context), ...expected]
    .filter((name) => !known.includes(name))
    .map((name) => `context field ${name} of ${programType} programs is not simulated`);
}
