import type { Place } from "../../model/topology.js";
import type { Network } from "../../../netns/network.js";
import { interfaceAt } from "../../model/segments.js";
import { parseMacBytes } from "../mac.js";
import { PacketSocket } from "./packet-socket.js";
import type { CapturedFrame, FramePort } from "./port.js";

const PACKET_OTHERHOST = 3;

/**
 * A frame port that sees only what gets past traffic control: the kernel shows a frame to a packet socket for its
 * very ethertype when it hands it to the protocols, and to one for all ethertypes before TC ingress
 * (__netif_receive_skb_core). So this is one socket for each ethertype that may come.
 *
 * By then the kernel has also taken out all VLAN tags for good: `tagLost` says where that shows.
 */
export class StackTap implements FramePort {
  readonly place: Place;
  readonly #mac: Uint8Array;
  readonly #sockets: readonly PacketSocket[];

  private constructor(place: Place, mac: Uint8Array, sockets: readonly PacketSocket[]) {
    this.place = place;
    this.#mac = mac;
    this.#sockets = sockets;
  }

  static open(network: Network, place: Place, etherTypes: ReadonlySet<number>): StackTap {
    const ifindex = network.ifindex(place);
    const sockets = network.inside(place.host, () =>
      [...etherTypes].map((capture) => new PacketSocket({ ifindex, capture })),
    );
    return new StackTap(place, parseMacBytes(interfaceAt(network.topology, place)!.mac), sockets);
  }

  send(frames: readonly Uint8Array[]): Promise<void> {
    return this.#sockets[0]!.send(frames);
  }

  receive(): Promise<readonly CapturedFrame[]> {
    const frames = this.#sockets.flatMap((socket) =>
      socket.receive().map(({ bytes, timestampNs, packetType }) => {
        // A tag of a VLAN that is not there makes the frame somebody else's, whatever its address.
        const tagLost = packetType === PACKET_OTHERHOST && this.#mac.every((byte, i) => byte === bytes[i]);
        return { place: this.place, bytes, timestampNs, ...(tagLost && { tagLost }) };
      }),
    );
    return Promise.resolve(frames.sort((a, b) => Number(a.timestampNs - b.timestampNs)));
  }

  async wait(timeoutMs: number): Promise<boolean> {
    const until = performance.now() + timeoutMs;
    for (;;) {
      if (this.#sockets.some((socket) => socket.poll(0))) return true;
      if (performance.now() >= until) return false;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  lost(): Promise<number> {
    return Promise.resolve(this.#sockets.reduce((sum, socket) => sum + socket.lost(), 0));
  }

  async close(): Promise<void> {
    await Promise.all(this.#sockets.map((socket) => socket.close()));
  }
}
