import { XdpSocket } from "../../kernel/xdp-socket.js";
import type { Place } from "../../model/topology.js";
import type { Network } from "../../../netns/network.js";
import type { CapturedFrame, FrameSource } from "./port.js";

/** An AF_XDP socket on a queue of an interface: gets what programs redirect to it, and nothing else. */
export class XskPort implements FrameSource {
  readonly place: Place;
  readonly queue: number;
  readonly #socket = new XdpSocket();

  private constructor(place: Place, queue: number) {
    this.place = place;
    this.queue = queue;
  }

  static async open(network: Network, place: Place, queue: number): Promise<XskPort> {
    const port = network.inside(place.host, () => new XskPort(place, queue));
    try {
      network.inside(place.host, () => port.#socket.bind(network.ifindex(place), queue));
      return port;
    } catch (error) {
      await port.close();
      throw error;
    }
  }

  /** For slots of xskmaps. */
  get fd(): number {
    return this.#socket.fd;
  }

  receive(): Promise<readonly CapturedFrame[]> {
    const { place, queue } = this;
    return Promise.resolve(this.#socket.receive().map((bytes) => ({ place, queue, bytes, timestampNs: undefined })));
  }

  lost(): Promise<number> {
    return Promise.resolve(this.#socket.lost());
  }

  close(): Promise<void> {
    return this.#socket.close();
  }
}
