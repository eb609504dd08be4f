import type { Hook } from "../model/hook.js";
import { nearest } from "../model/nearest.js";
import type { Located } from "../model/scenario.js";
import type { Span } from "../model/span.js";
import { type Host, type Neighbour, type Place, type Route, type Topology, formatPlace } from "../model/topology.js";
import { type Decoder, type Invalid, type Report, allOf, invalid, refined } from "./decoder.js";
import { generatedMac } from "./mac.js";
import { headSpan } from "./node.js";
import { type WrittenHost, type WrittenTopology, topologySyntax } from "./topology-syntax.js";

const defaultLink = [place("client", "eth0"), place("dut", "eth0")] as const;

/** Client and device under test over one veth pair, without addresses: what a scenario without topology runs in. */
export function defaultTopology(hook: Hook | undefined): Topology {
  const [from, attach] = defaultLink;
  return {
    hosts: [defaultHost("client"), defaultHost("dut")],
    links: [{ ends: [from, attach] }],
    bridges: [],
    attach,
    from: isEgress(hook) ? attach : from,
  };
}

/** The topology with defaults filled in, every name in it known and every interface joined to something. */
export function topology(hook: Hook | undefined): Decoder<Topology> {
  return refined(topologySyntax, (written, node, report) => complete(written, hook, headSpan(node), report));
}

function complete(written: WrittenTopology, hook: Hook | undefined, span: Span, report: Report): Topology | Invalid {
  const fallback = defaultTopology(hook);
  const hosts = written.hosts
    ? allOf(written.hosts.map(({ key, decoded }) => host(key, decoded, report)))
    : fallback.hosts;
  if (hosts === invalid) return invalid;
  if (hosts.length === 0) return report(span, "a topology needs at least one host");

  const joined = [...written.links.flat(), ...written.bridges.flatMap((bridge) => bridge.decoded)];
  const found = joined.map((end) => checkPlace(end, hosts, report));
  const clashes = written.bridges.map(({ key, keySpan }) =>
    hosts.some((other) => other.name === key) ? report(keySpan, `'${key}' is the name of a host already`) : undefined,
  );
  if ([...found, ...clashes].includes(invalid)) return invalid;
  const joinsDefault = joined.length === 0 && defaultLink.every((end) => findPlace(end, hosts));
  if (!joinsDefault && !checkJoins(joined, written, report)) return invalid;

  const links = written.links.map(([a, b]) => ({ ends: [a.value, b.value] as const }));
  const net = {
    hosts,
    links: joinsDefault ? fallback.links : links,
    bridges: written.bridges.map(({ key, decoded }) => ({
      name: key,
      ports: decoded.map((port) => port.value),
    })),
  };
  const attach = attachPlace(written, hosts, span, report);
  if (attach === invalid) return invalid;
  const from = fromPlace(written, net, attach, hook, report);
  return from === invalid ? invalid : { ...net, attach, from };
}

function attachPlace({ attach }: WrittenTopology, hosts: readonly Host[], span: Span, report: Report): Place | Invalid {
  if (attach) return checkPlace(attach, hosts, report);
  const dut = hosts.find((host) => host.name === "dut")?.interfaces;
  const chosen = dut?.find((each) => each.dev === "eth0") ?? (dut?.length === 1 ? dut[0] : undefined);
  if (chosen) return place("dut", chosen.dev);
  const other = hosts.find((host) => host.name !== "client" && host.interfaces.length > 0) ?? hosts[0];
  const example = other && `${other.name}:${other.interfaces[0]?.dev ?? "eth0"}`;
  return report(
    span,
    "the topology needs 'attach': there is no dut:eth0 to attach the program to",
    `for example: attach: ${example}`,
  );
}

/** Where packets come from by default: egress programs see what their own host sends. */
function fromPlace(
  { from }: WrittenTopology,
  net: Pick<Topology, "hosts" | "links">,
  attach: Place,
  hook: Hook | undefined,
  report: Report,
): Place | Invalid {
  if (from) return checkPlace(from, net.hosts, report);
  if (isEgress(hook)) return attach;
  const client = place("client", "eth0");
  if (findPlace(client, net.hosts)) return client;
  const at = formatPlace(attach);
  const link = net.links.find(({ ends }) => ends.some((end) => formatPlace(end) === at));
  return link?.ends.find((end) => formatPlace(end) !== at) ?? attach;
}

function host(name: string, written: WrittenHost, report: Report): Host | Invalid {
  const interfaces = written.interfaces.map(({ key, decoded }) => ({
    dev: key,
    mac: decoded.mac ?? generatedMac(`${name}:${key}`),
    addresses: decoded.addresses,
    mtuBytes: decoded.mtu,
  }));
  const devs = interfaces.map((each) => each.dev);
  const routes = allOf(written.routes.map((each) => route(name, devs, each, report)));
  const neighbours = allOf(written.neighbours.map((each) => neighbour(name, devs, each, report)));
  if (routes === invalid || neighbours === invalid) return invalid;
  const sysctls = Object.fromEntries(written.sysctls.map(({ key, decoded }) => [key, decoded]));
  return { name, interfaces, routes, neighbours, sysctls };
}

type WrittenRoute = WrittenHost["routes"][number];
type WrittenNeighbour = WrittenHost["neighbours"][number];

function route(host: string, devs: readonly string[], { value, span }: WrittenRoute, report: Report): Route | Invalid {
  const { to, via, dev } = value;
  if (via === undefined && dev === undefined) {
    return report(span, "a route needs 'via' or 'dev'", "say which next hop or which interface it uses");
  }
  if (dev && !devs.includes(dev.value)) return unknownDev(host, devs, dev, report);
  return { to, ...(via !== undefined && { via }), ...(dev && { dev: dev.value }) };
}

function neighbour(
  host: string,
  devs: readonly string[],
  { value, span }: WrittenNeighbour,
  report: Report,
): Neighbour | Invalid {
  const { address, mac, dev } = value;
  if (dev && !devs.includes(dev.value)) return unknownDev(host, devs, dev, report);
  const chosen = dev?.value ?? (devs.length === 1 ? devs[0] : undefined);
  if (chosen !== undefined) return { address, mac, dev: chosen };
  return report(span, `the neighbour needs 'dev': '${host}' has ${devs.length} interfaces`);
}

/** Every interface is one end of one cable: a veth device cannot be without its peer. */
function checkJoins(joined: readonly Located<Place>[], written: WrittenTopology, report: Report): boolean {
  let valid = true;
  const seen = new Map<string, Span>();
  for (const { value, span } of joined) {
    const name = formatPlace(value);
    const first = seen.get(name);
    if (first) {
      report(span, `${name} is joined twice, first on line ${first.start.line}`, "add a second interface to the host");
      valid = false;
    } else seen.set(name, span);
  }
  for (const { key, decoded } of written.hosts ?? []) {
    for (const dev of decoded.interfaces) {
      if (seen.has(`${key}:${dev.key}`)) continue;
      report(dev.keySpan, `${key}:${dev.key} is joined to nothing`, "name it in links or bridges");
      valid = false;
    }
  }
  return valid;
}

function checkPlace({ value, span }: Located<Place>, hosts: readonly Host[], report: Report): Place | Invalid {
  const host = hosts.find((each) => each.name === value.host);
  if (!host) {
    const names = hosts.map((each) => each.name);
    return report(span, `no host '${value.host}' in the topology`, meant(value.host, names));
  }
  const devs = host.interfaces.map((each) => each.dev);
  return devs.includes(value.dev) ? value : unknownDev(value.host, devs, { value: value.dev, span }, report);
}

function unknownDev(host: string, devs: readonly string[], dev: Located<string>, report: Report): Invalid {
  return report(dev.span, `host '${host}' has no interface '${dev.value}'`, meant(dev.value, devs));
}

function meant(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  return near ? `did you mean '${near}'?` : `it has ${known.join(", ") || "none"}`;
}

function findPlace({ host, dev }: Place, hosts: readonly Host[]): boolean {
  return hosts.some((each) => each.name === host && each.interfaces.some((one) => one.dev === dev));
}

function isEgress(hook: Hook | undefined): boolean {
  return hook !== undefined && hook.endsWith("egress");
}

function defaultHost(name: string): Host {
  const eth0 = { dev: "eth0", mac: generatedMac(`${name}:eth0`), addresses: [], mtuBytes: 1500 };
  return { name, interfaces: [eth0], routes: [], neighbours: [], sysctls: {} };
}

function place(host: string, dev: string): Place {
  return { host, dev };
}
