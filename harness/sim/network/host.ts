import type { Host } from "../../model/topology.js";
import type { Clock } from "../clock.js";
import type { Fib, FibDevice, NextHop } from "../fib.js";
import { isDatagram, resetFor } from "./closed-port.js";
import { ErrorLimit, icmpErrorFor, icmpErrorMessage, mayBeAnswered, type IcmpError } from "./icmp-errors.js";
import { isIntact, protocols, readIp, transportPacket, withOneHopLess, type IpPacket } from "./ip.js";
import { ethernetBytes, framed } from "./frame.js";
import { Neighbours } from "./neighbours.js";
import type { HostSite } from "./site.js";
import { freshSkb, packetType, type Skb } from "./skb.js";

const etherTypes = { arp: 0x0806 } as const;

/** Echo request and reply of ICMP (RFC 792) and ICMPv6 (RFC 4443). */
const echo = { 4: { request: 8, reply: 0 }, 6: { request: 128, reply: 129 } } as const;

/** A packet and the interface by which it leaves. */
export interface Outgoing {
  readonly dev: string;
  readonly skb: Skb;
}

/** What a stack lives in. */
export interface HostWorld {
  readonly clock: Clock;
  /** What a host's stack cannot do here, said where a packet would need it. */
  readonly unable: (what: string) => never;
  /** Packets that the host sends on its own, because time has passed. */
  readonly send: (packets: readonly Outgoing[]) => void;
}

/**
 * The IP stack of a host without sockets: it answers echo requests and questions for its addresses, forwards where its
 * sysctls say so, and says what it cannot deliver, as Linux does. What a real host would answer beyond that is
 * refused by name rather than left out.
 */
export class SimHost {
  readonly #host: Host;
  readonly #fib: Fib;
  readonly #devs: readonly string[];
  readonly #world: HostWorld;
  readonly #limit = new ErrorLimit();
  readonly #neighbours: Neighbours;
  /** Echo replies that came for pings of this host: their identifiers and sequence numbers. */
  readonly #replies: number[] = [];

  constructor(host: Host, { fib, devs }: HostSite, world: HostWorld) {
    this.#host = host;
    this.#world = world;
    this.#devs = devs;
    this.#fib = fib;
    this.#neighbours = new Neighbours(fib, world, {
      leaving: (device, skb) => this.#leaving(device, skb),
      transmit: (next, packet, skb) => this.#transmit(next, packet, skb),
      send: (destination, packet) => this.#send(destination, packet),
      unreachable: (packet, skb) => this.#unreachable(packet, skb),
    });
  }

  /** What the stack sends because of a packet that reached it. */
  receive(skb: Skb): readonly Outgoing[] {
    const { frame, vlan } = skb;
    // A tag of a VLAN that is not there makes the frame somebody else's; VLAN 0 is none.
    if (skb.packetType === packetType.otherHost || ((vlan?.tci ?? 0) & 0xfff) !== 0) return [];
    const etherType = (frame[12]! << 8) | frame[13]!;
    const data = frame.subarray(ethernetBytes);
    if (etherType === etherTypes.arp) return this.#neighbours.receiveArp(data, skb);
    const packet = readIp(etherType, data);
    if (!packet || this.#isMartian(packet)) return [];
    if (this.#fib.isLocal(packet.destination)) return this.#deliver(packet, skb);
    if (packet.destination[0] === 0xff && packet.version === 6) return this.#deliverToGroup(packet, skb);
    return this.#fib.isUnicast(packet.destination) ? this.#forward(packet, skb) : [];
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
    return this.#send(destination, transportPacket(source, destination, "icmp", message));
  }

  /** The sequence numbers of the replies to one ping that have come since the last time. */
  takeReplies(identifier: number): ReadonlySet<number> {
    const own = this.#replies.splice(0).filter((reply) => reply >>> 16 === identifier);
    return new Set(own.map((reply) => reply & 0xffff));
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

  /** IPv4 packets that say they come from here, or from nobody who could be answered (ip_route_input_slow). */
  #isMartian({ version, source, destination }: IpPacket): boolean {
    if (version === 6) return source[0] === 0xff || isLoopback6(source) || isLoopback6(destination);
    const isNobody = (address: Uint8Array) => address[0] === 0 || address[0] === 127;
    return source[0]! >= 224 || isNobody(source) || isNobody(destination) || this.#fib.isLocal(source);
  }

  #forward(packet: IpPacket, skb: Skb): readonly Outgoing[] {
    const { version, destination, hops, dontFragment, bytes } = packet;
    const forwards = this.#fib.forwards(version === 4 ? 4 : 16);
    const next = this.#fib.lookup(destination);
    // IPv6 tells who sends to nowhere even where it does not forward (ip6_pkt_discard).
    if (!next) return forwards || version === 6 ? this.#answer(packet, skb, icmpErrorFor(version, "route")) : [];
    if (!forwards || skb.packetType !== packetType.host) return [];
    if (hops <= 1) return this.#answer(packet, skb, icmpErrorFor(version, "time"));
    const { mtuBytes } = next.device;
    if (bytes.length > mtuBytes && dontFragment)
      return this.#answer(packet, skb, icmpErrorFor(version, "size", mtuBytes));
    return this.#transmit(next, withOneHopLess(packet), carriedOn(skb, version));
  }

  #deliver(packet: IpPacket, skb: Skb): readonly Outgoing[] {
    const { version, protocol, headerBytes, bytes } = packet;
    if (packet.isFragment) return this.#world.unable("puts fragments together");
    if (version === 4 && headerBytes > 20) return this.#world.unable("looks at IP options");
    switch (protocol) {
      case version === 4 ? protocols.icmp : protocols.icmpv6:
        return isIntact(packet) ? this.#deliverIcmp(packet, skb) : [];
      case protocols.tcp: {
        // What came by an Ethernet broadcast is for no connection (tcp_v4_rcv).
        const reset = skb.packetType === packetType.host && isIntact(packet) ? resetFor(packet) : undefined;
        return reset ? this.#send(packet.source, reset) : [];
      }
      case protocols.udp: {
        const length = (bytes[headerBytes + 4]! << 8) | bytes[headerBytes + 5]!;
        const datagram = { ...packet, bytes: bytes.subarray(0, headerBytes + length) };
        const hasSum = ((bytes[headerBytes + 6]! << 8) | bytes[headerBytes + 7]!) !== 0;
        if (!isDatagram(packet) || (hasSum && !isIntact(datagram))) return [];
        return this.#answer(packet, skb, icmpErrorFor(version, "port"));
      }
      case version === 4 ? protocols.igmp : protocols.none:
        return [];
      default:
        if (version === 6 && extensionHeaders.has(protocol)) return this.#world.unable("reads IPv6 extension headers");
        return this.#answer(packet, skb, icmpErrorFor(version, "protocol"));
    }
  }

  #deliverIcmp(packet: IpPacket, skb: Skb): readonly Outgoing[] {
    const { version, source, destination, bytes, headerBytes, trafficClass } = packet;
    const message = bytes.slice(headerBytes);
    if (message.length < 8) return [];
    if (message[0] === echo[version].reply) {
      this.#replies.push(new DataView(message.buffer).getUint32(4));
      return [];
    }
    if (version === 6 && message[0]! >= 130) return this.#neighbours.discover(packet, skb);
    if (message[0] !== echo[version].request || this.#ignoresEcho(version)) return [];
    message[0] = echo[version].reply;
    return this.#send(source, transportPacket(destination, source, "icmp", message, { trafficClass }));
  }

  /** Of what is sent to groups, questions for this host's addresses count. */
  #deliverToGroup(packet: IpPacket, skb: Skb): readonly Outgoing[] {
    const isIcmp = packet.protocol === protocols.icmpv6 && isIntact(packet);
    return isIcmp ? this.#neighbours.discover(packet, skb) : [];
  }

  /** The error that a packet is answered with, from the address that it was for or the nearest to its sender. */
  #answer(packet: IpPacket, skb: Skb, error: IcmpError): readonly Outgoing[] {
    const { version, source, destination, trafficClass } = packet;
    if (skb.packetType !== packetType.host || !mayBeAnswered(packet)) return [];
    const from = this.#fib.isLocal(destination) ? destination : this.#errorSource(packet, skb);
    if (!from || (error.isLimited && !this.#limit.allows(source, this.#world.clock.nowNs))) return [];
    const message = icmpErrorMessage(packet, error);
    // RFC 1812, 4.3.2.5: errors have precedence (IPTOS_PREC_INTERNETCONTROL).
    const precedence = version === 4 ? { trafficClass: (trafficClass & 0x1e) | 0xc0 } : {};
    return this.#send(source, transportPacket(from, source, "icmp", message, precedence));
  }

  /** IPv6 prefers an address of the interface that the packet came in by (icmp6_send). */
  #errorSource({ version, source }: IpPacket, { iif }: Skb): Uint8Array | undefined {
    const came = version === 6 ? this.#fib.devices.get(iif)?.addresses : undefined;
    return came?.find(({ address }) => address.length === 16)?.address ?? this.#addressTowards(source);
  }

  #ignoresEcho(version: 4 | 6): boolean {
    const name = version === 4 ? "net.ipv4.icmp_echo_ignore_all" : "net.ipv6.icmp.echo_ignore_all";
    return this.#host.sysctls[name] === "1";
  }

  #send(destination: Uint8Array, packet: Uint8Array): readonly Outgoing[] {
    // What a host says to itself nobody else hears.
    const next = this.#fib.isLocal(destination) ? undefined : this.#fib.lookup(destination);
    return next ? this.#transmit(next, packet, freshSkb(packet)) : [];
  }

  /** Puts the link-layer header in front of a packet; `skb` is what goes with it. */
  #transmit(next: NextHop, packet: Uint8Array, skb: Skb): readonly Outgoing[] {
    const { device, mac } = next;
    if (packet.length > device.mtuBytes) return this.#world.unable("sends a packet in fragments");
    return mac
      ? [this.#leaving(device, { ...skb, frame: framed(mac, device.mac, packet) })]
      : this.#neighbours.ask(next, packet, skb);
  }

  #leaving({ ifindex }: FibDevice, skb: Skb): Outgoing {
    return { dev: this.#devs[ifindex]!, skb };
  }

  #unreachable(packet: Uint8Array, skb: Skb): readonly Outgoing[] {
    const read = skb.iif === 0 ? undefined : readIp(packet[0]! >> 4 === 4 ? 0x0800 : 0x86dd, packet);
    return read ? this.#answer(read, skb, icmpErrorFor(read.version, "host")) : [];
  }

  #addressTowards(destination: Uint8Array): Uint8Array | undefined {
    const device = this.#fib.lookup(destination)?.device;
    return device?.addresses.find(({ address }) => address.length === destination.length)?.address;
  }
}

/** Hop-by-hop options, routing, fragment, ESP, AH and destination options (RFC 8200, 4). */
const extensionHeaders: ReadonlySet<number> = new Set([0, 43, 44, 50, 51, 60, 135]);

function isLoopback6(address: Uint8Array): boolean {
  return address.subarray(0, 15).every((byte) => byte === 0) && address[15] === 1;
}

/**
 * What of an skb stays with it through the stack. IPv4 has the priority follow from the type of service
 * (ip_forward), IPv6 leaves it.
 */
function carriedOn({ frame, mark, priority, iif, metadata, origin }: Skb, version: 4 | 6): Skb {
  return { ...freshSkb(frame, origin), mark, priority: version === 6 ? priority : 0, iif, metadata };
}
