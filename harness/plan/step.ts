import type { FieldValue } from "../model/packet.js";
import type { PlannedRun, PlannedStep } from "../model/plan.js";
import type { Located, Step } from "../model/scenario.js";
import type { OpenCapture } from "./capture.js";
import { didYouMean, wrong, type PlanContext } from "./context.js";
import { planExpectation } from "./expect.js";
import { planDeletes, planMaps } from "./map-entries.js";
import { findPlace } from "./place.js";
import { planProperty } from "./property.js";
import { planPackets } from "./send.js";
import { sweepPacket } from "./sweep.js";
import type { Swaps } from "./swaps.js";
import { planTcp } from "./tcp.js";

/** What a step's plan depends on besides the step. */
interface StepInputs {
  readonly openCapture: OpenCapture;
  readonly swaps: Swaps;
  /** Those in the background. */
  readonly commands: ReadonlyMap<string, PlannedRun>;
}

/** A step with its packets built and its names looked up; what is wrong is collected in the context. */
export async function planStep(
  context: PlanContext,
  step: Step,
  index: number,
  { openCapture, swaps, commands }: StepInputs,
): Promise<PlannedStep> {
  const base = { index, label: step.label, span: step.span, expect: planExpectation(context, step.expect) };
  switch (step.kind) {
    case "send": {
      const { times, senders } = step;
      const from = (step.from && findPlace(context, step.from)) ?? context.topology.from;
      const written = await planPackets(context, step.packets, openCapture);
      const { sweep } = step;
      const packets = sweep ? written.flatMap((each) => sweepPacket(each, sweep, context.programType)) : written;
      if (step.meanwhile && packets.length > 1)
        wrong(context, step.meanwhile.span, "'meanwhile' goes with one packet, sent many times");
      const path = [step.expect, ...Object.values(step.expect.on)].find((each) => each.path)?.path;
      if (path?.[0] && packets.length * times !== 1)
        wrong(
          context,
          path[0].span,
          "'path' goes with one packet, sent once",
          "put each packet into a step of its own",
        );
      const meanwhile = step.meanwhile && (await swaps.plan(step.meanwhile));
      return { ...base, kind: "send", packets, from, times, senders, context: valuesOf(step.context), meanwhile };
    }
    case "property":
      return { ...base, ...(await planProperty(context, step)) };
    case "maps": {
      // A key that is both deleted and set is replaced: the old entry goes first.
      const patches = [...planDeletes(context, step.delete), ...planMaps(context, step.set)];
      return { ...base, kind: "maps", patches };
    }
    case "ping":
    case "http":
      checkHost(context, step.from);
      return { ...step, ...base };
    case "run":
      checkHost(context, step.host);
      return { ...step, ...base };
    case "swap": {
      const swap = await swaps.plan(step.swap);
      return swap ? { ...base, kind: "swap", swap } : { ...base, kind: "expect" };
    }
    case "clock":
      return { ...base, kind: "clock", advanceMs: step.advanceMs };
    case "wait": {
      const started = commands.get(step.command.value);
      // Without its beginning a wait has nothing to judge: `checkBackground` tells.
      return started ? { ...base, kind: "wait", started } : { ...base, kind: "expect" };
    }
    case "tcp":
      return { ...planTcp(context, step, index), ...base };
    case "unload":
    case "expect":
      return { ...base, kind: step.kind };
  }
}

function valuesOf(context: Readonly<Record<string, Located<FieldValue>>>): Record<string, FieldValue> {
  return Object.fromEntries(Object.entries(context).map(([name, { value }]) => [name, value]));
}

/** Clients run in a host's namespace, so a host is named, not one of its interfaces. */
export function checkHost(context: PlanContext, { value, span }: Located<string>): void {
  const names = context.topology.hosts.map(({ name }) => name);
  if (names.includes(value)) return;
  wrong(context, span, `the topology has no host '${value}'`, didYouMean(value, names, "hosts"));
}
