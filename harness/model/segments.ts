import type { Interface, Place, Topology } from "./topology.js";

/** Interfaces that hear each other at layer 2: the two ends of a link, or the ports of a bridge. */
export interface Segment {
  /** Undefined for a link. */
  readonly bridge: string | undefined;
  readonly ends: readonly Place[];
}

/** Every segment of the topology, links first. */
export function segmentsOf(topology: Topology): readonly Segment[] {
  return [
    ...topology.links.map((link) => ({ bridge: undefined, ends: link.ends })),
    ...topology.bridges.map((bridge) => ({ bridge: bridge.name, ends: bridge.ports })),
  ];
}

/** The other interfaces on the segment of `place`. */
export function neighboursOf(topology: Topology, place: Place): readonly Place[] {
  const segment = segmentsOf(topology).find(({ ends }) => ends.some((end) => samePlace(end, place)));
  return segment ? segment.ends.filter((end) => !samePlace(end, place)) : [];
}

/** Every interface of every host. */
export function placesOf(topology: Topology): readonly Place[] {
  return topology.hosts.flatMap((host) => host.interfaces.map(({ dev }) => ({ host: host.name, dev })));
}

/** Undefined where the topology has no such interface. */
export function interfaceAt(topology: Topology, place: Place): Interface | undefined {
  return topology.hosts
    .find((host) => host.name === place.host)
    ?.interfaces.find((candidate) => candidate.dev === place.dev);
}

export function samePlace(a: Place, b: Place): boolean {
  return a.host === b.host && a.dev === b.dev;
}
