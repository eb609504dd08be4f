import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { BackendName } from "../model/backend.js";
import type { Observation, PacketObservation, VerdictObservation } from "../model/observation.js";
import type { CaseResult } from "../model/outcome.js";
import type { Plan, PlannedSend } from "../model/plan.js";
import { formatPlace } from "../model/topology.js";
import { joinBytes } from "../packet/join-bytes.js";
import { PcapngWriter, type PcapngPacket } from "../packet/capture/write-pcapng.js";

/**
 * A case as a pcapng file: every packet that went in and every one that came out, an interface block for
 * each hook and place, the verdict as `epb_verdict` and in words as the packet's comment.
 */
export function captureCase(plan: Plan, backend: BackendName, observations: readonly Observation[]): Uint8Array {
  const writer = new PcapngWriter({
    application: "packetproof",
    comment: `${plan.file} › ${plan.caseName} on ${backend}, seed ${plan.seed}`,
  });
  const packets = plan.steps
    .filter((step): step is PlannedSend => step.kind === "send")
    .flatMap((step) => packetsOfStep(plan, step, observations));
  return joinBytes([writer.section(), ...inOrderOfTime(packets).map((packet) => writer.packet(packet))]);
}

/** A packet whose time may be unknown: test runs have none, and what was sent is only seen where it arrives. */
type Timeless = Omit<PcapngPacket, "timestampNs"> & { readonly timestampNs: bigint | undefined };

function packetsOfStep(plan: Plan, step: PlannedSend, observations: readonly Observation[]): Timeless[] {
  const here = observations.filter((o) => "step" in o && o.step === step.index);
  const frames = here.filter((o): o is PacketObservation => o.kind === "packet");
  const verdicts = here.filter((o): o is VerdictObservation => o.kind === "verdict");
  const sent = step.packets.flatMap((packet, index): Timeless[] => {
    const verdict = verdicts.find((v) => v.packet === index);
    const told = verdict ? `${verdict.possible.join(" or ")} (${verdict.evidence})` : "no verdict seen";
    const input: Timeless = {
      packet,
      interfaceName: `into ${plan.hook} at ${formatPlace(plan.topology.attach)}`,
      direction: "inbound",
      comment: `${step.label}, packet ${index + 1}: ${told}`,
      timestampNs: undefined,
      verdict: programVerdict(plan, verdict),
    };
    return [input, ...frames.filter((f) => f.packet === index).map((f) => outputFrame(f, step, packet.linkType))];
  });
  const strays = frames.filter((f) => f.packet === undefined).map((f) => outputFrame(f, step, "ethernet"));
  return [...sent, ...strays];
}

/** pcapng has a place for what XDP and TC programs return, and for no others. */
function programVerdict({ programType }: Plan, verdict: VerdictObservation | undefined): PcapngPacket["verdict"] {
  if (verdict?.returned === undefined) return undefined;
  if (programType === "xdp") return { program: "xdp", returned: verdict.returned };
  return programType === "sched_cls" ? { program: "tc", returned: verdict.returned } : undefined;
}

function outputFrame(
  frame: PacketObservation,
  step: PlannedSend,
  linkType: PcapngPacket["packet"]["linkType"],
): Timeless {
  const { place, bytes, timestampNs } = frame;
  const from = frame.packet === undefined ? "that nothing accounts for" : `from packet ${frame.packet + 1}`;
  return {
    packet: { linkType: place === "output" ? linkType : "ethernet", bytes },
    interfaceName: place === "output" ? "output of the test run" : `${formatPlace(place.at)} ${place.direction}`,
    direction: "outbound",
    comment: `${step.label}, ${from}`,
    timestampNs,
  };
}

/** Gives packets without a time that of their neighbour, a microsecond on, so that viewers keep their order. */
function inOrderOfTime(packets: readonly Timeless[]): PcapngPacket[] {
  const firstTimed = packets.findIndex((packet) => packet.timestampNs !== undefined);
  const startNs = (packets[firstTimed]?.timestampNs ?? 0n) - 1000n * BigInt(Math.max(0, firstTimed) + 1);
  let clockNs = startNs > 0n ? startNs : 0n;
  return packets.map((packet) => {
    clockNs = packet.timestampNs ?? clockNs + 1000n;
    return { ...packet, timestampNs: clockNs };
  });
}

/** Writes the case's capture below `folder`, in a file named after scenario, case and backend; returns its path. */
export async function saveCapture(
  folder: string,
  plan: Plan,
  backend: BackendName,
  observations: readonly Observation[],
): Promise<string> {
  const file = captureFile(folder, { file: plan.file, case: plan.caseName, backend });
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, captureCase(plan, backend, observations));
  return file;
}

/** Where a case's capture, or what else there is of it, stands below a folder. */
export function captureFile(
  folder: string,
  of: Pick<CaseResult, "file" | "case" | "backend">,
  ending = "pcapng",
): string {
  const scenario = of.file.replace(/\.ya?ml$/, "").replace(/^(\.*\/)+/, "");
  return join(folder, scenario, `${fileName(of.case)}.${of.backend}.${ending}`);
}

/** Letters and digits of a case's name, cut to what file systems take. */
function fileName(caseName: string): string {
  return caseName
    .replace(/[^\p{L}\p{N}=]+/gu, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 80);
}
