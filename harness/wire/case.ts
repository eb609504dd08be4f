import type { Observation } from "../model/observation.js";
import type { MapPatch, Plan, PlannedStep } from "../model/plan.js";
import type { LoadedObject } from "../kernel/load.js";
import type { Network } from "../../netns/network.js";
import { ParallelTeardown, type TeardownStack } from "../../netns/teardown.js";
import { attach, isDeviceHook, type DeviceHook } from "./attach/attach.js";
import type { Attachment } from "./attach/attachment.js";
import { Fence } from "./fence.js";
import { lanesPast } from "./lanes.js";
import type { Markers } from "./marker.js";
import { Ports } from "./ports.js";
import type { OpenPort } from "./port/port.js";
import { RunCount } from "./run-count.js";
import { runSend } from "./send.js";

export interface CaseOptions {
  readonly openPort: OpenPort;
  readonly inline: boolean;
  readonly markers: Markers;
  readonly stack: TeardownStack;
}

/** One case with its network up and its program attached. */
export class WireCase {
  readonly #plan: Plan;
  readonly #hook: DeviceHook;
  readonly #ports: Ports;
  readonly #fence: Fence;
  readonly #loaded: LoadedObject;
  readonly #inline: boolean;
  #attachment: Attachment | undefined;

  private constructor(
    plan: Plan,
    hook: DeviceHook,
    ports: Ports,
    fence: Fence,
    loaded: LoadedObject,
    attachment: Attachment,
    inline: boolean,
  ) {
    this.#plan = plan;
    this.#hook = hook;
    this.#ports = ports;
    this.#fence = fence;
    this.#loaded = loaded;
    this.#attachment = attachment;
    this.#inline = inline;
  }

  static async set(plan: Plan, network: Network, loaded: LoadedObject, options: CaseOptions): Promise<WireCase> {
    const { stack, openPort, markers, inline } = options;
    const { hook } = plan;
    if (!isDeviceHook(hook)) throw new Error(`${hook} has no interface`);
    applyMaps(loaded, network, plan.maps);
    // Sockets and attachments each wait for the kernel to let go of them: together.
    const closing = new ParallelTeardown();
    stack.defer(() => closing.run());
    const ports = await Ports.open(network, plan, openPort);
    closing.defer(() => ports.close());
    const fence = new Fence(network, ports, markers);
    closing.defer(() => fence.close());
    const attachment = attach(network, hook, loaded.programFd);
    closing.defer(() => attachment.detach());
    fence.watch(new RunCount(loaded.programFd), lanesPast(plan.topology, hook));
    return new WireCase(plan, hook, ports, fence, loaded, attachment, inline);
  }

  async run(step: PlannedStep): Promise<readonly Observation[]> {
    switch (step.kind) {
      case "send":
        return runSend(step, {
          topology: this.#plan.topology,
          hook: this.#hook,
          ports: this.#ports,
          fence: this.#fence,
          inline: this.#inline,
          attached: this.#attachment !== undefined,
          xdpCounts: undefined,
        });
      case "unload":
        await this.#attachment?.detach();
        this.#attachment = undefined;
        this.#loaded.unload();
        this.#fence.watch(undefined, lanesPast(this.#plan.topology, undefined));
        return [];
      default:
        return [];
    }
  }
}

/** Inside the namespace: the kernel looks for a devmap's interfaces where the caller is. */
function applyMaps(loaded: LoadedObject, network: Network, patches: readonly MapPatch[]): void {
  const { host } = network.topology.attach;
  network.inside(host, () => loaded.applyMaps(patches, (dev) => network.ifindex({ host, dev })));
}
