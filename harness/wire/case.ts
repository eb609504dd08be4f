import type { Observation } from "../model/observation.js";
import type { MapPatch, Plan, PlannedStep } from "../model/plan.js";
import type { LoadedObject } from "../kernel/loaded-object.js";
import { StateObserver } from "../kernel/observe.js";
import type { RunFolder } from "../kernel/run-folder.js";
import type { Network } from "../../netns/network.js";
import { ParallelTeardown, type TeardownStack } from "../../netns/teardown.js";
import { attach, isDeviceHook, type DeviceHook } from "./attach/attach.js";
import { attachToCgroup, isCgroupHook, type CgroupHook } from "./attach/cgroup.js";
import type { Attachment } from "./attach/attachment.js";
import { Fence } from "./fence.js";
import { lanesPast } from "./lanes.js";
import type { Markers } from "./marker.js";
import { Ports } from "./ports.js";
import type { OpenPort } from "./port/port.js";
import { runCommand } from "./process/command.js";
import { runHttp } from "./process/http.js";
import { runPing } from "./process/ping.js";
import { startService } from "./process/service.js";
import { printersOf } from "./printers.js";
import { RunCount } from "./run-count.js";
import { runSend } from "./send.js";
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
  readonly signal: AbortSignal | undefined;
}

/** One case whose network is up, with its services running and its program attached. */
export class WireCase {
  readonly #plan: Plan;
  readonly #hook: DeviceHook | CgroupHook;
  readonly #network: Network;
  readonly #loaded: LoadedObject;
  readonly #state: StateObserver;
  readonly #ports: Ports;
  readonly #fence: Fence;
  readonly #options: CaseOptions;
  readonly #watch: XdpWatch | undefined;
  #attachment: Attachment | undefined;

  private constructor(parts: {
    plan: Plan;
    hook: DeviceHook | CgroupHook;
    network: Network;
    loaded: LoadedObject;
    state: StateObserver;
    ports: Ports;
    fence: Fence;
    options: CaseOptions;
    attachment: Attachment;
    watch: XdpWatch | undefined;
  }) {
    this.#plan = parts.plan;
    this.#hook = parts.hook;
    this.#network = parts.network;
    this.#loaded = parts.loaded;
    this.#state = parts.state;
    this.#ports = parts.ports;
    this.#fence = parts.fence;
    this.#options = parts.options;
    this.#attachment = parts.attachment;
    this.#watch = parts.watch;
  }

  /** Everything set up here is undone by `stack`. */
  static async set(
    plan: Plan,
    network: Network,
    loaded: LoadedObject,
    stack: TeardownStack,
    options: CaseOptions,
  ): Promise<WireCase> {
    const { hook } = plan;
    if (!isDeviceHook(hook) && !isCgroupHook(hook))
      throw new Error(`${hook} cannot be attached to in a topology: missing() says so`);
    applyMaps(loaded, network, plan.maps);
    const state = new StateObserver(plan, "wire", loaded, options.folder);
    stack.defer(() => state.close());
    // Sockets and attachments each wait for the kernel to let go of them: together.
    const closing = new ParallelTeardown();
    stack.defer(() => closing.run());
    const ports = await Ports.open(network, plan, options.openPort);
    closing.defer(() => ports.close());
    const runsCommands = plan.steps.some(({ kind }) => kind === "run");
    const fence = new Fence(network, ports, options.markers, runsCommands);
    closing.defer(() => fence.close());
    const attachment = await attachAndServe(plan, hook, network, loaded.programFd);
    closing.defer(() => attachment.detach());
    const count = new RunCount(loaded.programFd);
    if (isDeviceHook(hook)) fence.watch(count, lanesPast(plan.topology, hook));
    else fence.watch(undefined, lanesPast(plan.topology, undefined));
    const watch = options.tracer?.watch(count.programId());
    closing.defer(() => watch?.close());
    return new WireCase({ plan, hook, network, loaded, state, ports, fence, options, attachment, watch });
  }

  /** The state before the first step. */
  observeStart(): readonly Observation[] {
    return this.#state.observe(-1);
  }

  async run(step: PlannedStep): Promise<readonly Observation[]> {
    const seen = await this.#do(step);
    return [...seen, ...this.#state.observe(step.index, printersOf(this.#network))];
  }

  async #do(step: PlannedStep): Promise<readonly Observation[]> {
    const { signal } = this.#options;
    switch (step.kind) {
      case "send":
        if (isCgroupHook(this.#hook)) throw new Error("frames have no cgroup: missing() says so");
        return runSend(step, {
          network: this.#network,
          topology: this.#plan.topology,
          hook: this.#hook,
          ports: this.#ports,
          fence: this.#fence,
          // Services have threads of their own, on whatever CPU.
          inline: this.#options.inline && this.#plan.services.length === 0,
          attached: this.#attachment !== undefined,
          watch: this.#watch,
        });
      case "maps":
        applyMaps(this.#loaded, this.#network, step.patches);
        return [];
      case "unload":
        await this.#attachment?.detach();
        this.#attachment = undefined;
        this.#fence.watch(undefined, lanesPast(this.#plan.topology, undefined));
        this.#loaded.unload();
        return [];
      case "ping":
        return this.#afterwards(await runPing(this.#network, step, signal));
      case "http":
        return this.#afterwards(await runHttp(this.#network, step, signal));
      case "run": {
        const { host, command, timeoutMs } = step;
        const result = await runCommand(this.#network, host.value, command.value, timeoutMs, { signal });
        return this.#afterwards({ kind: "run", step: step.index, ...result });
      }
      case "expect":
        return [];
    }
  }

  /** What the processes of a step had to say to each other is no business of the next step's. */
  async #afterwards(seen: Observation): Promise<readonly Observation[]> {
    await this.#fence.settle(false);
    return [seen];
  }
}

/**
 * Attaches the program and starts the services: a cgroup has to be there before the processes that join it, while
 * a program on an interface should not meet what services send when they start.
 */
async function attachAndServe(
  plan: Plan,
  hook: DeviceHook | CgroupHook,
  network: Network,
  programFd: number,
): Promise<Attachment> {
  const serve = async (): Promise<void> => {
    for (const service of plan.services) await startService(network, service);
  };
  if (!isCgroupHook(hook)) {
    await serve();
    return attach(network, hook, programFd);
  }
  const attachment = attachToCgroup(network, hook, programFd);
  try {
    await serve();
    return attachment;
  } catch (failure) {
    await attachment.detach();
    throw failure;
  }
}

/** Inside the namespace: the kernel looks for a devmap's interfaces where the caller is. */
function applyMaps(loaded: LoadedObject, network: Network, patches: readonly MapPatch[]): void {
  const { host } = network.topology.attach;
  network.inside(host, () => loaded.applyMaps(patches, (dev) => network.ifindex({ host, dev })));
}
