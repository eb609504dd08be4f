import { expect } from "chai";
import fc from "fast-check";
import { type Cluster, hostIdentity, podIdentities, worldIdentity } from "./cluster.js";
import { compilePolicies, type CompiledPolicies } from "./compile.js";
import { isSelected } from "./labels.js";
import { isWithin, parsePrefix } from "./networks.js";
import { everyPortBits, portPrefixes } from "./port-prefixes.js";
import { everyPort, type Peer, type Policy, type PortRange, type Requirement } from "./rule.js";

const span = { file: "x.yml", start: { line: 1, column: 1, offset: 0 }, end: { line: 1, column: 1, offset: 0 } };

const cluster: Cluster = {
  namespaces: new Map([["shop", new Map([["team", "blue"]])]]),
  pods: [
    { name: "a", namespace: "shop", labels: new Map([["app", "a"]]), addresses: ["10.0.0.1"] },
    { name: "b", namespace: "shop", labels: new Map([["app", "b"]]), addresses: ["10.0.0.2"] },
    { name: "c", namespace: "lab", labels: new Map([["app", "a"]]), addresses: ["10.0.0.3"] },
  ],
  host: ["10.0.0.100"],
};

const outside = ["203.0.113.1", "203.0.113.129", "203.0.113.200", "198.51.100.1"];
const addresses = [...cluster.pods.flatMap((pod) => pod.addresses), ...cluster.host, ...outside];
const networks = ["203.0.113.0/24", "203.0.113.128/25", "203.0.113.192/26", "0.0.0.0/0"];

const requirement: fc.Arbitrary<Requirement> = fc.record({
  key: fc.constant("app"),
  operator: fc.constantFrom("In", "NotIn"),
  values: fc.constantFrom(["a"], ["b"], ["a", "b"]),
});
const requirements = fc.array(requirement, { maxLength: 2 });

const peer: fc.Arbitrary<Peer> = fc.oneof(
  fc.record({ kind: fc.constant("pods" as const), requirements }),
  fc.constantFrom("all", "world", "cluster", "host").map((entity): Peer => ({ kind: "entity", entity })),
  fc.record({
    kind: fc.constant("network" as const),
    prefix: fc.constantFrom(...networks),
    except: fc.subarray(["203.0.113.192/26"]),
  }),
);

const port = fc.integer({ min: 0, max: 20 });
const ports: fc.Arbitrary<PortRange> = fc.oneof(
  fc.constant(everyPort),
  fc
    .tuple(fc.constantFrom(6, 17), port, port)
    .map(([protocol, a, b]) => ({ protocol, from: Math.min(a, b), to: Math.max(a, b) })),
);

const policy: fc.Arbitrary<Policy> = fc.record({
  name: fc.constant("p"),
  subjects: requirements,
  isolates: fc.subarray(["ingress", "egress"] as const),
  rules: fc.array(
    fc.record({
      direction: fc.constantFrom("ingress", "egress"),
      action: fc.constantFrom("allow", "allow", "deny"),
      peers: fc.array(peer, { maxLength: 2 }),
      ports: fc.array(ports, { minLength: 1, maxLength: 2 }),
      learnsNames: fc.constant(false),
      span: fc.constant(span),
    }),
    { maxLength: 3 },
  ),
  span: fc.constant(span),
});

interface Packet {
  readonly subject: string;
  readonly remote: string;
  readonly direction: "ingress" | "egress";
  readonly protocol: number;
  readonly port: number;
}

const packet: fc.Arbitrary<Packet> = fc.record({
  subject: fc.constantFrom("10.0.0.1", "10.0.0.2", "10.0.0.3"),
  remote: fc.constantFrom(...addresses),
  direction: fc.constantFrom("ingress", "egress"),
  protocol: fc.constantFrom(6, 17, 132),
  port: fc.integer({ min: 0, max: 22 }),
});

/** What the documents say, read one by one, without identities. */
function isAllowed(policies: readonly Policy[], { subject, remote, direction, protocol, port: to }: Packet): boolean {
  const identities = podIdentities(cluster);
  const labelsAt = (address: string) =>
    [...identities].find(([pod]) => pod.addresses.includes(address))?.[1].labels ?? undefined;
  const isPeer = (each: Peer): boolean => {
    const labels = labelsAt(remote);
    const isHost = cluster.host.includes(remote);
    if (each.kind === "pods") return labels !== undefined && isSelected(labels, each.requirements);
    if (each.kind === "network")
      return (
        outside.includes(remote) &&
        [each.prefix].some((prefix) => isWithin(parsePrefix(remote), parsePrefix(prefix))) &&
        !each.except.some((prefix) => isWithin(parsePrefix(remote), parsePrefix(prefix)))
      );
    if (each.kind === "name") return false;
    if (each.entity === "all") return true;
    if (each.entity === "host") return isHost;
    return each.entity === "cluster" ? isHost || labels !== undefined : outside.includes(remote);
  };
  const ours = policies.filter(({ subjects }) => isSelected(labelsAt(subject)!, subjects));
  const isOpen = !ours.some(({ isolates }) => isolates.includes(direction));
  const rules = ours
    .flatMap((each) => each.rules)
    .filter((rule) => rule.direction === direction && rule.peers.some(isPeer))
    .filter((rule) =>
      rule.ports.some(
        (range) => range.protocol === undefined || (range.protocol === protocol && range.from <= to && to <= range.to),
      ),
    );
  if (isOpen) return true;
  return rules.some(({ action }) => action === "allow") && !rules.some(({ action }) => action === "deny");
}

/** What a program that looks up the compiled entries decides, as bpf/tc_policy.bpf.c does. */
function isLetThrough(compiled: CompiledPolicies, { subject, remote, direction, protocol, port: to }: Packet): boolean {
  const identityOf = (address: string): number => {
    for (const [pod, { identity }] of podIdentities(cluster)) if (pod.addresses.includes(address)) return identity;
    if (cluster.host.includes(address)) return hostIdentity;
    const around = compiled.networks.filter(({ prefix }) => isWithin(parsePrefix(address), prefix));
    return around.toSorted((a, b) => b.prefix.bits - a.prefix.bits)[0]?.identity ?? worldIdentity;
  };
  const bit = direction === "ingress" ? 1 : 2;
  const isolation = compiled.isolated.find(({ identity }) => identity === identityOf(subject));
  if (!isolation || (isolation.flags & bit) === 0) return true;
  const flagsFor = (peerIdentity: number): number => {
    const matching = compiled.rules.filter(
      (rule) =>
        rule.subject === identityOf(subject) &&
        rule.peer === peerIdentity &&
        rule.direction === bit - 1 &&
        (rule.bits < everyPortBits ||
          (rule.protocol === protocol && rule.port >> (96 - rule.bits) === to >> (96 - rule.bits))),
    );
    return matching.toSorted((a, b) => b.bits - a.bits)[0]?.flags ?? 0;
  };
  const flags = flagsFor(0) | flagsFor(identityOf(remote));
  return (flags & 1) !== 0 && (flags & 2) === 0;
}

describe("compiled policies", () => {
  it("decide as the documents say", () => {
    fc.assert(
      fc.property(
        fc.array(policy, { maxLength: 4 }),
        fc.array(packet, { minLength: 20, maxLength: 20 }),
        (policies, packets) => {
          const compiled = compilePolicies(policies, cluster);
          for (const each of packets)
            expect(isLetThrough(compiled, each), JSON.stringify(each)).to.equal(isAllowed(policies, each));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("a range of ports is made of the fewest blocks, and of no other port", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 65_535 }), fc.integer({ min: 0, max: 65_535 }), (a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        const blocks = portPrefixes({ protocol: 6, from, to });
        const sizes = blocks.map(({ bits }) => 1 << (96 - bits));
        expect(blocks[0]!.port).to.equal(from);
        for (const [i, block] of blocks.entries()) {
          expect(block.port % sizes[i]!).to.equal(0);
          expect(block.port + sizes[i]!).to.equal(blocks[i + 1]?.port ?? to + 1);
        }
        expect(blocks.length).to.be.at.most(30);
      }),
    );
  });

  it("names share an identity where the same rules speak of them", () => {
    const name = (domain: string, depth: "itself" | "one" | "any"): Peer => ({
      kind: "name",
      pattern: { domain, depth },
    });
    const rule = { direction: "egress", action: "allow", ports: [everyPort], learnsNames: false, span } as const;
    const peers = [name("a.example", "itself"), name("example", "one"), name("b.example", "any")];
    const { names } = compilePolicies(
      [
        {
          name: "n",
          subjects: [],
          isolates: ["egress"],
          rules: peers.map((each) => ({ ...rule, peers: [each] })),
          span,
        },
      ],
      cluster,
    );
    const found = Object.fromEntries(
      names.map(({ reversed, whole, labels, identity, deeper }) => [
        `${reversed}${whole ? "$" : "*"}`,
        [labels, identity % 256, deeper % 256],
      ]),
    );
    expect(found).to.deep.equal({
      // By its own rule and by that for *.example.
      "elpmaxe.a.$": [2, 0, 0],
      "elpmaxe.$": [1, 0, 0],
      "elpmaxe.*": [2, 1, 0],
      "elpmaxe.b.$": [2, 1, 0],
      "elpmaxe.b.*": [3, 2, 2],
    });
  });
});
