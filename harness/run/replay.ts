import type { BackendName, Session, SessionOptions } from "../model/backend.js";
import { HarnessError, harnessError } from "../model/error.js";
import { toHex } from "../model/hex.js";
import type { ProgramType } from "../model/hook.js";
import type { BpfObject } from "../model/object.js";
import type { Observation } from "../model/observation.js";
import type { Plan, PlannedSend } from "../model/plan.js";
import { replaySchemaVersion, type ReplayedPacket, type ReplayRecord, type ReplayReport } from "../model/replay.js";
import type { WrittenEntry } from "../model/scenario.js";
import type { CapturedPacket } from "../packet/capture/captured-packet.js";
import { parseFrames } from "../packet/capture/frames.js";
import { readCapture } from "../packet/capture/read.js";
import { planReplay } from "../plan/replay.js";
import { replayProgram } from "../plan/replay-program.js";
import { hasCoreRelocations, ownKernelBtf } from "./kernel-btf.js";
import { readInput } from "./read-input.js";
import { compareMaps } from "./replay-maps.js";
import { Sessions } from "./run.js";

export interface ReplayOptions {
  readonly object: BpfObject;
  /** A pcap or pcapng file, gzipped or not. */
  readonly packets: string;
  readonly backends: readonly BackendName[];
  /** C name; undefined = the object's only program. */
  readonly program?: string | undefined;
  /** What the program is run as, where its section does not say: `xdp`, `tc`, `socket_filter`, … */
  readonly type?: string | undefined;
  /** Contents of maps before the first packet (`parseMapContents`). */
  readonly maps?: readonly WrittenEntry[];
  /** `1-20,25`; undefined = all. */
  readonly frames?: string | undefined;
  readonly seed?: number;
  /**
   * What the simulator resolves CO-RE relocations against; undefined = this machine's kernel where the kernel backend
   * takes part, else the object's own types.
   */
  readonly kernelBtf?: Uint8Array | undefined;
  readonly signal?: AbortSignal;
}

export interface Replay {
  readonly report: ReplayReport;
  /** What went in, in the order of `report.packets`. */
  readonly packets: readonly CapturedPacket[];
  readonly plan: Plan;
}

/** Packets, and what became of each on each backend, are all in memory. */
const mostPackets = 100_000;

/**
 * Runs a program on the packets of a capture, on each backend with fresh maps, which then live from packet to packet.
 *
 * @throws HarnessError for input that is wrong; what a program, a verifier or a backend refuses is in the records
 */
export async function replayCapture(options: ReplayOptions): Promise<Replay> {
  const { object, backends, maps = [], seed = 0, signal = new AbortController().signal } = options;
  const program = replayProgram(object, options.program, options.type);
  const packets = await packetsOf(options);
  const plan = planReplay({ object, program, packets: packets.map(({ packet }) => packet), maps, seed });
  const answers = new Map<BackendName, Answers>();
  const kernelBtf = hasCoreRelocations(object)
    ? (options.kernelBtf ?? (backends.includes("kernel") ? await ownKernelBtf() : undefined))
    : undefined;
  const sessions = new Sessions({ port: "af_packet", signal, kernelBtf });
  try {
    for (const backend of backends) answers.set(backend, await answersOf(plan, await sessions.get(backend)));
    const simulated = answers.get("sim");
    if (simulated && answers.size > 1)
      answers.set("sim", await withClearedStack(plan, simulated, { signal, kernelBtf }));
  } finally {
    await sessions.close();
  }
  return { report: reportOf(plan, packets, answers), packets, plan };
}

async function packetsOf({ packets: file, frames }: ReplayOptions): Promise<CapturedPacket[]> {
  const ranges = frames === undefined ? undefined : parseFrames(frames);
  const found: CapturedPacket[] = [];
  for await (const packet of readCapture(await readInput(file), file, { frames: ranges })) {
    found.push(packet);
    if (found.length > mostPackets)
      throw harnessError("capture", `${file} has more than ${mostPackets} packets to replay at once`, {
        hint: `pick some: --frames 1-${mostPackets}`,
      });
  }
  if (found.length > 0) return found;
  throw harnessError("capture", `nothing to replay from ${file}`, {
    hint: frames === undefined ? "the capture is empty" : `it has no packet in --frames ${frames}`,
  });
}

interface Answers {
  readonly observations: readonly Observation[];
  readonly unsupported: string | undefined;
  /** By index of the packet: faults of another run, from which this one differs by leniency. */
  readonly warnings?: ReadonlyMap<number, string>;
}

/**
 * A program that reads of the stack what it has not written runs on in the kernel. Where the simulator is to be held
 * against another backend it does so, too, and what would have been a fault becomes a warning.
 */
async function withClearedStack(
  plan: Plan,
  strict: Answers,
  given: Pick<SessionOptions, "signal" | "kernelBtf">,
): Promise<Answers> {
  const faults = faultsOf(strict);
  if (faults.size === 0) return strict;
  const sessions = new Sessions({ port: "af_packet", ...given, clearsStack: true });
  try {
    const lenient = await answersOf(plan, await sessions.get("sim"));
    const left = faultsOf(lenient);
    return { ...lenient, warnings: new Map([...faults].filter(([packet]) => !left.has(packet))) };
  } finally {
    await sessions.close();
  }
}

function faultsOf({ observations }: Answers): ReadonlyMap<number, string> {
  return new Map(
    observations.flatMap((o) => (o.kind === "fault" && o.packet !== undefined ? [[o.packet, o.message]] : [])),
  );
}

async function answersOf(plan: Plan, session: Session): Promise<Answers> {
  try {
    // Packets that a backend does not take are told one by one; what is missing beyond them is missing for all.
    const missing = session.missing(withoutPackets(plan));
    if (missing.length > 0) return { observations: [], unsupported: missing.join("; ") };
    const observations = await session.run(plan);
    const load = observations.find((o) => o.kind === "load");
    if (load && !load.accepted)
      return { observations: [], unsupported: `the kernel refuses the object: ${lastWords(load.log)}` };
    return { observations, unsupported: undefined };
  } catch (error) {
    if (!(error instanceof HarnessError) || error.code === "scenario" || error.code === "internal") throw error;
    return { observations: [], unsupported: error.message };
  }
}

function withoutPackets(plan: Plan): Plan {
  return { ...plan, steps: plan.steps.map((step) => (step.kind === "send" ? { ...step, packets: [] } : step)) };
}

/** The end of a verifier's log says why; its statistics do not. */
function lastWords(log: string): string {
  const lines = log
    .split("\n")
    .filter((line) => line.trim() !== "" && !/^(processed \d+ insns|libbpf: .*-- END)/.test(line));
  return lines.slice(-3).join("\n") || "it gives no reason";
}

function reportOf(
  plan: Plan,
  captured: readonly CapturedPacket[],
  answers: ReadonlyMap<BackendName, Answers>,
): ReplayReport {
  const records = [...answers].map(([backend, answer]) => ({ backend, records: recordsOf(plan, answer) }));
  const packets = captured.map(({ index }, i): ReplayedPacket => {
    const own = records.map((each): [BackendName, ReplayRecord] => [each.backend, each.records[i]!]);
    return { index, agree: agreement(own.map(([, record]) => record)), ...Object.fromEntries(own) };
  });
  const ran = [...answers].flatMap(([backend, { unsupported, observations }]) =>
    unsupported === undefined ? [[backend, observations] as const] : [],
  );
  const maps = compareMaps(plan.object, new Map(ran));
  const count = (agree: boolean | null): number => packets.filter((packet) => packet.agree === agree).length;
  const faults = records.reduce((sum, each) => sum + each.records.filter(({ fault }) => fault !== null).length, 0);
  return {
    schemaVersion: replaySchemaVersion,
    packets,
    maps,
    totals: {
      agree: count(true),
      differ: count(false),
      unsupported: count(null),
      faults,
      mapsDiffer: maps.filter(({ agree }) => !agree).length,
    },
  };
}

/**
 * Null where a backend has no answer, unless none of them takes the packet; and where they differ, but the answer
 * depends on memory that the program never wrote, which is not the same on any two machines.
 */
function agreement(records: readonly ReplayRecord[]): boolean | null {
  const [first, ...others] = records;
  if (!first || records.some(({ unsupported }) => unsupported !== null)) return null;
  const refusals = records.filter(({ refused }) => refused !== null).length;
  if (refusals > 0) return refusals === records.length && records.length > 1 ? true : null;
  const agree = others.every(
    (other) =>
      other.retval === first.retval &&
      other.dataOutHex === first.dataOutHex &&
      (other.fault === null) === (first.fault === null),
  );
  return !agree && records.some(({ warning }) => warning !== null) ? null : agree;
}

const nothing: ReplayRecord = {
  verdict: null,
  retval: null,
  dataOutHex: null,
  fault: null,
  warning: null,
  refused: null,
  unsupported: null,
};

function recordsOf(plan: Plan, { observations, unsupported, warnings }: Answers): ReplayRecord[] {
  const { packets } = plan.steps[0] as PlannedSend;
  if (unsupported !== undefined) return packets.map(() => ({ ...nothing, unsupported }));
  const records = packets.map((_, i): ReplayRecord => ({ ...nothing, warning: warnings?.get(i) ?? null }));
  for (const seen of observations) {
    if (!("packet" in seen) || seen.packet === undefined) continue;
    records[seen.packet] = { ...records[seen.packet]!, ...partOf(plan, packets, seen) };
  }
  // What the kernel itself complained about belongs to no packet of its own; the last one must not hide it.
  for (const seen of observations)
    if (seen.kind === "fault" && seen.packet === undefined) records.push({ ...records.pop()!, fault: seen.message });
  return records;
}

function partOf({ programType }: Plan, packets: PlannedSend["packets"], seen: Observation): Partial<ReplayRecord> {
  switch (seen.kind) {
    case "verdict":
      return { verdict: seen.possible.join(" or "), retval: seen.returned ?? null };
    case "packet":
      return { dataOutHex: toHex(dataOut(programType, packets[seen.packet ?? 0]!.linkType, seen.bytes)) };
    case "fault":
      return { fault: seen.message };
    case "refused":
      return { refused: seen.message };
    default:
      return {};
  }
}

const ethernetBytes = 14;

/** Programs that see the Ethernet header, and so get it back. */
const ethernetTypes: ReadonlySet<ProgramType> = new Set(["xdp", "sched_cls", "sched_act"]);

/** `memset(__skb_push(skb, hh_len), 0, hh_len)` of bpf_prog_test_run_skb(). */
function dataOut(type: ProgramType, linkType: string, bytes: Uint8Array): Uint8Array {
  if (ethernetTypes.has(type) || linkType !== "ethernet") return bytes;
  const out = bytes.slice();
  return out.fill(0, 0, Math.min(ethernetBytes, out.length));
}
