import { formatPlace, type Bridge, type Host, type Place, type Topology } from "../harness/model/topology.js";
import { harnessError } from "../harness/model/error.js";
import { libc, orThrow } from "../harness/kernel/libc.js";
import { runBatch } from "./batch.js";
import { checkTopology } from "./check-topology.js";
import {
  bridgeCommands,
  bridgeDevice,
  bridgePort,
  forwardingCommands,
  hostCommands,
  linkCommands,
  muteCommands,
  speaksIpv6,
  type NamespaceNames,
} from "./commands.js";
import { Devices } from "./device.js";
import { waitForIpv6 } from "./ipv6-ready.js";
import { Ledger } from "./ledger.js";
import { Namespace, namespacePath, removeNamespaceName } from "./namespace.js";
import { killProcessesIn } from "./processes.js";
import { samePlace } from "../harness/model/segments.js";
import { noIpv6, plainBridge, quiet, quietIpv6, setSysctls, setWherePresent } from "./sysctl.js";
import { TeardownStack } from "./teardown.js";

/** A topology that is there: namespaces `pp-<id>-<host>`, joined and up. Disposing removes all of it. */
export interface Network extends AsyncDisposable {
  readonly id: string;
  readonly topology: Topology;
  /** For other things that have to be removed if this process is killed. */
  readonly ledger: Ledger;
  /** Runs undone before the namespaces go, latest first. */
  readonly teardown: TeardownStack;
  /** Every process that was ever started in the network: whoever starts one adds it. */
  readonly processes: Set<number>;
  /** Host → cgroup directory that processes started there join. */
  readonly cgroups: Map<string, string>;
  /** `net:[4026532008]` of each host's namespace. */
  readonly namespaceIdentities: readonly string[];
  /** Does synchronous `work` in the host's namespace: sockets opened and processes started there stay there. */
  inside<T>(host: string, work: () => T): T;
  namespace(host: string): Namespace;
  /** A path for `nsenter --net=…`; `ip netns` knows the last part as a name. */
  namespacePath(host: string): string;
  /** In the place's own namespace. */
  ifindex(place: Place): number;
  /** The other end of the veth pair: another host's interface, or a bridge's port. */
  peer(place: Place): Peer;
}

export interface Peer {
  readonly ifindex: number;
  inside<T>(work: () => T): T;
}

/**
 * Makes the topology. `id` has to be this network's alone on this machine; it becomes part of every name.
 * Throws "exists" for a name that is taken, "topology" for what the kernel does not accept, "privilege" without root.
 */
export async function createNetwork(topology: Topology, id: string): Promise<Network> {
  checkTopology(topology);
  const ledger = Ledger.open(id);
  const stack = new TeardownStack();
  stack.defer(() => ledger.close());
  try {
    return await build(topology, ledger, stack);
  } catch (failure) {
    await stack[Symbol.asyncDispose]();
    throw failure;
  }
}

async function build(topology: Topology, ledger: Ledger, stack: TeardownStack): Promise<Network> {
  const names: NamespaceNames = {
    ofHost: (host) => `pp-${ledger.id}-${host}`,
    // Hosts' names have no dot.
    ofBridge: (bridge) => `pp-${ledger.id}-bridge.${bridge}`,
  };
  const hosts = new Map(
    topology.hosts.map((host) => [host.name, createNamespace(names.ofHost(host.name), ledger, stack)]),
  );
  const bridges = new Map(
    topology.bridges.map((bridge) => [bridge, createNamespace(names.ofBridge(bridge.name), ledger, stack)]),
  );
  for (const host of topology.hosts)
    setWherePresent(hosts.get(host.name)!, { ...quiet, ...(speaksIpv6(host) ? quietIpv6 : noIpv6) });
  for (const namespace of bridges.values()) setWherePresent(namespace, { ...quiet, ...noIpv6, ...plainBridge });

  await makeLinks(topology, names);
  await Promise.all([...bridges].map(([bridge, namespace]) => joinBridge(topology, bridge, namespace)));
  await Promise.all(topology.hosts.map((host) => runBatch("tc", hosts.get(host.name)!, muteCommands(host))));
  bringUp(topology, hosts, bridges);
  await Promise.all(topology.hosts.map((host) => configureHost(topology, host, hosts.get(host.name)!)));
  return new LiveNetwork(topology, ledger, stack, hosts, bridges);
}

function createNamespace(name: string, ledger: Ledger, stack: TeardownStack): Namespace {
  const entry = { kind: "namespace", name } as const;
  ledger.record(entry);
  try {
    const namespace = Namespace.create(name);
    stack.defer(async () => {
      await killProcessesIn(new Set([namespace.identity]));
      removeNamespaceName(name);
      namespace.close();
    });
    return namespace;
  } catch (failure) {
    // Whatever has this name is not ours to remove.
    ledger.forget(entry);
    throw failure;
  }
}

/** From a namespace with nothing in it: no device of the machine can be meant by mistake. */
async function makeLinks(topology: Topology, names: NamespaceNames): Promise<void> {
  const nowhere = Namespace.createNameless();
  try {
    await runBatch("ip", nowhere, linkCommands(topology, names));
  } finally {
    nowhere.close();
  }
}

async function joinBridge(topology: Topology, bridge: Bridge, namespace: Namespace): Promise<void> {
  await runBatch("ip", namespace, bridgeCommands(bridge.ports.length));
  await runBatch("bridge", namespace, forwardingCommands(topology, bridge.ports));
}

function bringUp(
  topology: Topology,
  hosts: ReadonlyMap<string, Namespace>,
  bridges: ReadonlyMap<Bridge, Namespace>,
): void {
  const groups = [
    ...topology.hosts.map((host) => ({
      devices: new Devices(hosts.get(host.name)!),
      names: host.interfaces.map(({ dev }) => dev),
    })),
    ...[...bridges].map(([bridge, namespace]) => ({
      devices: new Devices(namespace),
      names: [...bridge.ports.map((_, i) => bridgePort(i)), bridgeDevice],
    })),
  ];
  for (const { devices, names } of groups) for (const dev of names) devices.offloadsOff(dev);
  for (const { devices, names } of groups) for (const dev of ["lo", ...names]) devices.up(dev);
  for (const { devices, names } of groups) {
    for (const dev of names)
      if (!devices.hasCarrier(dev)) throw harnessError("topology", `${dev} has no carrier although both ends are up`);
    devices.close();
  }
}

async function configureHost(topology: Topology, host: Host, namespace: Namespace): Promise<void> {
  setSysctls(namespace, host.name, host.sysctls);
  await runBatch("ip", namespace, hostCommands(topology, host));
  await waitForIpv6(namespace, host);
}

class LiveNetwork implements Network {
  readonly id: string;
  readonly topology: Topology;
  readonly ledger: Ledger;
  readonly teardown = new TeardownStack();
  readonly processes = new Set<number>();
  readonly cgroups = new Map<string, string>();
  readonly #stack: TeardownStack;
  readonly #hosts: ReadonlyMap<string, Namespace>;
  readonly #bridges: ReadonlyMap<Bridge, Namespace>;
  readonly #indexes = new Map<string, number>();

  constructor(
    topology: Topology,
    ledger: Ledger,
    stack: TeardownStack,
    hosts: ReadonlyMap<string, Namespace>,
    bridges: ReadonlyMap<Bridge, Namespace>,
  ) {
    this.id = ledger.id;
    this.topology = topology;
    this.ledger = ledger;
    this.#stack = stack;
    this.#hosts = hosts;
    this.#bridges = bridges;
    stack.defer(() => this.teardown[Symbol.asyncDispose]());
    for (const host of topology.hosts)
      this.inside(host.name, () => {
        for (const { dev } of host.interfaces) this.#indexes.set(formatPlace({ host: host.name, dev }), indexOf(dev));
      });
  }

  get namespaceIdentities(): readonly string[] {
    return [...this.#hosts.values()].map((namespace) => namespace.identity);
  }

  inside<T>(host: string, work: () => T): T {
    return this.namespace(host).inside(work);
  }

  namespacePath(host: string): string {
    return namespacePath(this.namespace(host).name!);
  }

  ifindex(place: Place): number {
    const index = this.#indexes.get(formatPlace(place));
    if (index === undefined) throw harnessError("topology", `no host has ${formatPlace(place)}`);
    return index;
  }

  peer(place: Place): Peer {
    const link = this.topology.links.find(({ ends }) => ends.some((end) => samePlace(end, place)));
    if (link) {
      const other = link.ends.find((end) => !samePlace(end, place))!;
      return { ifindex: this.ifindex(other), inside: (work) => this.inside(other.host, work) };
    }
    for (const [bridge, namespace] of this.#bridges) {
      const port = bridge.ports.findIndex((end) => samePlace(end, place));
      if (port >= 0) {
        const ifindex = namespace.inside(() => indexOf(bridgePort(port)));
        return { ifindex, inside: (work) => namespace.inside(work) };
      }
    }
    throw harnessError("topology", `${formatPlace(place)} is joined to nothing`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack[Symbol.asyncDispose]();
  }

  namespace(host: string): Namespace {
    const namespace = this.#hosts.get(host);
    if (!namespace) throw harnessError("topology", `the topology has no host ${host}`);
    return namespace;
  }
}

/** In the calling thread's namespace. */
function indexOf(dev: string): number {
  return orThrow(libc().if_nametoindex(dev), `looking for the interface ${dev}`, undefined, "topology");
}
