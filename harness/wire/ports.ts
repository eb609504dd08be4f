import type { Plan } from "../model/plan.js";
import { formatPlace, type Place } from "../model/topology.js";
import type { Network } from "../../netns/network.js";
import { placesOf, samePlace } from "../model/segments.js";
import { etherTypesOf } from "./ether-types.js";
import { StackTap } from "./port/stack-tap.js";
import type { FramePort, OpenPort } from "./port/port.js";

/** A frame port on every interface of the topology: nothing arrives unseen. */
export class Ports {
  readonly all: readonly FramePort[];
  readonly #byPlace: ReadonlyMap<string, FramePort>;

  private constructor(all: readonly FramePort[]) {
    this.all = all;
    this.#byPlace = new Map(all.map((port) => [formatPlace(port.place), port]));
  }

  /** Where a TC ingress program sits, what counts is what gets past it. */
  static async open(network: Network, plan: Plan, open: OpenPort): Promise<Ports> {
    const pastTrafficControl = plan.hook === "tc-ingress" || plan.hook === "tcx-ingress";
    const opened = await Promise.allSettled(
      placesOf(network.topology).map(async (place) =>
        pastTrafficControl && samePlace(place, network.topology.attach)
          ? StackTap.open(network, place, etherTypesOf(plan))
          : open(network, place),
      ),
    );
    const ports = new Ports(opened.flatMap((result) => (result.status === "fulfilled" ? [result.value] : [])));
    const failed = opened.find((result) => result.status === "rejected");
    if (!failed) return ports;
    await ports.close();
    throw failed.reason;
  }

  at(place: Place): FramePort {
    const port = this.#byPlace.get(formatPlace(place));
    if (!port) throw new Error(`no port at ${formatPlace(place)}`);
    return port;
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((port) => port.close()));
  }
}
