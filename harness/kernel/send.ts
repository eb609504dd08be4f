import { expectationsOn } from "../model/expectations.js";
import { HarnessError } from "../model/error.js";
import { isDropped, verdictName, type ProgramType } from "../model/hook.js";
import { isPerCpu } from "../model/object.js";
import type { Observation } from "../model/observation.js";
import type { Plan, PlannedSend } from "../model/plan.js";
import { emptyFields, testRunInputs, testRunOutputs, type TestRunInputs } from "./context.js";
import { onCpu } from "./cpus.js";
import { linkLayer, type LinkLayer } from "./link-layer.js";
import { whyNotTaken } from "./missing.js";
import { collectResults, type Result } from "./results.js";
import type { TestNetwork } from "./test-network.js";
import type { TestRun } from "./test-run.js";
import { WrongSumError } from "./test-run-error.js";

export interface SendWorld {
  readonly plan: Plan;
  /** The repetitions of a packet are spread evenly over these, in their order. */
  readonly programFds: readonly number[];
  readonly testRun: TestRun;
  readonly network: TestNetwork;
}

/** Runs the program with each packet, `times` times, each time fresh; one observation for each different result. */
export function runSend(step: PlannedSend, world: SendWorld): Observation[] {
  const { plan, testRun, network, programFds } = world;
  const { programType } = plan;
  const context = { ...(expectsContext(step) && emptyFields(programType)), ...network.provide(step.context) };
  const shares = programFds.flatMap((programFd, i) => {
    const times = sharesOf(step.times, programFds.length)[i]!;
    return sharesOf(times, step.senders).map((runs, sender) => ({ programFd, sender, runs }));
  });
  // Where per-CPU values are looked at, it has to be known which CPU counted.
  const pinned = step.unjudged || step.senders > 1 || plan.object.maps.some((map) => isPerCpu(map.type));
  return network.inside(() =>
    step.packets.flatMap((packet, index): Observation[] => {
      const reason = step.unjudged && whyNotTaken(plan, packet);
      if (reason) return [refusal(step, index, `the packet ${reason}`)];
      const link = linkLayer(programType, packet);
      const inputs = testRunInputs(programType, packet, link.wrapped, context);
      const results: Result[] = [];
      for (const { programFd, sender, runs } of shares) {
        if (runs === 0) continue;
        testRun.select(programFd, programType);
        const work = (): void => runTimes(testRun, inputs, runs, results);
        const trouble = unlessTrouble(step, index, () => (pinned ? onCpu(sender, work) : work()));
        if (trouble) return [trouble];
      }
      return results.flatMap((result) => observationsOf(step, programType, index, result, link));
    }),
  );
}

/**
 * Runs `work`; that the packet's sum is wrong afterwards is a fault of the program, and where nobody judges the step, the
 * kernel's refusal of the packet is a result like any other.
 */
function unlessTrouble(step: PlannedSend, packet: number, work: () => void): Observation | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof WrongSumError) return { kind: "fault", step: step.index, packet, message: error.message };
    if (!step.unjudged || !(error instanceof HarnessError) || error.code !== "packet") throw error;
    const hint = error.diagnostics[0]?.hint;
    return refusal(step, packet, hint === undefined ? error.message : `${error.message} (${hint})`);
  }
}

function refusal({ index: step }: PlannedSend, packet: number, message: string): Observation {
  return { kind: "refused", step, packet, message };
}

function expectsContext(step: PlannedSend): boolean {
  return expectationsOn("kernel", step.expect).some(({ context }) => Object.keys(context).length > 0);
}

/** `times` runs dealt out to so many. */
function sharesOf(times: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => Math.floor(times / count) + (i < times % count ? 1 : 0));
}

function runTimes(testRun: TestRun, { data, context, flags }: TestRunInputs, runs: number, results: Result[]): void {
  for (let left = runs; left > 0;) {
    testRun.clear();
    testRun.add(data, context, flags);
    for (left--; left > 0 && !testRun.full; left--) testRun.addAgain();
    testRun.run();
    collectResults(testRun, results);
  }
}

function observationsOf(
  { index: step, times, unjudged }: PlannedSend,
  type: ProgramType,
  packet: number,
  { returned, data, context, durationNs, runs }: Result,
  link: LinkLayer,
): Observation[] {
  const name = verdictName(type, returned);
  const evidence = times === 1 ? `retval ${returned}` : `retval ${returned} in ${runs} of ${times} runs`;
  const { bytes, fields } = testRunOutputs(type, data, context);
  const seen: Observation[] = [{ kind: "verdict", step, packet, possible: [name], evidence, returned, durationNs }];
  // The kernel gives the bytes of a dropped packet back as well.
  if (bytes && (unjudged || !isDropped(type, returned)))
    seen.push({ kind: "packet", step, packet, place: "output", bytes: link.unwrap(bytes), timestampNs: undefined });
  if (Object.keys(fields).length > 0) seen.push({ kind: "context", step, packet, fields });
  return seen;
}
