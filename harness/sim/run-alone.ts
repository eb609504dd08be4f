import { verdictName } from "../model/hook.js";
import type { PlannedSend } from "../model/plan.js";
import { ProgramFault } from "./fault.js";
import type { Instruments, RunPlace } from "./instruments.js";
import type { LoadedPlan } from "./loaded-plan.js";
import { targetNames } from "./redirect-targets.js";
import type { Outcome } from "./send.js";
import type { Tally } from "./tally.js";

export interface AloneWorld {
  /** The program that is in place. */
  readonly loaded: LoadedPlan;
  /** Names of the interfaces by index; 1 is the one that the packet comes in by. */
  readonly devices: readonly string[];
  readonly instruments: Instruments;
  readonly tally: Tally;
}

/** Runs the program under test on a packet as a test run does: nothing else is there. */
export function runAlone(step: PlannedSend, place: RunPlace, world: AloneWorld): Outcome {
  const { loaded, devices, instruments, tally } = world;
  const { plan, object } = loaded;
  const { hook, machine } = object;
  hook.accept(step.packets[place.packet]!, step.context);
  tally.start();
  const run = () => machine.run(object.program(plan.program.name), hook.context);
  try {
    if (instruments.around) instruments.around(place, object, run);
    else run();
  } catch (error) {
    if (error instanceof ProgramFault) return { fault: error.message };
    throw error;
  }
  const fault = hook.whyUnusable?.();
  if (fault !== undefined) return { fault };
  const returned = machine.arguments.result32 | 0;
  const isRedirected = verdictName(plan.programType, returned).endsWith("_REDIRECT");
  return {
    returned,
    bytes: hook.output(),
    fields: hook.outputFields(),
    targets: isRedirected ? targetNames(hook.redirect, object.maps, devices, 1) : [],
    cost: step.unjudged ? undefined : tally.read(machine),
  };
}
