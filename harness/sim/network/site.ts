import type { Topology } from "../../model/topology.js";
import { Fib } from "../fib.js";
import type { Site } from "../world.js";
import { withNeighbours } from "./joints.js";

/** A host of the topology as programs on it see it, with the names of its interfaces. */
export interface HostSite extends Site {
  readonly fib: Fib;
  /** By index; there is no interface 0. */
  readonly devs: readonly string[];
}

/**
 * All hosts by name. Interface 1 of the program under test's host is the one that it is attached to, as in a test
 * run; the others follow in their order.
 */
export function sitesOf(topology: Topology): ReadonlyMap<string, HostSite> {
  const names = new Set([topology.attach.host, ...topology.hosts.map(({ name }) => name)]);
  return new Map([...names].map((name) => [name, siteOf(topology, name)]));
}

function siteOf(topology: Topology, name: string): HostSite {
  const host = topology.hosts.find((each) => each.name === name);
  const all = (host?.interfaces ?? []).map(({ dev }) => dev);
  const first = topology.attach.host === name ? [topology.attach.dev] : [];
  const devs = ["", ...new Set([...first, ...all])];
  const fib = new Fib(host && withNeighbours(topology, host), devs);
  return { host: name, devs, devices: new Set([...devs.keys()].slice(1)), fib };
}

/** Index of an interface of the host; of one that it does not have, that of the loopback device. */
export function ifindexOf({ devs }: HostSite, dev: string): number {
  return Math.max(1, devs.indexOf(dev));
}
