import { harnessError } from "../model/error.js";
import type { Observation } from "../model/observation.js";
import type { PlannedSend, PlannedSwap } from "../model/plan.js";
import { formatPlace, type Topology } from "../model/topology.js";
import type { Network } from "../../netns/network.js";
import { isEgress, type DeviceHook } from "../model/hook.js";
import { withoutHeard } from "./bystanders.js";
import { onOneCpu } from "./cpu.js";
import { isTagged } from "./ether-types.js";
import type { Fence } from "./fence.js";
import { sortFrames, type Output, type Window } from "./outputs.js";
import type { Ports } from "./ports.js";
import type { CapturedFrame } from "./port/port.js";
import { concise, neverRan, packetObservation, verdictObservation } from "./send-observations.js";
import { startSenders, type Senders } from "./senders.js";
import { redirectTargets, tcFindings, xdpFindings, type Finding, type XdpCounts } from "./verdict.js";
import { whereaboutsIn } from "../model/whereabouts.js";
import type { XdpWatch } from "./xdp-tracer.js";

/** So many frames go out before the program is given time to catch up: fewer than a veth's ring holds (256). */
const burst = 64;

/** What `send` needs to know of the case that it is part of. */
export interface SendContext {
  readonly network: Network;
  readonly topology: Topology;
  readonly hook: DeviceHook;
  readonly ports: Ports;
  readonly fence: Fence;
  /** Whether frames are sent by this very thread. */
  readonly inline: boolean;
  /** False once the program has been unloaded. */
  readonly attached: boolean;
  /** Whether the packets may go by other programs alone. */
  readonly mayMiss: boolean;
  /** Watching the attached XDP program; undefined for other hooks, and where tracepoints cannot be had. */
  readonly watch: XdpWatch | undefined;
  /** Makes `count` replacements of a swap's, after `done` others. */
  readonly swap: (swap: PlannedSwap, count: number, done: number) => void;
}

/**
 * Sends a step's packets one after the other and finds out what became of each. `times` repetitions of one packet
 * go together: they are alike.
 */
export async function runSend(step: PlannedSend, context: SendContext): Promise<readonly Observation[]> {
  const before = await takeAll(context.ports);
  const observations: Observation[] = before.map((frame) => packetObservation(step, undefined, frame, context));
  const inline = context.inline && step.senders === 1 && !step.meanwhile;
  const senders = await startSenders(step, context.network, context.ports.at(step.from));
  const run = async (): Promise<void> => {
    for (const packet of step.packets.keys())
      observations.push(...(await runPacket(step, packet, senders, { ...context, inline })));
  };
  try {
    await (inline ? onOneCpu(run) : run());
  } finally {
    await senders.close();
  }
  for (const port of context.ports.all) {
    const lost = await port.lost();
    if (lost) throw harnessError("io", `${lost} frames were lost at ${formatPlace(port.place)}`, tooFast);
  }
  return concise(observations);
}

const tooFast = { hint: "send fewer at once (times), or from fewer senders" };

async function runPacket(
  step: PlannedSend,
  index: number,
  senders: Senders,
  context: SendContext,
): Promise<readonly Observation[]> {
  const { fence, ports, topology, hook, attached } = context;
  const sent = step.packets[index]!.bytes;
  const runsBefore = fence.runs();
  const countsBefore = context.watch?.read();
  const frames: CapturedFrame[] = [];
  let ran = true;
  for (let done = 0; done < step.times && ran; done += burst) {
    const count = Math.min(burst, step.times - done);
    const sending = senders.send(sent, count);
    if (step.meanwhile && index === 0) {
      const [before, after] = [done, done + count].map((share) => swapsAt(step, step.meanwhile!, share));
      context.swap(step.meanwhile, after! - before!, before!);
    }
    await sending;
    ran = context.mayMiss || (await fence.reached(runsBefore + done + count));
    if (step.times > burst) frames.push(...(await takeAll(ports)));
  }
  frames.push(...(await fence.settle(context.inline)));
  const runs = fence.runs() - runsBefore;
  const window: Window = {
    hook,
    attachedDev: topology.attach.dev,
    times: step.times,
    runs: attached ? runs : step.times,
    sent,
    frames: inOrderOfTime(withoutHeard(frames, sent, step, topology, hook)),
    whereabouts: whereaboutsIn(topology, hook),
    silentStack: isSilent(topology),
  };
  const { outputs, strays } = sortFrames(window);
  const findings =
    attached && runs > 0 ? findingsOf(window, outputs, difference(countsBefore, context.watch?.read())) : [];
  return [
    ...(ran ? [] : [neverRan(step, index, runs, topology.attach)]),
    ...findings.map((finding) => verdictObservation(step, index, finding)),
    ...redirectTargets(outputs, findings).map(
      (target) => ({ kind: "redirect", step: step.index, packet: index, target }) as const,
    ),
    ...outputs
      .filter((output) => !hasLostTags(output, window))
      .map(({ frame }) => packetObservation(step, index, frame, context)),
    ...strays.map((frame) => packetObservation(step, undefined, frame, context)),
  ];
}

/** How many of a swap's replacements are made by the time that so many repetitions are sent. */
function swapsAt({ times }: PlannedSend, swap: PlannedSwap, sent: number): number {
  return Math.floor((swap.times * sent) / times);
}

async function takeAll(ports: Ports): Promise<readonly CapturedFrame[]> {
  const frames: CapturedFrame[] = [];
  for (const port of ports.all) frames.push(...(await port.receive()));
  return frames;
}

function findingsOf(window: Window, outputs: readonly Output[], counts: XdpCounts | undefined): readonly Finding[] {
  return window.hook.startsWith("xdp") ? xdpFindings(window, outputs, counts) : tcFindings(window, outputs);
}

function difference(before: XdpCounts | undefined, after: XdpCounts | undefined): XdpCounts | undefined {
  if (!before || !after) return undefined;
  return {
    aborted: after.aborted - before.aborted,
    txFailed: after.txFailed - before.txFailed,
    invalid: after.invalid - before.invalid,
    redirected: after.redirected - before.redirected,
    redirectFailed: after.redirectFailed - before.redirectFailed,
  };
}

/** Without timestamps the order of fetching has to do. */
function inOrderOfTime(frames: readonly CapturedFrame[]): readonly CapturedFrame[] {
  if (frames.some(({ timestampNs }) => timestampNs === undefined)) return frames;
  return frames.toSorted((a, b) => Number(a.timestampNs! - b.timestampNs!));
}

/** Whether the stack of the program's host keeps everything to itself. */
function isSilent(topology: Topology): boolean {
  const host = topology.hosts.find(({ name }) => name === topology.attach.host)!;
  const quiet = host.interfaces.every(({ addresses }) => addresses.length === 0);
  return quiet && Object.keys(host.sysctls).length === 0;
}

/** Behind TC ingress the kernel has taken tags out for good: then the bytes are not known. */
function hasLostTags({ frame, where }: Output, { hook, sent }: Window): boolean {
  return (
    hook.startsWith("tc") && !isEgress(hook) && where.kind === "passed" && (frame.tagLost === true || isTagged(sent))
  );
}
