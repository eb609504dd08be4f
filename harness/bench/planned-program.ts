import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { BenchExact, BenchProgram } from "../model/bench.js";
import { harnessError } from "../model/error.js";
import type { Observation, VerifierStatistics } from "../model/observation.js";
import type { Packet } from "../model/packet.js";
import type { Plan, PlannedSend } from "../model/plan.js";
import { testRunInputs, type TestRunInputs } from "../kernel/context.js";
import { linkLayer } from "../kernel/link-layer.js";
import { loadObject } from "../kernel/load.js";
import type { LoadedObject } from "../kernel/loaded-object.js";
import type { RunFolder } from "../kernel/run-folder.js";
import { TestNetwork } from "../kernel/test-network.js";
import { TestRun } from "../kernel/test-run.js";
import { SimSession } from "../sim/session.js";
import { prepareScenario } from "../run/prepare.js";
import { parseScenario } from "../scenario/parse.js";
import { loadProgram } from "./load-program.js";
import { shippedObject } from "./shipped-object.js";
import { midmean } from "./statistics.js";
import { TestRunTimer } from "./test-run-timer.js";

/** Programs that do nothing, by program type: what a single run takes besides the program. */
const nothing = { xdp: "xdp_bench_nothing", sched_cls: "tc_bench_nothing" } as const;

/** Parts of a round, timed one by one. */
const answers = 8;

/** The plans of a scenario that a benchmark writes itself. */
export async function planText(text: string, file: string, seed: number): Promise<readonly Plan[]> {
  const { scenario, diagnostics } = parseScenario(text, file);
  if (!scenario) throw harnessError("internal", diagnostics.map(({ message }) => message).join("\n"));
  return (await prepareScenario(scenario, seed, new Map())).plans;
}

/** A case's program in the kernel, to be timed with the first packet that the case sends. */
export class PlannedProgram {
  readonly exact: BenchExact;
  readonly program: BenchProgram;
  /** `repeat`: runs follow each other in the kernel; `fresh`: each run has a new packet, and is timed by itself. */
  readonly timing: "repeat" | "fresh";
  readonly #plan: Plan;
  readonly #loaded: LoadedObject;
  readonly #nothing: LoadedObject | undefined;
  readonly #inputs: TestRunInputs;
  readonly #timer: TestRunTimer;
  readonly #network = new TestNetwork();

  private constructor(
    plan: Plan,
    loaded: LoadedObject,
    statistics: VerifierStatistics | undefined,
    simulated: Simulated,
    folder: RunFolder,
  ) {
    const { packet, context } = firstSend(plan);
    this.#plan = plan;
    this.#loaded = loaded;
    const fields = this.#network.provide(context);
    this.#inputs = testRunInputs(plan.programType, packet, linkLayer(plan.programType, packet).wrapped, fields);
    this.#timer = new TestRunTimer(loaded.programFd, this.#inputs);
    this.timing = simulated.repeatsItself ? "repeat" : "fresh";
    const empty = plan.programType in nothing ? nothing[plan.programType as keyof typeof nothing] : undefined;
    if (this.timing === "fresh" && empty !== undefined)
      this.#nothing = loadProgram({ object: shippedObject("bench_jobs"), entry: empty, hook: plan.hook }, folder);
    this.exact = {
      instructions: simulated.instructions,
      helpers: simulated.helpers,
      maps: simulated.maps,
      verifiedInstructions: statistics?.instructions,
      jitedBytes: statistics?.jitedBytes,
    };
    this.program = describeProgram(plan);
  }

  static async load(plan: Plan, folder: RunFolder): Promise<PlannedProgram> {
    const simulated = await simulate(plan);
    const result = loadObject(plan, folder);
    if (!result.accepted)
      throw harnessError("load", `${plan.object.name}: ${plan.program.name} was refused:\n${result.log}`);
    result.loaded.applyMaps(plan.maps);
    const statistics = result.statistics.find(({ program }) => program === plan.program.name);
    return new PlannedProgram(plan, result.loaded, statistics, simulated, folder);
  }

  /** Nanoseconds a run. */
  measure(runs: number): number {
    return this.#network.inside(() => {
      if (this.timing === "repeat") return this.#repeated(runs);
      const own = this.#fresh(this.#loaded.programFd, runs);
      return this.#nothing ? Math.max(0.1, own - this.#fresh(this.#nothing.programFd, runs)) : own;
    });
  }

  close(): void {
    this.#loaded.close();
    this.#nothing?.close();
    this.#network.close();
  }

  /** The kernel answers in whole nanoseconds: several answers together are finer. */
  #repeated(runs: number): number {
    const each = Math.ceil(runs / answers);
    return midmean(Array.from({ length: answers }, () => this.#timer.run(each)));
  }

  /** Single runs, each on a new copy of the packet. */
  #fresh(programFd: number, runs: number): number {
    const testRun = new TestRun();
    testRun.select(programFd, this.#plan.programType);
    testRun.add(this.#inputs.data, this.#inputs.context, this.#inputs.flags);
    while (!testRun.full) testRun.addAgain();
    const durations: number[] = [];
    while (durations.length < runs) {
      testRun.run();
      for (let slot = 0; slot < testRun.used; slot++) durations.push(testRun.durationNs(slot));
    }
    return midmean(durations);
  }
}

function firstSend(plan: Plan): { step: PlannedSend; packet: Packet; context: PlannedSend["context"] } {
  const step = plan.steps.find((each) => each.kind === "send");
  const packet = step?.packets[0];
  if (!step || !packet)
    throw harnessError("scenario", `'${plan.caseName}' sends no packet, so there is nothing to time`, {
      span: plan.span,
    });
  return { step, packet, context: step.context };
}

interface Simulated extends Pick<BenchExact, "instructions" | "helpers" | "maps"> {
  /** Whether the program does just as much with its own output, and with the output of that. */
  readonly repeatsItself: boolean;
}

async function simulate(plan: Plan): Promise<Simulated> {
  const { step, packet } = firstSend(plan);
  const session = new SimSession("jit");
  const unknown = { instructions: undefined, helpers: {}, maps: {}, repeatsItself: false };
  const run = (packets: readonly Packet[]) => {
    const only: Plan = { ...plan, steps: [{ ...step, packets, times: 1, senders: 1 }] };
    return session.missing(only).length > 0 ? undefined : session.run(only);
  };
  const packets = [packet];
  let observed = await run(packets);
  for (let generation = 0; observed && generation < 2; generation++) {
    const bytes = observed.findLast((each) => each.kind === "packet")?.bytes;
    packets.push(bytes ? { ...packet, bytes } : packet);
    observed = await run(packets);
  }
  const costs = observed?.filter((each) => each.kind === "cost") ?? [];
  const [first] = costs;
  if (!first || !observed) return unknown;
  const { instructions, helpers, maps } = first;
  const texts = new Set(costs.map((cost) => JSON.stringify({ ...cost, packet: 0 })));
  return { instructions, helpers, maps, repeatsItself: texts.size === 1 && verdicts(observed).size === 1 };
}

function verdicts(observed: readonly Observation[]): ReadonlySet<string> {
  return new Set(observed.flatMap((each) => (each.kind === "verdict" ? [each.possible.join()] : [])));
}

function describeProgram({ object, program }: Plan): BenchProgram {
  return {
    entry: program.name,
    sha256: createHash("sha256").update(object.bytes).digest("hex"),
    object: gzipSync(object.bytes, { level: 9 }).toString("base64"),
  };
}
