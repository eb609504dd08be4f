import { nearest } from "../model/nearest.js";
import type { Host, Place, Topology } from "../model/topology.js";
import { formatPlace } from "../model/topology.js";
import { type Decoder, type Invalid, type Report, refined } from "./decoder.js";
import type { Node } from "./node.js";
import { word } from "./scalars.js";

/** `host:dev`, not looked up yet. */
export const place: Decoder<Place> = refined(word("an interface as host:dev"), (value, node, report) => {
  const [host, dev, ...rest] = value.split(":");
  if (host && dev && rest.length === 0) return { host, dev };
  return report(node.span, `'${value}' is not an interface`, "write host:dev, for example client:eth0");
});

/** A host's name. */
export function hostName(topology: Topology | undefined): Decoder<string> {
  return refined(word("the name of a host"), (value, node, report) => {
    if (!topology || topology.hosts.some((host) => host.name === value)) return value;
    const [name] = value.split(":");
    if (name !== value && topology.hosts.some((host) => host.name === name)) {
      return report(node.span, `'${value}' is an interface; a host is meant here`, `write ${name}`);
    }
    return unknownHost(value, topology.hosts, node, report);
  });
}

/** `host:dev`, or the host alone where it has one interface; becomes `host:dev`. */
export function knownPlace(topology: Topology | undefined): Decoder<string> {
  return refined(word("an interface as host:dev"), (value, node, report) => {
    if (!topology) return value;
    const [name = "", dev, ...rest] = value.split(":");
    if (rest.length > 0) return report(node.span, `'${value}' is not an interface`, "write host:dev");
    const host = topology.hosts.find((candidate) => candidate.name === name);
    if (!host) return unknownHost(name, topology.hosts, node, report);
    if (dev !== undefined) return findDev(host, dev, node, report, (found) => formatPlace({ host: name, dev: found }));
    const [only, second] = host.interfaces;
    if (only && !second) return formatPlace({ host: name, dev: only.dev });
    const places = host.interfaces.map((each) => `${name}:${each.dev}`).join(" or ");
    return report(node.span, `'${name}' has ${host.interfaces.length} interfaces`, places && `write ${places}`);
  });
}

/** An interface of the host that the program is attached to. */
export function attachedDev(topology: Topology | undefined): Decoder<string> {
  return refined(word("the name of an interface"), (value, node, report) => {
    const host = topology?.hosts.find((candidate) => candidate.name === topology.attach.host);
    return host ? findDev(host, value, node, report, (dev) => dev) : value;
  });
}

function findDev(
  host: Host,
  dev: string,
  node: Node,
  report: Report,
  found: (dev: string) => string,
): string | Invalid {
  const devs = host.interfaces.map((each) => each.dev);
  if (dev === "lo" || devs.includes(dev)) return found(dev);
  const hint = `it has ${devs.join(", ") || "none"}; others have to be declared under 'topology:'`;
  return report(node.span, `host '${host.name}' has no interface '${dev}'`, hint);
}

export function unknownHost(name: string, hosts: readonly Host[], node: Node, report: Report): Invalid {
  const names = hosts.map((host) => host.name);
  const near = nearest(name, names);
  return report(
    node.span,
    `no host '${name}' in the topology`,
    near ? `did you mean '${near}'?` : `it has ${names.join(", ")}`,
  );
}
