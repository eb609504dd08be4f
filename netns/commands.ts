import type { Host, Place, Topology } from "../harness/model/topology.js";
import { interfaceAt, neighboursOf, samePlace } from "../harness/model/segments.js";

/** The bridge device in its namespace, and its port for the nth interface. */
export const bridgeDevice = "br0";
export function bridgePort(index: number): string {
  return `port${index}`;
}

/** The names of namespaces, as `ip` knows them. */
export interface NamespaceNames {
  readonly ofHost: (host: string) => string;
  readonly ofBridge: (bridge: string) => string;
}

/**
 * Lines for `ip -batch` that make all links, each end at once in the namespace where it stays. One queue each:
 * a veth is then first in, first out.
 */
export function linkCommands(topology: Topology, names: NamespaceNames): readonly string[] {
  const end = (place: Place): string => {
    const { mac, mtuBytes } = interfaceAt(topology, place)!;
    return `name ${place.dev} netns ${names.ofHost(place.host)} address ${mac} mtu ${mtuBytes} numtxqueues 1 numrxqueues 1`;
  };
  const lines = topology.links.map(({ ends: [a, b] }) => `link add ${end(a)} type veth peer ${end(b)}`);
  for (const bridge of topology.bridges) {
    const netns = names.ofBridge(bridge.name);
    const mtuBytes = Math.max(...bridge.ports.map((place) => interfaceAt(topology, place)!.mtuBytes));
    lines.push(
      `link add name ${bridgeDevice} netns ${netns} type bridge stp_state 0 forward_delay 0 mcast_snooping 0`,
      ...bridge.ports.map(
        (place, i) =>
          `link add ${end(place)} type veth peer name ${bridgePort(i)} netns ${netns} mtu ${mtuBytes} numtxqueues 1 numrxqueues 1`,
      ),
    );
  }
  return lines;
}

/** Lines for `ip -batch` in a bridge's namespace. */
export function bridgeCommands(portCount: number): readonly string[] {
  return Array.from({ length: portCount }, (_, i) => `link set ${bridgePort(i)} master ${bridgeDevice}`);
}

/**
 * Lines for `bridge -batch` in a bridge's namespace: it knows from the start where everyone is, so that no
 * frame between two hosts is flooded to a third, and it stays so whatever source addresses a test makes up.
 */
export function forwardingCommands(topology: Topology, ports: readonly Place[]): readonly string[] {
  return ports.map(
    (place, i) => `fdb add ${interfaceAt(topology, place)!.mac} dev ${bridgePort(i)} master static sticky`,
  );
}

/** Lines for `ip -batch` in a host's namespace, its interfaces being up. */
export function hostCommands(topology: Topology, host: Host): readonly string[] {
  const addresses = host.interfaces.flatMap(({ dev, addresses: own }) =>
    // Duplicate address detection would hold back the first packets for a second.
    own.map((address) => `addr add ${address} dev ${dev}${isIpv6(address) ? " nodad" : ""}`),
  );
  const routes = host.routes.map(
    ({ to, via, dev }) => `route add ${to}${via ? ` via ${via}` : ""}${dev ? ` dev ${dev}` : ""}`,
  );
  const written = host.neighbours.map((entry) => ({ ...entry }));
  const known = new Set(written.map(({ dev, address }) => `${dev} ${address}`));
  const found = addressesNextTo(topology, host).filter(({ dev, address }) => !known.has(`${dev} ${address}`));
  const neighbours = [...written, ...found].map(
    ({ address, mac, dev }) => `neigh replace ${address} lladdr ${mac} dev ${dev} nud permanent`,
  );
  return [...addresses, ...routes, ...neighbours];
}

/** Neighbours that the topology itself tells: with them no host has to ask by ARP or neighbour discovery. */
function addressesNextTo(topology: Topology, host: Host): readonly { address: string; mac: string; dev: string }[] {
  return host.interfaces.flatMap((own) => {
    const place = { host: host.name, dev: own.dev };
    const families = new Set(own.addresses.map(isIpv6));
    return neighboursOf(topology, place)
      .filter((other) => !samePlace(other, place))
      .flatMap((other) => {
        const { mac, addresses } = interfaceAt(topology, other)!;
        return addresses
          .filter((address) => families.has(isIpv6(address)))
          .map((address) => ({ address: address.replace(/\/.*/, ""), mac, dev: own.dev }));
      });
  });
}

/**
 * Lines for `tc -batch` in a host's namespace: IPv6 announces its multicast groups (MLDv2 reports to
 * 33:33:00:00:00:16, RFC 3810) a tick and again a second after an address is set, and no sysctl of the namespace
 * stops it. A classic BPF filter on the way out does: a program under test meets none of them. A router also joins
 * groups at interfaces without an address.
 */
export function muteCommands(host: Host): readonly string[] {
  if (!speaksIpv6(host)) return [];
  return host.interfaces.flatMap(({ dev }) => [
    `qdisc add dev ${dev} clsact`,
    `filter add dev ${dev} egress prio 1 protocol all bpf da bytecode '${dropMulticastReports}'`,
  ]);
}

/** ldh [0]; if != 0x3333 go on; ld [2]; if != 0x16 go on; ret TC_ACT_SHOT; go on: ret TC_ACT_UNSPEC. */
const dropMulticastReports = "6,40 0 0 0,21 0 3 13107,32 0 0 2,21 0 1 22,6 0 0 2,6 0 0 4294967295";

export function isIpv6(address: string): boolean {
  return address.includes(":");
}

/** Whether a host's stack has to know IPv6 at all. */
export function speaksIpv6(host: Host): boolean {
  return host.interfaces.some(({ addresses }) => addresses.some(isIpv6));
}
