import { sameBytes } from "../model/hex.js";
import { isDropped, verdictName, type ProgramType } from "../model/hook.js";
import type { Observation } from "../model/observation.js";
import type { FieldValue } from "../model/packet.js";
import type { PlannedSend } from "../model/plan.js";
import type { RunPlace } from "./instruments.js";
import type { Fields } from "./hooks/packet-hook.js";
import { whyTestRunRefuses } from "./hooks/test-run-input.js";
import type { Cost } from "./tally.js";
import type { World } from "./world.js";

/** Runs the program under test on one of a step's packets, in whatever surroundings; undefined where it is gone. */
export type RunOnce = (place: RunPlace) => Outcome | undefined;

export interface SendWorld {
  readonly type: ProgramType;
  /** Whether an XDP program knows of packets in several buffers. */
  readonly frags: boolean;
  readonly world: World;
  readonly runOnce: RunOnce;
}

/** What one run came to: an answer, or a fault. */
export type Outcome =
  | {
      readonly returned: number;
      /** Undefined where no packet comes out. */
      readonly bytes: Uint8Array | undefined;
      readonly fields: Fields;
      /** Names of interfaces that the packet is redirected to, or of the socket. */
      readonly targets: readonly string[];
      /** Undefined where nobody asks. */
      readonly cost: Cost | undefined;
    }
  | { readonly fault: string };

interface Result {
  readonly outcome: Outcome;
  runs: number;
  /** What the runs cost, each different cost once. */
  readonly costs: Cost[];
}

/** Beyond this many different results of one packet, further ones are not kept. */
const mostResults = 1000;

/** Beyond this many different costs of one result, further ones are not kept. */
const mostCosts = 100;

/** Runs the program with each packet, `times` times, each time fresh; senders are CPUs and take turns. */
export function runSend(step: PlannedSend, world: SendWorld): Observation[] {
  return step.packets.flatMap((input, packet): Observation[] => {
    const reason = step.unjudged && whyTestRunRefuses(world.type, input, world.frags);
    if (reason) return [{ kind: "refused", step: step.index, packet, message: `the packet ${reason}` }];
    const results = runTimes(step, packet, world);
    return results.flatMap((result) => observationsOf(step, world.type, packet, result));
  });
}

/** The different outcomes: a thousand runs with the same one are one fact. */
function runTimes(step: PlannedSend, packet: number, { world, runOnce }: SendWorld): Result[] {
  const results: Result[] = [];
  for (let run = 0; run < step.times; run++) {
    world.cpu = run % step.senders;
    const outcome = runOnce({ step: step.index, packet, repetition: run });
    if (!outcome) continue;
    const known = results.find((result) => isSame(result.outcome, outcome));
    if (known) known.runs++;
    else if (results.length < mostResults) results.push({ outcome, runs: 1, costs: [] });
    if (!("fault" in outcome) && outcome.cost) addCost((known ?? results.at(-1)!).costs, outcome.cost);
  }
  return results;
}

function addCost(costs: Cost[], cost: Cost): void {
  const text = JSON.stringify(cost);
  if (costs.length < mostCosts && !costs.some((known) => JSON.stringify(known) === text)) costs.push(cost);
}

function observationsOf(
  { index: step, times, unjudged }: PlannedSend,
  type: ProgramType,
  packet: number,
  { outcome, runs, costs }: Result,
): Observation[] {
  if ("fault" in outcome) return [{ kind: "fault", step, packet, message: outcome.fault }];
  const { returned, bytes, fields, targets } = outcome;
  const possible = [verdictName(type, returned)];
  const evidence = times === 1 ? `returned ${returned}` : `returned ${returned} in ${runs} of ${times} runs`;
  const seen: Observation[] = [
    { kind: "verdict", step, packet, possible, evidence, returned, durationNs: undefined },
    { kind: "context", step, packet, fields },
  ];
  if (bytes && (unjudged || !isDropped(type, returned)))
    seen.push({ kind: "packet", step, packet, place: "output", bytes, timestampNs: undefined });
  for (const cost of costs) seen.push({ kind: "cost", step, packet, ...cost });
  for (const target of targets) seen.push({ kind: "redirect", step, packet, target });
  return seen;
}

function isSame(a: Outcome, b: Outcome): boolean {
  if ("fault" in a || "fault" in b) return "fault" in a && "fault" in b && a.fault === b.fault;
  return (
    a.returned === b.returned &&
    (a.bytes && b.bytes ? sameBytes(a.bytes, b.bytes) : a.bytes === b.bytes) &&
    Object.keys(a.fields).every((name) => isSameValue(a.fields[name], b.fields[name])) &&
    isSameList(a.targets, b.targets)
  );
}

/** Of a context field: a number, a list of numbers or bytes. */
function isSameValue(a: FieldValue | undefined, b: FieldValue | undefined): boolean {
  if (a instanceof Uint8Array) return b instanceof Uint8Array && sameBytes(a, b);
  return Array.isArray(a) ? Array.isArray(b) && isSameList(a, b) : a === b;
}

function isSameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}
