import type { Plan } from "../model/plan.js";
import { formatPlace, type Place } from "../model/topology.js";
import type { Network } from "../../netns/network.js";
import { placesOf, samePlace } from "../model/segments.js";
import { etherTypesOf } from "./ether-types.js";
import { StackTap } from "./port/stack-tap.js";
import type { FramePort, FrameSource, OpenPort } from "./port/port.js";
import { XskPort } from "./port/xsk-port.js";

/** A frame port on every interface of the topology, and the AF_XDP sockets: nothing arrives unseen. */
export class Ports {
  readonly all: readonly FrameSource[];
  readonly #byPlace: ReadonlyMap<string, FramePort>;
  readonly #sockets: readonly XskPort[];

  private constructor(ports: readonly FramePort[], sockets: readonly XskPort[]) {
    this.all = [...ports, ...sockets];
    this.#byPlace = new Map(ports.map((port) => [formatPlace(port.place), port]));
    this.#sockets = sockets;
  }

  /** Where a TC ingress program sits, what counts is what gets past it. */
  static async open(network: Network, plan: Plan, open: OpenPort): Promise<Ports> {
    const pastTrafficControl = plan.hook === "tc-ingress" || plan.hook === "tcx-ingress";
    const sockets = await Promise.allSettled(
      queuesOf(plan).map((queue) => XskPort.open(network, network.topology.attach, queue)),
    );
    const opened = await Promise.allSettled(
      placesOf(network.topology).map(async (place) =>
        pastTrafficControl && samePlace(place, network.topology.attach)
          ? StackTap.open(network, place, etherTypesOf(plan))
          : open(network, place),
      ),
    );
    const ports = new Ports(fulfilled(opened), fulfilled(sockets));
    const failed = [...opened, ...sockets].find((result) => result.status === "rejected");
    if (!failed) return ports;
    await ports.close();
    throw failed.reason;
  }

  at(place: Place): FramePort {
    const port = this.#byPlace.get(formatPlace(place));
    if (!port) throw new Error(`no port at ${formatPlace(place)}`);
    return port;
  }

  /** Descriptor of the AF_XDP socket on a queue of the interface that the program is attached to. */
  xskFdOf(queue: number): number {
    const socket = this.#sockets.find((each) => each.queue === queue);
    if (!socket) throw new Error(`no AF_XDP socket on queue ${queue}`);
    return socket.fd;
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((port) => port.close()));
  }
}

function fulfilled<T>(results: readonly PromiseSettledResult<T>[]): readonly T[] {
  return results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
}

/** Queues whose AF_XDP sockets a plan puts into maps, at the start or later. */
function queuesOf({ maps, steps }: Plan): readonly number[] {
  const patches = [...maps, ...steps.flatMap((step) => (step.kind === "maps" ? step.patches : []))];
  return [...new Set(patches.flatMap(({ value }) => (value?.kind === "xsk" ? [value.queue] : [])))];
}
