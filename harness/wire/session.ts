import { randomBytes } from "node:crypto";
import type { Session, SessionOptions } from "../model/backend.js";
import { harnessError } from "../model/error.js";
import type { Observation } from "../model/observation.js";
import type { Plan } from "../model/plan.js";
import { libc } from "../kernel/libc.js";
import { loadObjects } from "../kernel/load-objects.js";
import { RunFolder } from "../kernel/run-folder.js";
import { createNetwork, type Network } from "../../netns/network.js";
import { TeardownStack } from "../../netns/teardown.js";
import { WireCase } from "./case.js";
import { Markers } from "./marker.js";
import { missingFor } from "./missing.js";
import { AfPacketPort } from "./port/af-packet.js";
import { CapPort, isCapInstalled } from "./port/cap.js";
import { enableRunCounts } from "./run-count.js";
import { XdpTracer } from "./xdp-tracer.js";

/** What all cases of a run share: the run's folder, counting of program runs, how frames are sent. */
export class WireSession implements Session {
  readonly #options: SessionOptions;
  readonly #folder: RunFolder;
  readonly #markers = new Markers(randomBytes(8));
  readonly #runCountsFd: number;
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
    const missing = missingFor(plan);
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

  async close(): Promise<void> {
    await this.#xdpTracer?.close();
    await libc().closeInBackground(this.#runCountsFd);
    this.#folder.close();
  }

  async #run(plan: Plan, stack: TeardownStack): Promise<readonly Observation[]> {
    // While `ip` makes the network, this thread has time to load. What is not to be loaded needs none.
    const creating = plan.load.fails ? undefined : this.#createNetwork(plan, stack);
    const result = loadObjects(plan, this.#folder);
    if (!result.accepted) return [{ kind: "load", accepted: false, log: result.log, errno: result.errno }];
    for (const { loaded } of result.objects) stack.defer(() => loaded.close());
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
      signal: this.#options.signal,
    });
    const observations: Observation[] = [loadAccepted, ...running.observeStart()];
    for (const step of plan.steps) {
      this.#throwIfAborted();
      observations.push(...(await running.run(step)));
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
