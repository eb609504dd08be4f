import { randomBytes } from "node:crypto";
import type { SecondRun, Session, SessionOptions } from "../model/backend.js";
import { harnessError } from "../model/error.js";
import type { PathEvidence } from "../model/evidence.js";
import type { Observation } from "../model/observation.js";
import type { Plan, PlannedStep } from "../model/plan.js";
import { libc } from "../kernel/libc.js";
import { loadObjects } from "../kernel/load-objects.js";
import { loadReplacements } from "../kernel/replacements.js";
import { RunFolder } from "../kernel/run-folder.js";
import { createNetwork, type Network } from "../../netns/network.js";
import { TeardownStack } from "../../netns/teardown.js";
import { WireCase } from "./case.js";
import { Markers } from "./marker.js";
import { missingFor } from "./missing.js";
import { AfPacketPort } from "./port/af-packet.js";
import { CapPort, isCapInstalled } from "./port/cap.js";
import { enableRunCounts } from "./run-count.js";
import { missingForObservers } from "../observe/missing.js";
import { Tracers, tracersOf } from "../observe/tracers.js";
import { pathOf } from "./explain.js";
import { XdpTracer } from "./xdp-tracer.js";

/** What all cases of a run share: the run's folder, counting of program runs, how frames are sent. */
export class WireSession implements Session {
  readonly #options: SessionOptions;
  readonly #folder: RunFolder;
  readonly #markers = new Markers(randomBytes(8));
  readonly #runCountsFd: number;
  readonly #tracers = new Tracers();
  #networks = 0;
  #xdpTracer: XdpTracer | undefined;

  private constructor(options: SessionOptions) {
    this.#options = options;
    this.#folder = new RunFolder(`${options.runId}-wire`);
    this.#runCountsFd = enableRunCounts();
  }

  static open(options: SessionOptions): Promise<Session> {
    return Promise.resolve(new WireSession(options));
  }

  missing(plan: Plan): readonly string[] {
    const tracefs = (): string => this.#folder.mount("tracefs");
    const missing = [...missingFor(plan), ...missingForObservers(plan.observe.observers, tracefs)];
    if (this.#options.port === "cap" && !isCapInstalled()) return ["the package cap (npm install cap)", ...missing];
    return missing;
  }

  async run(plan: Plan): Promise<readonly Observation[]> {
    this.#throwIfAborted();
    const stack = new TeardownStack();
    try {
      return await this.#run(plan, stack);
    } finally {
      await stack[Symbol.asyncDispose]();
    }
  }

  async runAgain(plan: Plan): Promise<SecondRun | undefined> {
    if (missingForObservers(["drops"], () => this.#folder.mount("tracefs")).length > 0) return undefined;
    const paths = new Map<number, PathEvidence>();
    const stack = new TeardownStack();
    try {
      const observations = await this.#run(plan, stack, async (step, running) => {
        const seen = await this.#tracers.drain(["path"]);
        paths.set(step.index, await pathOf(seen.get("path")!, running));
      });
      return { observations, paths };
    } finally {
      await stack[Symbol.asyncDispose]();
    }
  }

  async close(): Promise<void> {
    await this.#tracers.close();
    await this.#xdpTracer?.close();
    await libc().closeInBackground(this.#runCountsFd);
    this.#folder.close();
  }

  async #run(
    plan: Plan,
    stack: TeardownStack,
    afterStep?: (step: PlannedStep, running: WireCase) => Promise<void>,
  ): Promise<readonly Observation[]> {
    // While `ip` makes the network, this thread has time to load. What is not to be loaded needs none.
    const creating = plan.load.fails ? undefined : this.#createNetwork(plan, stack);
    // Compiling takes bpftrace longer than the network takes; who fails says so where it is awaited.
    this.#tracers.watch(tracersOf(plan.observe.observers)).catch(() => undefined);
    const result = loadObjects(plan, this.#folder);
    if (!result.accepted) return [{ kind: "load", accepted: false, log: result.log, errno: result.errno }];
    for (const { loaded } of result.objects) stack.defer(() => loaded.close());
    const others = loadReplacements(plan, result.objects[0].loaded, this.#folder);
    if (!others.accepted) return [{ kind: "load", accepted: false, log: others.log, errno: others.errno }];
    for (const loaded of others.loaded) stack.defer(() => loaded.close());
    const { statistics } = result;
    const loadAccepted: Observation = { kind: "load", accepted: true, log: "", errno: 0, statistics };
    const network = await creating;
    if (!network) return [loadAccepted];
    const running = await WireCase.set(plan, network, result.objects, stack, {
      folder: this.#folder,
      openPort: this.#options.port === "cap" ? CapPort.open : AfPacketPort.open,
      inline: this.#options.port === "af_packet",
      markers: this.#markers,
      tracer: plan.programType === "xdp" ? this.#tracer() : undefined,
      tracers: this.#tracers,
      signal: this.#options.signal,
      replacements: others.loaded.map(({ programFd }) => programFd),
    });
    await this.#tracers.watch([...tracersOf(plan.observe.observers), ...(afterStep ? ["path" as const] : [])]);
    const observations: Observation[] = [loadAccepted, ...running.observeStart()];
    for (const step of plan.steps) {
      this.#throwIfAborted();
      observations.push(...(await running.run(step)));
      await afterStep?.(step, running);
    }
    return observations;
  }

  /** A failure is told to who awaits the network, not to the tear-down. */
  #createNetwork(plan: Plan, stack: TeardownStack): Promise<Network> {
    const creating = createNetwork(plan.topology, `${this.#options.runId}-${this.#networks++}`);
    const settled = creating.catch(() => undefined);
    stack.defer(async () => (await settled)?.[Symbol.asyncDispose]());
    return creating;
  }

  /** Opened when the first XDP program asks for it. */
  #tracer(): XdpTracer | undefined {
    this.#xdpTracer ??= XdpTracer.open(this.#folder.mount("tracefs"));
    return this.#xdpTracer;
  }

  #throwIfAborted(): void {
    if (this.#options.signal?.aborted) throw harnessError("timeout", "the run was interrupted");
  }
}
