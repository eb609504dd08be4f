import type { Fib, FibDevice, NextHop } from "../fib.js";
import { arpReply, arpRequest, readArp } from "./arp.js";
import { framed } from "./frame.js";
import type { HostWorld, Outgoing } from "./host.js";
import type { IpPacket } from "./ip.js";
import { advertisement, groupMac, readNeighbourMessage, solicitation } from "./neighbour-discovery.js";
import { freshSkb, type Skb } from "./skb.js";

/** A packet that waits for its neighbour to say where it is. */
interface Waiting {
  readonly next: NextHop;
  readonly packet: Uint8Array;
  readonly skb: Skb;
}

/** How often a neighbour is asked, and how long between (mcast_solicit and retrans_time_ms of Linux). */
const mostQuestions = 3;
const askAgainNs = 1_000_000_000n;

/** So many packets wait for one neighbour (unres_qlen of small packets). */
const mostWaiting = 101;

/** What the host of a neighbour table does for it. */
interface Sending {
  leaving(device: FibDevice, skb: Skb): Outgoing;
  /** With the link-layer address that `next` has. */
  transmit(next: NextHop, packet: Uint8Array, skb: Skb): readonly Outgoing[];
  /** To wherever a packet of the host's own is routed. */
  send(destination: Uint8Array, packet: Uint8Array): readonly Outgoing[];
  /** What is said of a packet whose neighbour does not answer. */
  unreachable(packet: Uint8Array, skb: Skb): readonly Outgoing[];
}

/** ARP and neighbour discovery of a host: it answers who asks for its addresses, and asks where packets have to go. */
export class Neighbours {
  readonly #fib: Fib;
  readonly #world: HostWorld;
  readonly #host: Sending;
  /** By interface and address of the neighbour. */
  readonly #waiting = new Map<string, Waiting[]>();

  constructor(fib: Fib, world: HostWorld, host: Sending) {
    this.#fib = fib;
    this.#world = world;
    this.#host = host;
  }

  /** Neighbour discovery (RFC 4861, 7.2). */
  discover(packet: IpPacket, { iif, frame }: Skb): readonly Outgoing[] {
    const message = readNeighbourMessage(packet);
    const device = this.#fib.devices.get(iif);
    if (!message || !device) return [];
    const { source } = packet;
    if (!message.isSolicitation) {
      // Only who was asked is believed: an address that nobody has looked for is not learnt.
      if (!message.mac || !this.#waiting.has(keyOf(iif, message.target))) return [];
      return this.#learn(message.target, message.mac, iif);
    }
    if (!device.addresses.some(({ address }) => isSame(address, message.target))) return [];
    if (source.every((byte) => byte === 0)) return this.#world.unable("answers who looks for duplicate addresses");
    const sent = this.#learn(source, message.mac ?? frame.slice(6, 12), iif);
    const answer = advertisement(device.mac, packet, message.target, this.#fib.forwards(16));
    return [...sent, ...this.#host.send(source, answer)];
  }

  receiveArp(data: Uint8Array, { iif }: Skb): readonly Outgoing[] {
    const message = readArp(data);
    const device = this.#fib.devices.get(iif);
    if (!message || !device || !this.#fib.isLocal(message.target) || this.#fib.isLocal(message.sender)) return [];
    const isProbe = message.sender.every((byte) => byte === 0);
    const isKnown = message.isRequest || this.#waiting.has(keyOf(iif, message.sender));
    const sent = isProbe || !isKnown ? [] : this.#learn(message.sender, message.senderMac, iif);
    if (!message.isRequest) return sent;
    return [...sent, this.#host.leaving(device, freshSkb(arpReply(device.mac, message)))];
  }

  /** Where a neighbour is; what waits for it goes. */
  #learn(address: Uint8Array, mac: Uint8Array, ifindex: number): readonly Outgoing[] {
    this.#fib.learn(address, mac, ifindex);
    const key = keyOf(ifindex, address);
    const waiting = this.#waiting.get(key) ?? [];
    this.#waiting.delete(key);
    return waiting.flatMap(({ next, packet, skb }) => this.#host.transmit({ ...next, mac }, packet, skb));
  }

  /** Lets a packet wait, and asks for its neighbour if nobody has yet. */
  ask(next: NextHop, packet: Uint8Array, skb: Skb): readonly Outgoing[] {
    const destination = destinationOf(packet);
    const neighbour = next.gateway ?? destination;
    const key = keyOf(next.device.ifindex, neighbour);
    const known = this.#waiting.get(key);
    if (known) {
      if (known.length < mostWaiting) known.push({ next, packet, skb });
      return [];
    }
    this.#waiting.set(key, [{ next, packet, skb }]);
    this.#askAgainLater(key, next, neighbour, sourceOf(packet), 1);
    return this.#question(next, neighbour, sourceOf(packet));
  }

  #question({ device }: NextHop, neighbour: Uint8Array, source: Uint8Array): readonly Outgoing[] {
    const isIpv4 = neighbour.length === 4;
    const own = isIpv4 ? this.#arpSource(device, source) : discoverySource(device, source);
    if (!own) return [];
    if (isIpv4) return [this.#host.leaving(device, freshSkb(arpRequest(device.mac, own, neighbour)))];
    const packet = solicitation(device.mac, own, neighbour);
    return [this.#host.leaving(device, freshSkb(framed(groupMac(destinationOf(packet)), device.mac, packet)))];
  }

  /** The packet's own source if it is this host's, else an address of the interface (arp_solicit). */
  #arpSource({ addresses }: FibDevice, source: Uint8Array): Uint8Array | undefined {
    return this.#fib.isLocal(source) ? source : addresses.find(({ address }) => address.length === 4)?.address;
  }

  /** Who does not answer in time cannot be reached, and forwarded packets are answered so. */
  #askAgainLater(key: string, next: NextHop, neighbour: Uint8Array, source: Uint8Array, asked: number): void {
    const ring = (): void => {
      const waiting = this.#waiting.get(key);
      if (!waiting) return;
      if (asked < mostQuestions) {
        this.#askAgainLater(key, next, neighbour, source, asked + 1);
        this.#world.send(this.#question(next, neighbour, source));
        return;
      }
      this.#waiting.delete(key);
      this.#world.send(waiting.flatMap(({ packet, skb }) => this.#host.unreachable(packet, skb)));
    };
    this.#world.clock.set({ dueNs: 0n, ring }, this.#world.clock.nowNs + askAgainNs);
  }
}

/** The packet's own source if the interface has it, else a link-local address of the interface (ndisc_solicit). */
function discoverySource({ addresses }: FibDevice, source: Uint8Array): Uint8Array | undefined {
  const own =
    addresses.find(({ address }) => isSame(address, source)) ?? addresses.find(({ address }) => isLinkLocal(address));
  return own?.address;
}

function isLinkLocal(address: Uint8Array): boolean {
  return address.length === 16 && address[0] === 0xfe && (address[1]! & 0xc0) === 0x80;
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function keyOf(ifindex: number, address: Uint8Array): string {
  return `${ifindex} ${address.join(".")}`;
}

function destinationOf(packet: Uint8Array): Uint8Array {
  return packet[0]! >> 4 === 4 ? packet.slice(16, 20) : packet.slice(24, 40);
}

function sourceOf(packet: Uint8Array): Uint8Array {
  return packet[0]! >> 4 === 4 ? packet.slice(12, 16) : packet.slice(8, 24);
}
