import type { Span } from "../model/span.js";
import { anyone, type Cluster, firstOutsideIdentity, hostIdentity, podIdentities, worldIdentity } from "./cluster.js";
import { isSelected } from "./labels.js";
import { labelCount, speaksOf } from "./names.js";
import { formatAddress, isWithin, parsePrefix, type Prefix } from "./networks.js";
import { everyPortBits, everyProtocolBits, portPrefixes } from "./port-prefixes.js";
import type { Direction, NamePattern, Peer, Policy, Rule } from "./rule.js";

/** Entries of the maps of bpf/tc_policy.bpf.c, each with the place that it comes from. */
export interface CompiledPolicies {
  readonly isolated: readonly { readonly identity: number; readonly flags: number; readonly span: Span }[];
  readonly rules: readonly CompiledRule[];
  /** Networks outside of the cluster that rules name. */
  readonly networks: readonly { readonly prefix: Prefix; readonly identity: number; readonly span: Span }[];
  readonly names: readonly CompiledName[];
}

export interface CompiledRule {
  readonly subject: number;
  readonly peer: number;
  readonly direction: number;
  readonly protocol: number;
  readonly port: number;
  /** From the subject on, how much of the key counts. */
  readonly bits: number;
  readonly flags: number;
  readonly span: Span;
}

export interface CompiledName {
  /** `example.com` as `moc.elpmaxe.`. */
  readonly reversed: string;
  /** Whether this is for the name itself, and not for what is below it. */
  readonly whole: boolean;
  readonly labels: number;
  readonly identity: number;
  readonly deeper: number;
  readonly span: Span;
}

const directions: Readonly<Record<Direction, number>> = { ingress: 0, egress: 1 };
const allow = 1;
const deny = 2;
const learn = 4;

/**
 * Policies for a cluster as map entries. A program that looks them up by longest prefix, for the peer's identity and
 * for identity 0, and lets a refusal win over a permission, decides as the documents say.
 */
export function compilePolicies(policies: readonly Policy[], cluster: Cluster): CompiledPolicies {
  const subjects = [...new Set(podIdentities(cluster).values())];
  const outside = new Outside(policies);
  const isolated = new Map<number, { identity: number; flags: number; span: Span }>();
  const table = new RuleTable();
  for (const policy of policies) {
    for (const { identity, labels } of subjects) {
      if (!isSelected(labels, policy.subjects)) continue;
      const known = isolated.get(identity) ?? { identity, flags: 0, span: policy.span };
      for (const direction of policy.isolates) known.flags |= 1 << directions[direction];
      isolated.set(identity, known);
      for (const rule of policy.rules)
        for (const each of rule.peers)
          for (const peer of identitiesOf(each, subjects, outside)) table.add(identity, peer, rule);
    }
  }
  return {
    isolated: [...isolated.values()].filter(({ flags }) => flags !== 0),
    rules: table.entries(),
    networks: outside.networks,
    names: outside.names(),
  };
}

type Subjects = readonly { readonly identity: number; readonly labels: ReadonlyMap<string, string> }[];

function identitiesOf(peer: Peer, pods: Subjects, outside: Outside): readonly number[] {
  const everyPod = pods.map(({ identity }) => identity);
  switch (peer.kind) {
    case "pods":
      return pods.filter(({ labels }) => isSelected(labels, peer.requirements)).map(({ identity }) => identity);
    case "network":
      return outside.within(peer);
    case "name":
      return outside.named(peer.pattern);
    case "entity":
      switch (peer.entity) {
        case "all":
          return [anyone];
        case "world":
          return [worldIdentity, ...outside.networks.map(({ identity }) => identity)];
        case "cluster":
          return [hostIdentity, ...everyPod];
        case "host":
          return [hostIdentity];
      }
  }
}

/**
 * What rules name outside of the cluster. An address has the identity of the longest network that it is in, so a rule
 * for a network holds for the identities of all networks within it as well; names likewise.
 */
class Outside {
  readonly networks: readonly { readonly prefix: Prefix; readonly identity: number; readonly span: Span }[];
  readonly #patterns: readonly { readonly pattern: NamePattern; readonly span: Span }[];
  /** Patterns that speak of the same names make one identity. */
  readonly #identities = new Map<string, { readonly identity: number; readonly patterns: readonly NamePattern[] }>();
  #next = firstOutsideIdentity;

  constructor(policies: readonly Policy[]) {
    const peers = policies.flatMap(({ rules }) =>
      rules.flatMap((rule) => rule.peers.map((peer) => ({ peer, span: rule.span }))),
    );
    const networks = new Map<string, { prefix: Prefix; identity: number; span: Span }>();
    for (const { peer, span } of peers) {
      if (peer.kind !== "network") continue;
      for (const text of [peer.prefix, ...peer.except]) {
        const prefix = parsePrefix(text);
        const key = `${formatAddress(prefix)}/${prefix.bits}`;
        if (!networks.has(key)) networks.set(key, { prefix, identity: this.#next++, span });
      }
    }
    this.networks = [...networks.values()];
    this.#patterns = peers.flatMap(({ peer, span }) => (peer.kind === "name" ? [{ pattern: peer.pattern, span }] : []));
    this.#compileNames();
  }

  within({ prefix, except }: Peer & { kind: "network" }): readonly number[] {
    const whole = parsePrefix(prefix);
    const holes = except.map(parsePrefix);
    return this.networks
      .filter((network) => isWithin(network.prefix, whole) && !holes.some((hole) => isWithin(network.prefix, hole)))
      .map(({ identity }) => identity);
  }

  named(pattern: NamePattern): readonly number[] {
    const isIt = (other: NamePattern) => other.domain === pattern.domain && other.depth === pattern.depth;
    return [...this.#identities.values()].filter(({ patterns }) => patterns.some(isIt)).map(({ identity }) => identity);
  }

  names(): readonly CompiledName[] {
    return this.#compiled;
  }

  #compiled: readonly CompiledName[] = [];

  #compileNames(): void {
    const byDomain = new Map<string, { readonly below: boolean; readonly span: Span }>();
    for (const { pattern, span } of this.#patterns) {
      const known = byDomain.get(pattern.domain);
      byDomain.set(pattern.domain, { below: known?.below === true || pattern.depth !== "itself", span });
    }
    this.#compiled = [...byDomain].flatMap(([domain, { below, span }]) => {
      const labels = labelCount(domain);
      const reversed = domain === "" ? "" : [...domain].toReversed().join("") + ".";
      const itself = this.#identityOf(domain, 0);
      const entries: CompiledName[] = [];
      // Also where it is nobody: otherwise the entry for what is below the domain would be found for the domain itself.
      if (domain !== "") entries.push({ reversed, whole: true, labels, identity: itself, deeper: 0, span });
      if (below) {
        const [one, more] = [this.#identityOf(domain, 1), this.#identityOf(domain, 2)];
        entries.push({ reversed, whole: false, labels: labels + 1, identity: one, deeper: more, span });
      }
      return entries;
    });
  }

  /** 0 for names that no pattern speaks of. */
  #identityOf(domain: string, extra: 0 | 1 | 2): number {
    const patterns = this.#patterns.map(({ pattern }) => pattern).filter((each) => speaksOf(each, domain, extra));
    if (patterns.length === 0) return 0;
    const key = [...new Set(patterns.map(({ domain: at, depth }) => `${depth} ${at}`))].toSorted().join(",");
    const known = this.#identities.get(key) ?? { identity: this.#next++, patterns };
    this.#identities.set(key, known);
    return known.identity;
  }
}

/** Rules of one subject, peer and direction, by prefix of protocol and port. */
class RuleTable {
  readonly #groups = new Map<string, CompiledRule[]>();

  add(subject: number, peer: number, { direction, action, ports, learnsNames, span }: Rule): void {
    const flags = action === "deny" ? deny : allow | (learnsNames ? learn : 0);
    const key = `${subject} ${peer} ${direction}`;
    const group = this.#groups.get(key) ?? [];
    this.#groups.set(key, group);
    for (const { protocol, port, bits } of ports.flatMap(portPrefixes)) {
      const index = group.findIndex((each) => each.protocol === protocol && each.port === port && each.bits === bits);
      const known = group[index];
      const entry = { subject, peer, direction: directions[direction], protocol, port, bits, flags, span };
      if (known) group[index] = { ...known, flags: known.flags | flags };
      else group.push(entry);
    }
  }

  /** A lookup finds only the longest prefix, which therefore says what all the shorter ones around it say, too. */
  entries(): readonly CompiledRule[] {
    return [...this.#groups.values()].flatMap((group) =>
      group.map((entry) => ({
        ...entry,
        flags: group.filter((other) => covers(other, entry)).reduce((flags, other) => flags | other.flags, 0),
      })),
    );
  }
}

function covers(outer: CompiledRule, inner: CompiledRule): boolean {
  if (outer.bits > inner.bits) return false;
  if (outer.bits === everyProtocolBits) return true;
  const unused = 16 - (outer.bits - everyPortBits);
  return outer.protocol === inner.protocol && outer.port >> unused === inner.port >> unused;
}
