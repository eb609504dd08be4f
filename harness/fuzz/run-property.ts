import { randomBytes } from "node:crypto";
import type { BackendName } from "../model/backend.js";
import { isDropped, verdictName } from "../model/hook.js";
import type { Observation } from "../model/observation.js";
import type { Mismatch } from "../model/outcome.js";
import type { Packet } from "../model/packet.js";
import type { Plan, PlannedProperty, PlannedSend } from "../model/plan.js";
import { judge, type Judgement } from "../judge/judge.js";
import { summary } from "../packet/print.js";
import { toScapy } from "../packet/text.js";
import { checkProperty, sourceOf, type Examine } from "./check-property.js";
import type { Command, Input } from "./input.js";
import { Laboratory, type Peer } from "./laboratory.js";
import { interpreterPeer, twinPeer, whyUnsettled } from "./peers.js";
import { defaultProperties, properties } from "./properties.js";
import type { Violation } from "./property.js";
import { SimTarget } from "./sim-target.js";

/** Runs the property step of a plan: on `kernel`, the kernel has to agree with the simulator on every packet. */
export async function runProperty(plan: Plan, step: PlannedProperty, backend: BackendName): Promise<Judgement> {
  const unsettled = backend === "kernel" ? whyUnsettled(plan.object) : undefined;
  if (unsettled !== undefined)
    return { mismatches: [], missing: [`an answer to compare with the simulator's: ${unsettled}`] };
  const peers = await peersOf(plan, step, backend);
  const chosen = step.invariants
    ? properties.filter(({ name }) => step.invariants!.some((wanted) => wanted === name))
    : defaultProperties;
  const agreement = properties.filter(
    ({ kind, name }) => kind === "agreement" && backend === "kernel" && !chosen.some((each) => each.name === name),
  );
  const laboratory = new Laboratory(plan, { properties: [...chosen, ...agreement], peers, before: inputBefore(plan) });
  const expected = expectedOf(plan, step, backend);
  try {
    const examine: Examine = (input) => laboratory.examine(input) ?? expected?.(input);
    const { found, runs } = checkProperty(sourceOf(plan, step), examine, { runs: step.runs, seed: plan.seed });
    if (!found) return { mismatches: [], missing: [] };
    const details = [...inputLines(found.input), `found in run ${runs}, ${found.shrinks} simplifications`];
    return { mismatches: [mismatchOf(found.violation, step, details)], missing: [] };
  } finally {
    laboratory.close();
  }
}

/** The steps before the property, as what they do to the program. */
function inputBefore({ steps }: Plan): Input {
  return steps.flatMap((step): Command[] => {
    if (step.kind === "maps") return [{ kind: "update", patches: step.patches }];
    if (step.kind === "clock") return [{ kind: "clock", durationNs: BigInt(step.advanceMs) * 1_000_000n }];
    if (step.kind !== "send") return [];
    const packets = step.packets.map((packet): Command => ({ kind: "packet", packet }));
    return Array.from({ length: step.times }, () => packets).flat();
  });
}

async function peersOf(plan: Plan, step: PlannedProperty, backend: BackendName): Promise<Peer[]> {
  const peers: Peer[] = step.twin ? [twinPeer(plan, step.twin)] : [];
  const agrees = step.invariants?.includes("backends-agree") ?? true;
  if (agrees) peers.push(interpreterPeer(plan));
  if (backend === "kernel") peers.push(await kernelPeer(plan));
  return peers;
}

/** Throws HarnessError where the kernel refuses the object. */
export async function kernelPeer(plan: Plan): Promise<Peer> {
  const { KernelTarget } = await import("./kernel-target.js");
  const target = new KernelTarget(plan, randomBytes(3).toString("hex"));
  return { target, programType: plan.programType, property: "backends-agree" };
}

/** What the scenario says of every packet in so many words; undefined where it says nothing of the kind. */
function expectedOf(plan: Plan, step: PlannedProperty, backend: BackendName): Examine | undefined {
  const { verdict, packet } = step.expect;
  if (!verdict && !packet) return undefined;
  const target = new SimTarget(plan);
  const before = inputBefore(plan);
  return (input) => {
    target.reset();
    for (const [index, command] of [...before, ...input].entries()) {
      if (command.kind === "update") target.update(command.patches);
      else if (command.kind === "clock") target.advance(command.durationNs);
      else {
        const { returned, bytes } = target.run(command.packet);
        if (index < before.length) continue;
        const send = sendOf(step, command.packet);
        const seen = observationsOf(plan, returned, bytes);
        const [first] = judge({ ...plan, steps: [send] }, backend, seen).mismatches;
        if (first) return { ...first, property: "expect", key: `expect ${first.what}` };
      }
    }
    return undefined;
  };
}

function sendOf(step: PlannedProperty, packet: Packet): PlannedSend {
  const from = { host: "", dev: "" };
  return { ...step, index: 0, kind: "send", packets: [packet], from, times: 1, senders: 1, context: {} };
}

function observationsOf({ programType }: Plan, returned: number, bytes: Uint8Array): Observation[] {
  const at = { step: 0, packet: 0 };
  const possible = [verdictName(programType, returned)];
  const evidence = `returned ${returned}`;
  const seen: Observation[] = [{ kind: "verdict", ...at, possible, evidence, returned, durationNs: undefined }];
  if (!isDropped(programType, returned))
    seen.push({ kind: "packet", ...at, place: "output", bytes, timestampNs: undefined });
  return seen;
}

function mismatchOf(
  { property, what, expected, actual, details }: Violation,
  step: PlannedProperty,
  more: string[],
): Mismatch {
  const name = property === "expect" ? what : `${property}: ${what}`;
  return { what: name, expected, actual, span: step.span, step: step.label, details: [...details, ...more] };
}

/** The input, one line a command. */
export function inputLines(input: Input): string[] {
  return input.flatMap((command) => {
    switch (command.kind) {
      case "packet":
        return [`packet          ${summary(command.packet)}`, `  as Scapy      ${toScapy(command.packet)}`];
      case "update":
        return command.patches.map(({ map, op }) => `map ${map.name}: one entry ${op === "set" ? "set" : "deleted"}`);
      case "clock":
        return [`clock           ${Number(command.durationNs / 1_000_000n)} ms later`];
    }
  });
}
