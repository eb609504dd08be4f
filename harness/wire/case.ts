import { mayMissProgram } from "../model/expectations.js";
import type { Observation } from "../model/observation.js";
import type { MapPatch, Plan, PlannedStep, PlannedSwap } from "../model/plan.js";
import type { LoadedPlan, LoadedPlans } from "../kernel/load-objects.js";
import { StateObserver } from "../kernel/observe.js";
import type { RunFolder } from "../kernel/run-folder.js";
import type { Network } from "../../netns/network.js";
import { ParallelTeardown, type TeardownStack } from "../../netns/teardown.js";
import { isSocketMapHook, isDeviceHook, type Hook } from "../model/hook.js";
import { attachAll, placementsOf } from "./attach/attach-all.js";
import { isCgroupHook } from "./attach/cgroup.js";
import type { Attachment } from "./attach/attachment.js";
import { Fence } from "./fence.js";
import { lanesPast } from "./lanes.js";
import type { Markers } from "./marker.js";
import { Ports } from "./ports.js";
import type { OpenPort } from "./port/port.js";
import { BackgroundCommands } from "./process/background.js";
import { runCommand } from "./process/command.js";
import { runHttp } from "./process/http.js";
import { runPing } from "./process/ping.js";
import { startService } from "./process/service.js";
import type { Scope } from "../observe/events.js";
import { observed, tracersOf, type Tracers } from "../observe/tracers.js";
import { scopeOf } from "./scope.js";
import { printersOf } from "./printers.js";
import { RunCount } from "./run-count.js";
import { runSend } from "./send.js";
import { TcpConnections } from "./tcp/connections.js";
import type { XdpTracer, XdpWatch } from "./xdp-tracer.js";

/** What a session lends to each of its cases. */
export interface CaseOptions {
  readonly folder: RunFolder;
  readonly openPort: OpenPort;
  /** Whether the port sends on the calling thread. */
  readonly inline: boolean;
  readonly markers: Markers;
  /** Undefined for programs that are not XDP, and where tracepoints cannot be had. */
  readonly tracer: XdpTracer | undefined;
  readonly tracers: Tracers;
  readonly signal: AbortSignal | undefined;
}

/** What a session lends to each of its cases, and what was loaded for this one. */
interface LoadedCaseOptions extends CaseOptions {
  /** Descriptors of the programs that swaps put in the place of the one under test. */
  readonly replacements: readonly number[];
}

/** One case whose network is up, with its services running and its program attached. */
export class WireCase {
  readonly #plan: Plan;
  readonly #hook: Hook;
  readonly #network: Network;
  readonly #objects: LoadedPlans;
  readonly #scope: Scope;
  readonly #states: readonly StateObserver[];
  readonly #ports: Ports;
  readonly #tcp: TcpConnections;
  readonly #fence: Fence;
  readonly #options: LoadedCaseOptions;
  readonly #watch: XdpWatch | undefined;
  readonly #background: BackgroundCommands;
  #attachment: Attachment | undefined;

  private constructor(parts: {
    plan: Plan;
    hook: Hook;
    network: Network;
    objects: LoadedPlans;
    scope: Scope;
    states: readonly StateObserver[];
    ports: Ports;
    tcp: TcpConnections;
    fence: Fence;
    options: LoadedCaseOptions;
    attachment: Attachment;
    watch: XdpWatch | undefined;
  }) {
    this.#plan = parts.plan;
    this.#hook = parts.hook;
    this.#network = parts.network;
    this.#tcp = parts.tcp;
    this.#objects = parts.objects;
    this.#scope = parts.scope;
    this.#states = parts.states;
    this.#ports = parts.ports;
    this.#fence = parts.fence;
    this.#options = parts.options;
    this.#attachment = parts.attachment;
    this.#watch = parts.watch;
    this.#background = new BackgroundCommands(parts.network, parts.options.signal);
  }

  /** Everything set up here is undone by `stack`. */
  static async set(
    plan: Plan,
    network: Network,
    objects: LoadedPlans,
    stack: TeardownStack,
    options: LoadedCaseOptions,
  ): Promise<WireCase> {
    const { hook } = plan;
    if (!isDeviceHook(hook) && !isCgroupHook(hook) && !isSocketMapHook(hook))
      throw new Error(`${hook} cannot be attached to in a topology: missing() says so`);
    const states = objects.map(({ name, plan: own, loaded }) => {
      const state = new StateObserver(own, "wire", loaded, options.folder, name);
      stack.defer(() => state.close());
      return state;
    });
    // Sockets and attachments each wait for the kernel to let go of them: together.
    const closing = new ParallelTeardown();
    stack.defer(() => closing.run());
    const ports = await Ports.open(network, plan, options.openPort);
    closing.defer(() => ports.close());
    for (const each of objects) applyMaps(each, network, each.plan.maps, ports, undefined);
    const tcp = new TcpConnections(network);
    closing.defer(() => tcp.close());
    const runsCommands = plan.steps.some(({ kind }) => kind === "run");
    const fence = new Fence(network, ports, options.markers, runsCommands);
    closing.defer(() => fence.close());
    const placements = placementsOf(objects);
    const attachment = await attachAll(network, placements, async () => {
      for (const service of plan.services) await startService(network, service);
    });
    closing.defer(() => attachment.detach());
    const [count, ...others] = placements.map(({ programFd }) => new RunCount(programFd));
    const counts = [count!, ...options.replacements.map((programFd) => new RunCount(programFd))];
    const onDevices = placements.flatMap(({ hook: each, at }) => (isDeviceHook(each) ? [{ hook: each, at }] : []));
    fence.watch(isDeviceHook(hook) ? counts : [], others, lanesPast(plan.topology, onDevices));
    const watch = options.tracer?.watch(counts.map((each) => each.programId()));
    closing.defer(() => watch?.close());
    const scope = scopeOf(network, placements);
    return new WireCase({ plan, hook, network, objects, scope, states, ports, tcp, fence, options, attachment, watch });
  }

  /** The state before the first step. */
  observeStart(): readonly Observation[] {
    return this.#states.flatMap((state) => state.observe(-1));
  }

  async run(step: PlannedStep): Promise<readonly Observation[]> {
    const seen = await this.#do(step);
    const isOurs = printersOf(this.#network);
    const state = this.#states.flatMap((each) => each.observe(step.index, isOurs));
    return [...seen, ...state, ...(await this.#observed(step.index))];
  }

  get network(): Network {
    return this.#network;
  }

  /** What of the machine is this case's. */
  get scope(): Scope {
    return this.#scope;
  }

  /** What the case's observers saw during a step. */
  async #observed(step: number): Promise<readonly Observation[]> {
    const { observe } = this.#plan;
    if (observe.observers.length === 0) return [];
    const seen = await this.#options.tracers.drain(tracersOf(observe.observers));
    return observed(observe, seen, this.#scope).map((each) => ({ kind: "observed" as const, step, ...each }));
  }

  async #do(step: PlannedStep): Promise<readonly Observation[]> {
    const { signal } = this.#options;
    switch (step.kind) {
      case "send":
        if (!isDeviceHook(this.#hook)) throw new Error("frames belong to no socket: missing() says so");
        return runSend(step, {
          network: this.#network,
          topology: this.#plan.topology,
          hook: this.#hook,
          ports: this.#ports,
          fence: this.#fence,
          // Services have threads of their own, on whatever CPU.
          inline: this.#options.inline && this.#plan.services.length === 0,
          attached: this.#attachment !== undefined,
          mayMiss: mayMissProgram("wire", this.#plan, step),
          watch: this.#watch,
          swap: (swap, count, done) => this.#swap(swap, count, done),
        });
      case "property":
        throw new Error("packets that are drawn: missing() says so");
      case "maps":
        for (const each of this.#objects) {
          const own = each.plan.steps[step.index];
          if (own?.kind === "maps") applyMaps(each, this.#network, own.patches, this.#ports, this.#tcp);
        }
        return [];
      case "unload":
        await this.#attachment?.detach();
        this.#attachment = undefined;
        this.#fence.watch([], [], lanesPast(this.#plan.topology, []));
        for (const { loaded } of this.#objects) loaded.unload();
        return [];
      case "ping":
        return this.#afterwards(await runPing(this.#network, step, signal));
      case "http":
        return this.#afterwards(await runHttp(this.#network, step, signal));
      case "run": {
        const { host, command, timeoutMs, background } = step;
        if (background) {
          await this.#background.start(background.value, step);
          return [];
        }
        const result = await runCommand(this.#network, host.value, command.value, timeoutMs, { signal });
        return this.#afterwards({ kind: "run", step: step.index, ...result });
      }
      case "swap":
        this.#swap(step.swap, step.swap.times);
        return [];
      case "clock":
        throw new Error("the machine's clock cannot be moved: missing() says so");
      case "wait": {
        const result = await this.#background.wait(step.started.background!.value);
        return this.#afterwards({ kind: "run", step: step.index, ...result });
      }
      case "tcp":
        return this.#afterwards(await this.#tcp.run(step));
      case "expect":
        return [];
    }
  }

  /** So many replacements of a swap's, from the `done`th on. */
  #swap({ from, to }: PlannedSwap, count: number, done = 0): void {
    const programs = [this.#objects[0].loaded.programFd, ...this.#options.replacements];
    for (let i = done; i < done + count; i++) this.#attachment?.replace(programs[i % 2 === 0 ? to : from]!);
  }

  /** What the processes of a step had to say to each other is no business of the next step's. */
  async #afterwards(seen: Observation): Promise<readonly Observation[]> {
    await this.#fence.settle(false);
    return [seen];
  }
}

/** Inside the namespace: the kernel looks for a devmap's interfaces where the caller is. */
function applyMaps(
  { plan, loaded }: LoadedPlan,
  network: Network,
  patches: readonly MapPatch[],
  ports: Ports,
  tcp: TcpConnections | undefined,
): void {
  const { host } = plan.topology.attach;
  network.inside(host, () =>
    loaded.applyMaps(patches, {
      ifindexOf: (dev) => network.ifindex({ host, dev }),
      socketFdOf: (end) => tcp?.fdOf(end),
      xskFdOf: (queue) => ports.xskFdOf(queue),
    }),
  );
}
