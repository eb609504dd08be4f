import { expect } from "chai";
import * as fc from "fast-check";
import { toHex } from "../model/hex.js";
import type { Observation } from "../model/observation.js";
import { formatPlace } from "../model/topology.js";
import { SimAndWire } from "./sim-and-wire.test.js";

/** What bpf/features/junctions.bpf.c does at a hook. */
interface Order {
  readonly action: number;
  readonly port: number;
  readonly mark: number;
  readonly priority: number;
  readonly metadata: number;
  readonly cb: number;
}

/** One interface of the network; undefined for hooks without a program. */
interface Junction {
  readonly arrival: Order | undefined;
  readonly inward: Order | undefined;
  readonly outward: Order | undefined;
  readonly departure: Order | undefined;
  readonly xdp: "xdp" | "xdp-generic";
  readonly tc: "tc" | "tcx";
}

interface Drawn {
  readonly junctions: readonly Junction[];
  readonly bridged: boolean;
  readonly forwards: boolean;
  /** Addressed to the first router, or to anybody else. */
  readonly toRouter: boolean;
  readonly vlan: boolean;
  readonly ipv6: boolean;
  readonly hops: number;
  /** The interface of the program under test, and its hook. */
  readonly under: number;
  readonly hook: "xdp" | "xdp-generic" | "tc-ingress" | "tc-egress" | "tcx-ingress" | "tcx-egress";
}

const program = "features/junctions.bpf.c";

const xdpActions = [0, 1, 2, 2, 2, 2, 3, 4, 4, 100];
const departures = [1, 2, 2, 2];
/** TC_ACT_ values, then the program's own: ingress, peer, neighbour, three clones. */
const controlActions = [0, 0, 0, 0, 2, 3, 4, 5, 7, 7, 101, 102, 103, 104, 105, 106];

const redirectToNeighbour = 103;

const orderFor = (actions: readonly number[], first: boolean): fc.Arbitrary<Order> =>
  fc.record({
    action: fc.constantFrom(...actions),
    port: fc.nat(1),
    mark: first ? fc.constant(0) : fc.constantFrom(0, 0, 5, 9),
    priority: first ? fc.constant(0) : fc.constantFrom(0, 0, 3),
    metadata: first ? fc.constantFrom(0, 0, 11) : fc.constant(0),
    cb: first ? fc.constant(0) : fc.constantFrom(0, 0, 1),
  });

const junction: fc.Arbitrary<Junction> = fc.record({
  arrival: fc.option(orderFor(xdpActions, true), { nil: undefined }),
  inward: fc.option(orderFor(controlActions, false), { nil: undefined }),
  outward: fc.option(orderFor(controlActions, false), { nil: undefined }),
  departure: fc.option(orderFor(departures, true), { nil: undefined }),
  xdp: fc.constant("xdp"),
  tc: fc.constantFrom("tc", "tcx"),
});

/** client:eth0 – router:eth0, router:eth1 – switch:eth0, switch:eth1 – server:eth0. */
const places = ["client:eth0", "router:eth0", "router:eth1", "switch:eth0", "switch:eth1", "server:eth0"] as const;

const drawn: fc.Arbitrary<Drawn> = fc
  .record({
    junctions: fc.array(junction, { minLength: places.length, maxLength: places.length }),
    bridged: fc.boolean(),
    forwards: fc.boolean(),
    toRouter: fc.nat(4).map((number) => number > 0),
    vlan: fc.nat(5).map((number) => number === 0),
    ipv6: fc.boolean(),
    hops: fc.constantFrom(64, 3),
    under: fc.constantFrom(1, 1, 1, 2, 3),
    xdp: fc.constantFrom("xdp" as const, "xdp-generic" as const),
    hook: fc.constantFrom("xdp", "xdp", "tc-ingress", "tc-egress", "tcx-ingress", "tcx-egress"),
  })
  // Native XDP sends only to interfaces that are ready for it, which one with a generic program is not.
  .map((each) => ({ ...each, junctions: each.junctions.map((one) => ({ ...one, xdp: each.xdp })) }))
  .map((each) => ({ ...each, hook: each.hook === "xdp" ? each.xdp : each.hook }))
  // Multicast reports of IPv6 stacks get past what mutes them: it is a filter, and tcx comes first.
  .map((each) => ({
    ...each,
    junctions: each.ipv6 ? each.junctions.map((one) => ({ ...one, tc: "tc" as const })) : each.junctions,
    ipv6: each.ipv6 && each.hook !== "tcx-egress",
  }));

const hookOrder = ["arrival", "inward", "outward", "departure"] as const;

const yamlOf = ({ action, port, mark, priority, metadata, cb }: Order): string =>
  `{ action: ${action}, port: ${port}, mark: ${mark}, priority: ${priority}, metadata: ${metadata}, cb: ${cb} }`;

/** What its programs do, and the interfaces that they can name: its own, and the host's other one. */
function mapsOf(place: string, junction: Junction): string {
  const orders = hookOrder.flatMap((name, key) => {
    const order = junction[name];
    return order ? [`{ key: ${key}, value: ${yamlOf(order)} }`] : [];
  });
  const [host, dev] = place.split(":");
  const other = places.find((each) => each.startsWith(`${host}:`) && each !== place)?.split(":")[1] ?? dev;
  const egress = junction.departure ? ", program: departure" : "";
  const ports = [dev, other].map((name, key) => `{ key: ${key}, value: { dev: ${name}${egress} } }`);
  const interfaces = [dev, other].map((name, key) => `{ key: ${key}, value: { dev: ${name} } }`);
  return `{ orders: [${orders.join(", ")}], ports: [${ports.join(", ")}], interfaces: [${interfaces.join(", ")}] }`;
}

/** Programs of an interface by hook. */
function hooksOf({ arrival, inward, outward, xdp, tc }: Junction): readonly { hook: string; entry: string }[] {
  return [
    ...(arrival ? [{ hook: xdp, entry: "arrival" }] : []),
    ...(inward ? [{ hook: `${tc}-ingress`, entry: "inward" }] : []),
    ...(outward ? [{ hook: `${tc}-egress`, entry: "outward" }] : []),
  ];
}

const entryOf = (hook: string): (typeof hookOrder)[number] =>
  hook.startsWith("xdp") ? "arrival" : hook.endsWith("ingress") ? "inward" : "outward";

function scenarioOf({ junctions, bridged, forwards, toRouter, vlan, ipv6, hops, under, hook }: Drawn): string {
  const place = places[under]!;
  const entry = entryOf(hook);
  const pass: Order = { action: entry === "arrival" ? 2 : 0, port: 0, mark: 0, priority: 0, metadata: 0, cb: 0 };
  const own = { ...junctions[under]!, [entry]: junctions[under]![entry] ?? pass };
  const attach = (at: string, all: readonly { hook: string; entry: string }[]) =>
    `[${all.map((each) => `{ entry: ${each.entry}, hook: ${each.hook}, at: "${at}" }`).join(", ")}]`;
  const objects = places.flatMap((at, i) => {
    const hooks = hooksOf(junctions[i]!);
    if (i === under || hooks.length === 0) return [];
    return [`  ${at.replace(":", "-")}: { attach: ${attach(at, hooks)}, maps: ${mapsOf(at, junctions[i]!)} }`];
  });
  const beside = hooksOf(own).filter((each) => each.entry !== entry);
  const names = ["", ...objects.map((line) => `${line.slice(2, line.indexOf(": {"))}/`)];
  const forwarding = `, sysctls: { ${ipv6 ? "net.ipv6.conf.all.forwarding" : "net.ipv4.ip_forward"}: ${forwards ? 1 : 0} }`;
  const network = (n: number, host: number) => (ipv6 ? `"fd00:${n}::${host}/64"` : `10.0.${n}.${host}/24`);
  const far = ipv6 ? '"fd00:3::/64"' : "10.0.3.0/24";
  const next = ipv6 ? '"fd00:2::2"' : "10.0.2.2";
  const ip = ipv6
    ? `ipv6: { src: "fd00:1::1", dst: "fd00:3::2", hop_limit: ${hops} }`
    : `ipv4: { src: 10.0.1.1, dst: 10.0.3.2, ttl: ${hops} }`;
  return [
    "name: junctions",
    `program: ${program}`,
    `entry: ${entry}`,
    `hook: ${hook}`,
    `maps: ${mapsOf(place, own)}`,
    `attach: ${attach(place, beside)}`,
    ...(objects.length > 0 ? ["objects:", ...objects] : []),
    "topology:",
    "  hosts:",
    `    client: { interfaces: { eth0: { addresses: [${network(1, 1)}] } } }`,
    `    router: { interfaces: { eth0: { mac: "02:00:00:00:00:02", addresses: [${network(1, 2)}] }, eth1: { addresses: [${network(2, 1)}] } }, routes: [{ to: ${far}, via: ${next} }]${forwarding} }`,
    `    switch: { interfaces: { eth0: { addresses: [${network(2, 2)}] }, eth1: { addresses: [${network(3, 1)}] } }${forwarding} }`,
    `    server: { interfaces: { eth0: { addresses: [${network(3, 2)}] } } }`,
    ...(bridged ? ["    other: { interfaces: { eth0: } }"] : []),
    bridged
      ? `  bridges: { lan: [client:eth0, router:eth0, other:eth0] }\n  links: [[router:eth1, switch:eth0], [switch:eth1, server:eth0]]`
      : "  links: [[client:eth0, router:eth0], [router:eth1, switch:eth0], [switch:eth1, server:eth0]]",
    `  attach: ${place}`,
    "  from: client:eth0",
    "cases:",
    "  - name: a packet",
    "    send:",
    `      - eth: { dst: "${toRouter ? "02:00:00:00:00:02" : "02:00:00:00:09:09"}" }`,
    ...(vlan ? ["      - vlan: 7"] : []),
    `      - ${ip}`,
    `      - ${ipv6 ? "icmpv6: { type: 129 }" : "icmp: { type: 0 }"}`,
    "    expect:",
    `      maps: { ${names.map((name) => `${name}sights: [{ key: 0, value: { packets: any } }]`).join(", ")} }`,
  ].join("\n");
}

/**
 * What of the observations the two have in common: frames wherever they were seen, from that byte on, and all that
 * programs wrote down.
 */
function factsOf(seen: readonly Observation[], step: number, from: number): readonly string[] {
  const facts = seen.flatMap((each): string[] => {
    if (each.kind === "packet" && each.place !== "output")
      return [`${formatPlace(each.place.at)} ${toHex(each.bytes.subarray(from))}`];
    if (each.kind !== "map" || each.step !== step) return [];
    return each.entries.map(({ key, values }) => `${each.map}[${key[0]}] ${sightOf(values[0]!)}`);
  });
  return facts.toSorted();
}

function sightOf(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const names = ["packets", "bytes", "marks", "priorities", "metadata", "cb", "types", "own"];
  return names.map((name, i) => `${name} ${view.getBigUint64(8 * i, true)}`).join(" ");
}

describe("programs at every interface of a simulated network", () => {
  const both = new SimAndWire();
  after(() => both.close());

  it("see and do what they do in namespaces", async function () {
    this.timeout(600_000);
    await SimAndWire.orSkip(this);
    await fc.assert(
      fc.asyncProperty(drawn, async (each) => {
        const text = scenarioOf(each);
        const plan = await both.planOf(text, program);
        const [simulated, real] = [await both.run("sim", plan), await both.run("wire", plan)];
        expect(real[0], text).to.include({ accepted: true });
        // bpf_redirect_neigh() writes its addresses into the very bytes that a packet socket was shown before.
        const from = each.junctions.some(({ inward }) => inward?.action === redirectToNeighbour) ? 12 : 0;
        const [inSim, onWire] = [factsOf(simulated, 0, from), factsOf(real, 0, from)];
        expect(inSim, text).to.deep.equal(onWire);
      }),
      { numRuns: Number(process.env["NETWORK_RUNS"] ?? 15), seed: 11 },
    );
  });
});
