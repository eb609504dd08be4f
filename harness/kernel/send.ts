import { sameBytes } from "../model/hex.js";
import { verdictName, type ProgramType } from "../model/hook.js";
import { isPerCpu } from "../model/object.js";
import type { Observation } from "../model/observation.js";
import type { FieldValue, Packet } from "../model/packet.js";
import type { Plan, PlannedSend } from "../model/plan.js";
import { emptyFields, testRunInputs, testRunOutputs, type TestRunOutputs } from "./context.js";
import { onCpu } from "./cpus.js";
import { expectationsOn } from "./expected.js";
import { linkLayer, type LinkLayer } from "./link-layer.js";
import type { TestNetwork } from "./test-network.js";
import type { TestRun } from "./test-run.js";

/** What one or more runs with the same packet came to. */
interface Result {
  readonly returned: number;
  readonly bytes: Uint8Array | undefined;
  readonly fields: Readonly<Record<string, FieldValue>>;
  readonly durationNs: number;
  runs: number;
}

/** Beyond this many different results for one packet only their number goes on counting. */
const mostResults = 1000;

export interface SendWorld {
  readonly plan: Plan;
  readonly programFd: number;
  readonly testRun: TestRun;
  readonly network: TestNetwork;
}

/**
 * Runs the program with each packet, `times` times, each time fresh. One observation for each different result of a
 * packet: a thousand runs with the same outcome are one fact.
 */
export function runSend(step: PlannedSend, world: SendWorld): Observation[] {
  const { plan, testRun, network } = world;
  const context = network.provide(step.context);
  testRun.select(world.programFd, plan.programType);
  const shares = sharesOf(step.times, step.senders);
  const pinned = step.senders > 1 || plan.object.maps.some((map) => isPerCpu(map.type));
  return network.inside(() =>
    step.packets.flatMap((packet, index) => {
      const results: Result[] = [];
      const runShare = (runs: number): void => runPacket(world, step, packet, context, runs, results);
      // Where per-CPU values are looked at, it has to be known which CPU counted.
      shares.forEach((runs, sender) => (pinned ? onCpu(sender, () => runShare(runs)) : runShare(runs)));
      const total = results.reduce((sum, { runs }) => sum + runs, 0);
      return results.flatMap((result) => observationsOf(step, plan.programType, index, result, total));
    }),
  );
}

/** How many of `times` runs each sender makes. */
function sharesOf(times: number, senders: number): number[] {
  return Array.from({ length: senders }, (_, i) => Math.floor(times / senders) + (i < times % senders ? 1 : 0));
}

function runPacket(
  { plan, testRun }: SendWorld,
  step: PlannedSend,
  packet: Packet,
  context: Readonly<Record<string, FieldValue>>,
  runs: number,
  results: Result[],
): void {
  const type = plan.programType;
  const link = linkLayer(type, packet);
  const fields = expectsContext(step) ? { ...emptyFields(type), ...context } : context;
  const { data, context: contextIn } = testRunInputs(type, packet, link.wrapped, fields);
  for (let left = runs; left > 0;) {
    testRun.clear();
    testRun.add(data, contextIn);
    for (left--; left > 0 && !testRun.full; left--) testRun.addAgain();
    testRun.run();
    for (let slot = 0; slot < testRun.used; slot++) {
      const outputs = testRunOutputs(type, testRun.packetOut(slot), testRun.context(slot));
      count(results, testRun.returned(slot), outputs, link, testRun.durationNs(slot));
    }
  }
}

function expectsContext(step: PlannedSend): boolean {
  return expectationsOn("kernel", step.expect).some(({ context }) => Object.keys(context).length > 0);
}

function count(
  results: Result[],
  returned: number,
  { bytes: out, fields }: TestRunOutputs,
  link: LinkLayer,
  durationNs: number,
): void {
  const bytes = out && link.unwrap(out);
  const known = results.find((result) => result.returned === returned && sameOutput(result, bytes, fields));
  if (known) known.runs++;
  else if (results.length < mostResults) results.push({ returned, bytes: bytes?.slice(), fields, durationNs, runs: 1 });
}

function sameOutput(result: Result, bytes: Uint8Array | undefined, fields: Result["fields"]): boolean {
  const same = result.bytes === bytes || (result.bytes && bytes && sameBytes(result.bytes, bytes));
  return same === true && Object.entries(fields).every(([name, value]) => sameField(result.fields[name], value));
}

function sameField(a: FieldValue | undefined, b: FieldValue): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return sameBytes(a, b);
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => item === b[i]);
  return a === b;
}

function observationsOf(
  { index: step }: PlannedSend,
  type: ProgramType,
  packet: number,
  { returned, bytes, fields, durationNs, runs }: Result,
  total: number,
): Observation[] {
  const name = verdictName(type, returned);
  const evidence = total === 1 ? `retval ${returned}` : `retval ${returned} in ${runs} of ${total} runs`;
  const seen: Observation[] = [{ kind: "verdict", step, packet, possible: [name], evidence, returned, durationNs }];
  if (bytes && !isDropped(type, name, returned))
    seen.push({ kind: "packet", step, packet, place: "output", bytes, timestampNs: undefined });
  if (Object.keys(fields).length > 0) seen.push({ kind: "context", step, packet, fields });
  return seen;
}

/** The kernel gives the bytes of a dropped packet back as well, but nothing comes out of the program. */
function isDropped(type: ProgramType, verdict: string, returned: number): boolean {
  return type === "socket_filter" ? returned === 0 : /DROP|ABORTED|SHOT/.test(verdict);
}
