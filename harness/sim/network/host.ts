import type { Host } from "../../model/topology.js";
import type { Fib, NextHop } from "../fib.js";
import { icmpPacket, isIntact, protocols, readIp, withOneHopLess, type IpPacket } from "./ip.js";
import type { HostSite } from "./site.js";
import { freshSkb, packetType, type Skb } from "./skb.js";

const ethernetBytes = 14;

/** Echo request and reply of ICMP (RFC 792) and ICMPv6 (RFC 4443). */
const echo = { 4: { request: 8, reply: 0 }, 6: { request: 128, reply: 129 } } as const;

/** A packet and the interface by which it leaves. */
export interface Outgoing {
  readonly dev: string;
  readonly skb: Skb;
}

/** What a host's stack cannot do here, said where a packet would need it. */
export type Unable = (what: string) => never;

/**
 * The IP stack of a host without sockets: it answers echo requests, and forwards where its sysctls say so.
 * What a real host would answer beyond that is refused by name rather than left out.
 */
export class SimHost {
  readonly #host: Host;
  readonly #fib: Fib;
  readonly #devs: readonly string[];
  readonly #unable: Unable;
  /** Echo replies that came for pings of this host: their identifiers and sequence numbers. */
  readonly #replies: number[] = [];

  constructor(host: Host, { fib, devs }: HostSite, unable: Unable) {
    this.#host = host;
    this.#unable = unable;
    this.#devs = devs;
    this.#fib = fib;
  }

  /** What the stack sends because of a packet that reached it. */
  receive(skb: Skb): readonly Outgoing[] {
    const { frame, vlan } = skb;
    // A tag of a VLAN that is not there makes the frame somebody else's; VLAN 0 is none.
    if (skb.packetType === packetType.otherHost || ((vlan?.tci ?? 0) & 0xfff) !== 0) return [];
    const packet = readIp((frame[12]! << 8) | frame[13]!, frame.subarray(ethernetBytes));
    if (!packet) return [];
    if (this.#fib.isLocal(packet.destination)) return this.#deliver(packet);
    const isMulticast = packet.version === 4 ? packet.destination[0]! >= 224 : packet.destination[0] === 0xff;
    if (isMulticast || !this.#fib.forwards(packet.version === 4 ? 4 : 16)) return [];
    if (packet.hops <= 1) return this.#unable("answers a packet whose time has run out");
    const next = this.#fib.lookup(packet.destination);
    return next ? this.#transmit(next, withOneHopLess(packet), carriedOn(skb, packet.version)) : [];
  }

  /** An echo request to an address; nothing where there is no route to it. */
  ping(destination: Uint8Array, identifier: number, sequence: number, payloadBytes: number): readonly Outgoing[] {
    const source = this.#addressTowards(destination);
    if (!source) return [];
    const message = new Uint8Array(8 + payloadBytes);
    message[0] = echo[destination.length === 4 ? 4 : 6].request;
    new DataView(message.buffer).setUint16(4, identifier);
    new DataView(message.buffer).setUint16(6, sequence);
    // As iputils' ping: each byte says where it is.
    for (let i = 0; i < payloadBytes; i++) message[8 + i] = i;
    return this.#send(destination, icmpPacket(source, destination, message));
  }

  /** The sequence numbers of the replies to one ping that have come since the last time. */
  takeReplies(identifier: number): ReadonlySet<number> {
    const own = this.#replies.splice(0).filter((reply) => reply >>> 16 === identifier);
    return new Set(own.map((reply) => reply & 0xffff));
  }

  #deliver(packet: IpPacket): readonly Outgoing[] {
    const { version, source, destination, bytes, headerBytes } = packet;
    if (packet.isFragment) return this.#unable("puts fragments together");
    const isIcmp = packet.protocol === (version === 4 ? protocols.icmp : protocols.icmpv6);
    if (!isIcmp) return this.#unable(`answers for a socket (protocol ${packet.protocol})`);
    if (!isIntact(packet)) return [];
    const message = bytes.slice(headerBytes);
    if (message[0] === echo[version].reply) {
      this.#replies.push(new DataView(message.buffer).getUint32(4));
      return [];
    }
    if (message[0] !== echo[version].request || this.#ignoresEcho(version)) return [];
    message[0] = echo[version].reply;
    return this.#send(source, icmpPacket(destination, source, message));
  }

  #ignoresEcho(version: 4 | 6): boolean {
    const name = version === 4 ? "net.ipv4.icmp_echo_ignore_all" : "net.ipv6.icmp.echo_ignore_all";
    return this.#host.sysctls[name] === "1";
  }

  #send(destination: Uint8Array, packet: Uint8Array): readonly Outgoing[] {
    const next = this.#fib.lookup(destination);
    return next ? this.#transmit(next, packet, freshSkb(packet)) : [];
  }

  /** Puts the link-layer header in front of a packet; `skb` is what goes with it. */
  #transmit({ device, mac }: NextHop, packet: Uint8Array, skb: Skb): readonly Outgoing[] {
    if (packet.length > device.mtuBytes) return this.#unable("sends a packet in fragments");
    if (!mac) return this.#unable("asks for a neighbour that the topology does not tell");
    const frame = new Uint8Array(ethernetBytes + packet.length);
    frame.set(mac);
    frame.set(device.mac, 6);
    frame.set(packet[0]! >> 4 === 4 ? [0x08, 0x00] : [0x86, 0xdd], 12);
    frame.set(packet, ethernetBytes);
    return [{ dev: this.#devs[device.ifindex]!, skb: { ...skb, frame } }];
  }

  #addressTowards(destination: Uint8Array): Uint8Array | undefined {
    const device = this.#fib.lookup(destination)?.device;
    return device?.addresses.find(({ address }) => address.length === destination.length)?.address;
  }

  /**
   * bpf_redirect_neigh(): out of an interface with the link-layer header that the neighbour table has for `nextHop`,
   * or for where the packet's destination is routed to; neither a hop is counted nor anything else looked at.
   */
  sendToNeighbour(dev: string, nextHop: Uint8Array | undefined, skb: Skb): readonly Outgoing[] {
    const packet = skb.frame.subarray(ethernetBytes);
    const read = readIp((skb.frame[12]! << 8) | skb.frame[13]!, packet);
    const ifindex = this.#devs.indexOf(dev);
    const next = nextHop ? this.#fib.neighbour(nextHop, ifindex) : read && this.#fib.lookup(read.destination, ifindex);
    return next ? this.#transmit(next, packet, { ...skb, packetType: packetType.host }) : [];
  }
}

/**
 * What of an skb stays with it through the stack. IPv4 has the priority follow from the type of service
 * (ip_forward), IPv6 leaves it.
 */
function carriedOn({ frame, mark, priority, iif, metadata, origin }: Skb, version: 4 | 6): Skb {
  return { ...freshSkb(frame, origin), mark, priority: version === 6 ? priority : 0, iif, metadata };
}
