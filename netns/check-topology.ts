import { HarnessError, type Diagnostic } from "../harness/model/error.js";
import { formatPlace, type Place, type Topology } from "../harness/model/topology.js";
import { interfaceAt, placesOf, segmentsOf } from "../harness/model/segments.js";

/** Far above what a test needs and far below what would hurt the machine. */
export const topologyLimits = { hosts: 64, interfaces: 256 } as const;

/** A host's name becomes part of a file name, a device's name goes to `ip` as one word. */
const hostName = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/;
/** IFNAMSIZ is 16 with the final zero (include/uapi/linux/if.h); `/` and blanks are refused by the kernel. */
const deviceName = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/;
const sysctlName = /^net(\.[A-Za-z0-9_-]+)+$/;

/** Throws all that is wrong at once: what would fail half-way through, or reach outside the run's namespaces. */
export function checkTopology(topology: Topology): void {
  const found = [...wrongNames(topology), ...wrongEnds(topology), ...beyondLimits(topology)];
  const [first, ...rest] = found.map((message): Diagnostic => ({ code: "topology", message }));
  if (first) throw new HarnessError([first, ...rest]);
}

function* wrongNames(topology: Topology): Generator<string> {
  const hosts = new Set<string>();
  for (const host of topology.hosts) {
    if (!hostName.test(host.name)) yield `'${host.name}' cannot be a host's name: letters, digits, _ and - only`;
    if (hosts.has(host.name)) yield `host ${host.name} is there twice`;
    hosts.add(host.name);
    for (const { dev } of host.interfaces)
      if (!deviceName.test(dev) || dev === "lo") yield `'${dev}' cannot be an interface's name on ${host.name}`;
    for (const name of Object.keys(host.sysctls))
      if (!sysctlName.test(name)) yield `sysctl ${name} is not below net. and so not the namespace's own`;
  }
  for (const bridge of topology.bridges)
    if (!hostName.test(bridge.name)) yield `'${bridge.name}' cannot be a bridge's name: letters, digits, _ and - only`;
}

function* wrongEnds(topology: Topology): Generator<string> {
  const used = new Set<string>();
  for (const end of segmentsOf(topology).flatMap(({ ends }) => ends)) {
    const name = formatPlace(end);
    if (!interfaceAt(topology, end)) yield `${name} is joined to something but no host has it`;
    if (used.has(name)) yield `${name} is joined to more than one link or bridge`;
    used.add(name);
  }
  for (const place of placesOf(topology))
    if (!used.has(formatPlace(place))) yield `${formatPlace(place)} is joined to nothing`;
  yield* missingPlace(topology, topology.attach, "attach");
  yield* missingPlace(topology, topology.from, "from");
}

function* missingPlace(topology: Topology, place: Place, role: string): Generator<string> {
  if (!interfaceAt(topology, place)) yield `${role}: no host has ${formatPlace(place)}`;
}

function* beyondLimits(topology: Topology): Generator<string> {
  const interfaces = placesOf(topology).length;
  if (topology.hosts.length > topologyLimits.hosts)
    yield `${topology.hosts.length} hosts are more than the ${topologyLimits.hosts} that packetproof makes`;
  if (interfaces > topologyLimits.interfaces)
    yield `${interfaces} interfaces are more than the ${topologyLimits.interfaces} that packetproof makes`;
}
