import type { Host, Interface, Neighbour, Route } from "../model/topology.js";
import { parseIpv4, parseIpv6, parseMac } from "../packet/address.js";

/** An interface, its index, and the addresses on it. */
export interface FibDevice {
  readonly ifindex: number;
  readonly mac: Uint8Array;
  readonly mtuBytes: number;
  readonly addresses: readonly Prefix[];
}

interface Prefix {
  readonly address: Uint8Array;
  readonly bits: number;
}

interface FibRoute {
  readonly to: Prefix;
  readonly gateway: Uint8Array | undefined;
  readonly device: FibDevice;
}

interface FibNeighbour {
  readonly address: Uint8Array;
  readonly mac: Uint8Array;
  readonly ifindex: number;
}

/** Where a packet goes next. */
export interface NextHop {
  readonly device: FibDevice;
  /** Undefined where the destination itself is on the link. */
  readonly gateway: Uint8Array | undefined;
  /** Link-layer address of gateway or destination, where a neighbour is declared. */
  readonly mac: Uint8Array | undefined;
}

/** Routes, neighbours and forwarding of one host, as the topology declares them. */
export class Fib {
  readonly devices: ReadonlyMap<number, FibDevice>;
  readonly #routes: readonly FibRoute[];
  readonly #neighbours: readonly FibNeighbour[];
  /** Neighbours that have told where they are. */
  readonly #learnt: FibNeighbour[] = [];
  readonly #forwards: { readonly 4: boolean; readonly 16: boolean };

  /** `devices` are the names of the host's interfaces by index. */
  constructor(host: Host | undefined, devices: readonly string[]) {
    const interfaces = host?.interfaces ?? [];
    const byName = new Map(interfaces.map((spec) => [spec.dev, deviceOf(spec, devices.indexOf(spec.dev))]));
    this.devices = new Map([...byName.values()].map((device) => [device.ifindex, device]));
    const connected = [...byName.values()].flatMap((device) =>
      device.addresses.map((to): FibRoute => ({ to, gateway: undefined, device })),
    );
    // Of equally long prefixes the first wins: what is connected has the lowest metric.
    this.#routes = [...connected, ...(host?.routes ?? []).flatMap((route) => routeOf(route, byName, connected))];
    this.#neighbours = (host?.neighbours ?? []).map(({ address, mac, dev }: Neighbour) => {
      return { address: addressBytes(address), mac: parseMac(mac), ifindex: devices.indexOf(dev) };
    });
    const on = (name: string) => host?.sysctls[name] === "1";
    this.#forwards = { 4: on("net.ipv4.ip_forward"), 16: on("net.ipv6.conf.all.forwarding") };
  }

  /** Whether packets with addresses of that length are forwarded at all. */
  forwards(addressLength: 4 | 16): boolean {
    return this.#forwards[addressLength];
  }

  isLocal(address: Uint8Array): boolean {
    return [...this.devices.values()].some(({ addresses }) => addresses.some((own) => isEqual(own.address, address)));
  }

  /** The next hop by the longest matching prefix, by way of one interface if need be; undefined without a route. */
  lookup(destination: Uint8Array, ifindex?: number): NextHop | undefined {
    let best: FibRoute | undefined;
    for (const route of this.#routes)
      if (
        matches(route.to, destination) &&
        (!best || route.to.bits > best.to.bits) &&
        (ifindex === undefined || route.device.ifindex === ifindex)
      )
        best = route;
    if (!best) return undefined;
    const { device, gateway } = best;
    return { device, gateway, mac: this.#macOf(gateway ?? destination, device) };
  }

  /** A neighbour on an interface, whether or not there is a route to it; undefined without that interface. */
  neighbour(address: Uint8Array, ifindex: number): NextHop | undefined {
    const device = this.devices.get(ifindex);
    return device && { device, gateway: address, mac: this.#macOf(address, device) };
  }

  /** A neighbour has told where it is; what is declared stays. */
  learn(address: Uint8Array, mac: Uint8Array, ifindex: number): void {
    this.#learnt.unshift({ address, mac, ifindex });
  }

  /** Neither a group's address nor everybody's on one of the host's networks. */
  isUnicast(address: Uint8Array): boolean {
    if (address.length === 16) return address[0] !== 0xff;
    if (address[0]! >= 224) return false;
    const all = [...this.devices.values()].flatMap(({ addresses }) => addresses);
    return !all.some((prefix) => prefix.bits < 31 && isBroadcast(prefix, address));
  }

  #macOf(address: Uint8Array, device: FibDevice): Uint8Array | undefined {
    const known = [...this.#neighbours, ...this.#learnt].find(
      (one) => one.ifindex === device.ifindex && isEqual(one.address, address),
    );
    return known?.mac;
  }
}

function deviceOf({ mac, mtuBytes, addresses }: Interface, ifindex: number): FibDevice {
  return { ifindex, mac: parseMac(mac), mtuBytes, addresses: addresses.map(prefixOf) };
}

/** A route names its device, or a gateway that is on a device's link. */
function routeOf(
  { to, via, dev }: Route,
  byName: ReadonlyMap<string, FibDevice>,
  connected: readonly FibRoute[],
): FibRoute[] {
  const gateway = via === undefined ? undefined : addressBytes(via);
  const device =
    dev === undefined ? connected.find((route) => gateway && matches(route.to, gateway))?.device : byName.get(dev);
  if (!device) return [];
  const everything = { address: new Uint8Array(gateway?.length ?? 4), bits: 0 };
  return [{ to: to === "default" ? everything : prefixOf(to), gateway, device }];
}

function prefixOf(text: string): Prefix {
  const [address, bits] = text.split("/");
  const bytes = addressBytes(address!);
  return { address: bytes, bits: bits === undefined ? 8 * bytes.length : Number(bits) };
}

function addressBytes(text: string): Uint8Array {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** The last address of a network. */
function isBroadcast(prefix: Prefix, candidate: Uint8Array): boolean {
  const isOne = (bit: number) => ((candidate[bit >> 3]! >> (7 - (bit & 7))) & 1) === 1;
  const rest = Array.from({ length: 8 * candidate.length - prefix.bits }, (_, i) => prefix.bits + i);
  return matches(prefix, candidate) && rest.every(isOne);
}

function matches({ address, bits }: Prefix, candidate: Uint8Array): boolean {
  if (address.length !== candidate.length) return false;
  const whole = bits >> 3;
  for (let i = 0; i < whole; i++) if (address[i] !== candidate[i]) return false;
  return (bits & 7) === 0 || ((address[whole]! ^ candidate[whole]!) & (0xff00 >> (bits & 7)) & 0xff) === 0;
}
