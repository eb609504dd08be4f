import type { Place } from "../../model/topology.js";
import type { Network } from "../../../netns/network.js";
import { ETH_P_ALL, PacketSocket } from "./packet-socket.js";
import type { CapturedFrame, FramePort } from "./port.js";

/** A frame port on an AF_PACKET socket: kernel timestamps, tags put back, drop counters. */
export class AfPacketPort implements FramePort {
  readonly place: Place;
  readonly #socket: PacketSocket;

  private constructor(place: Place, socket: PacketSocket) {
    this.place = place;
    this.#socket = socket;
  }

  static open(network: Network, place: Place): Promise<AfPacketPort> {
    const ifindex = network.ifindex(place);
    const socket = network.inside(place.host, () => new PacketSocket({ ifindex, capture: ETH_P_ALL }));
    return Promise.resolve(new AfPacketPort(place, socket));
  }

  send(frames: readonly Uint8Array[]): Promise<void> {
    return this.#socket.send(frames);
  }

  receive(): Promise<readonly CapturedFrame[]> {
    return Promise.resolve(
      this.#socket.receive().map(({ bytes, timestampNs }) => ({ place: this.place, bytes, timestampNs })),
    );
  }

  async wait(timeoutMs: number): Promise<boolean> {
    const until = performance.now() + timeoutMs;
    for (;;) {
      // A millisecond at a time, so that signals and other cases of the process get their turn.
      if (this.#socket.poll(Math.min(1, timeoutMs))) return true;
      if (performance.now() >= until) return false;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  lost(): Promise<number> {
    return Promise.resolve(this.#socket.lost());
  }

  close(): Promise<void> {
    return this.#socket.close();
  }
}
