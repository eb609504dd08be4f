import { type Decoder, type Invalid, type Report, list, orEmpty, refined, written } from "../scenario/decoder.js";
import { type Node, headSpan } from "../scenario/node.js";
import { defaulted, object, optional, required } from "../scenario/object.js";
import { boolean, oneOf, word } from "../scenario/scalars.js";
import { metadata } from "./kubernetes.js";
import { inNamespace, labelSelector, namespaceKey, namespaceLabelPrefix } from "./labels.js";
import { namePeer } from "./names.js";
import { networkPeer, plainNetworkPeer } from "./networks.js";
import { ciliumPort, icmpTypes } from "./ports.js";
import type { Direction, Peer, Policy, PortRange, Requirement, Rule } from "./rule.js";
import { everyone, everyPort } from "./rule.js";

/** `k8s:app` and `any:app` are the label app; other sources than Kubernetes there are none here. */
function labelName(key: string): string {
  return key.replace(/^(k8s|any)[:.](?!io\/)/, "");
}

const selector = labelSelector(labelName);

/** Unless a selector speaks of namespaces itself, it means the policy's own; a clusterwide policy has none. */
function scoped(requirements: readonly Requirement[], namespace: string | undefined): readonly Requirement[] {
  const says = requirements.some(({ key }) => key === namespaceKey || key.startsWith(namespaceLabelPrefix));
  return says || namespace === undefined ? requirements : [inNamespace(namespace), ...requirements];
}

const dnsRule = object(
  "a DNS rule",
  { matchPattern: required(oneOf("a pattern of names", { "*": "every name" }), "which names may be asked for", "*") },
  { reason: (key) => (key === "matchName" ? "only matchPattern: '*' is supported" : undefined) },
);

const layer7 = object(
  "'rules'",
  { dns: defaulted(list(dnsRule), [], "DNS: names are learnt from its answers", [{ matchPattern: "*" }]) },
  {
    reason: (key) =>
      ["http", "kafka", "l7", "l7proto"].includes(key) ? "of layer 7, only DNS is supported" : undefined,
  },
);

const toPort = object(
  "an item of 'toPorts'",
  {
    ports: required(list(ciliumPort), "the ports"),
    rules: optional(layer7, "what is allowed within these connections", { dns: [{ matchPattern: "*" }] }),
  },
  { reason: unsupported("terminatingTLS", "originatingTLS", "serverNames", "listener") },
);

const entity = oneOf("an entity", {
  all: "everyone",
  world: "whatever is outside of the cluster",
  cluster: "every pod, and the node",
  host: "the node that the pod is on",
});

const entityPeer: Decoder<Peer> = refined(entity, (found) => ({ kind: "entity", entity: found }));

function unsupported(...keys: readonly string[]): (key: string) => string | undefined {
  return (key) => (keys.includes(key) ? "this is not supported" : undefined);
}

interface Found {
  readonly toPorts:
    | readonly {
        readonly ports: readonly (readonly PortRange[])[];
        readonly rules: { readonly dns: readonly unknown[] } | undefined;
      }[]
    | undefined;
  readonly icmps: readonly PortRange[] | undefined;
}

function rules(namespace: string | undefined, action: Rule["action"]) {
  const endpoint = refined(selector, (found): Peer => ({ kind: "pods", requirements: scoped(found, namespace) }));
  const endpoints = optional(list(endpoint), "pods with these labels");
  const networks = optional(list(plainNetworkPeer), "networks");
  const networkSets = optional(list(networkPeer), "networks with exceptions");
  const entities = optional(list(entityPeer), "those who are known by name");
  const names = optional(list(namePeer), "DNS names");
  const towards = {
    toPorts: optional(list(toPort), "to which ports; absent: all"),
    icmps: optional(icmpTypes, "ICMP messages, in place of ports"),
  };
  const ingress = object(
    "an ingress rule",
    { fromEndpoints: endpoints, fromCIDR: networks, fromCIDRSet: networkSets, fromEntities: entities, ...towards },
    { reason: unsupported("fromRequires", "fromGroups", "fromNodes", "authentication") },
  );
  const egress = object(
    "an egress rule",
    {
      toEndpoints: endpoints,
      toCIDR: networks,
      toCIDRSet: networkSets,
      toEntities: entities,
      toFQDNs: names,
      ...towards,
    },
    { reason: unsupported("toRequires", "toGroups", "toNodes", "toServices", "authentication") },
  );
  return {
    ingress: refined(ingress, (found, node, report) => {
      const { fromEndpoints, fromCIDR, fromCIDRSet, fromEntities } = found;
      const peers = [fromEndpoints, fromCIDR, fromCIDRSet, fromEntities];
      return ruleOf("ingress", action, peers, found, node, report);
    }),
    egress: refined(egress, (found, node, report) => {
      const { toEndpoints, toCIDR, toCIDRSet, toEntities, toFQDNs } = found;
      if (toFQDNs && action === "deny") return report(node.span, "names can be allowed, not denied");
      return ruleOf("egress", action, [toEndpoints, toCIDR, toCIDRSet, toEntities, toFQDNs], found, node, report);
    }),
  };
}

function ruleOf(
  direction: Direction,
  action: Rule["action"],
  kinds: readonly (readonly Peer[] | undefined)[],
  { toPorts, icmps }: Found,
  node: Node,
  report: Report,
): Rule | Invalid {
  const said = kinds.filter((each) => each !== undefined);
  if (said.length > 1) return report(node.span, "a rule has one kind of peer", "write a rule for each of them");
  if (toPorts && icmps) return report(node.span, "a rule has one of 'toPorts' and 'icmps'");
  return {
    direction,
    action,
    // Ports alone mean everyone; a rule that says nothing at all allows nothing, and still isolates.
    peers: said[0] ?? (toPorts || icmps ? [everyone] : []),
    ports: icmps ?? toPorts?.flatMap(({ ports }) => ports.flat()) ?? [everyPort],
    learnsNames: toPorts?.some((each) => each.rules !== undefined && each.rules.dns.length > 0) ?? false,
    span: node.span,
  };
}

/** CiliumNetworkPolicy of cilium.io/v2, layers 3 and 4; `namespace` is undefined for a clusterwide one. */
export function ciliumPolicy(namespace: string | undefined): Decoder<readonly Policy[]> {
  const allow = rules(namespace, "allow");
  const deny = rules(namespace, "deny");
  const spec = object(
    "spec",
    {
      endpointSelector: required(selector, "the pods that this is about; empty: all"),
      description: optional(word("a text"), "what it is for"),
      ingress: defaulted(list(orEmpty(allow.ingress)), [], "what may come in"),
      ingressDeny: defaulted(list(orEmpty(deny.ingress)), [], "what may not come in, whatever else is said"),
      egress: defaulted(list(orEmpty(allow.egress)), [], "what may go out"),
      egressDeny: defaulted(list(orEmpty(deny.egress)), [], "what may not go out, whatever else is said"),
      enableDefaultDeny: defaulted(
        object("'enableDefaultDeny'", {
          ingress: optional(boolean, "false: what no rule speaks of comes in as before", false),
          egress: optional(boolean, "false: what no rule speaks of goes out as before", false),
        }),
        { ingress: undefined, egress: undefined },
        "whether a direction that has rules is closed to everything else",
      ),
      labels: optional(written(), "not looked at"),
    },
    { reason: unsupported("nodeSelector") },
  );
  const document = object("a CiliumNetworkPolicy", {
    apiVersion: required(oneOf("a version", { "cilium.io/v2": "the only one" }), "the version"),
    kind: required(word("a kind"), "the kind of document"),
    metadata: required(metadata, "its name"),
    spec: optional(spec, "what it says"),
    specs: defaulted(list(spec), [], "several specs under one name"),
    status: optional(written(), "not looked at"),
  });
  return refined(document, (found, node, report) => {
    const specs = [...(found.spec ? [found.spec] : []), ...found.specs];
    if (specs.length === 0) return report(headSpan(node), "a CiliumNetworkPolicy needs 'spec' or 'specs'");
    return specs.map((each): Policy => {
      const incoming = [...each.ingress, ...each.ingressDeny];
      const outgoing = [...each.egress, ...each.egressDeny];
      const isolates: Direction[] = [];
      if (each.enableDefaultDeny.ingress ?? incoming.length > 0) isolates.push("ingress");
      if (each.enableDefaultDeny.egress ?? outgoing.length > 0) isolates.push("egress");
      return {
        name: found.metadata.name,
        subjects: scoped(each.endpointSelector, namespace),
        isolates,
        rules: [...incoming, ...outgoing],
        span: node.span,
      };
    });
  });
}
