import type { Span } from "../model/span.js";
import { type Decoder, list, refined, written } from "../scenario/decoder.js";
import { defaulted, object, optional, required } from "../scenario/object.js";
import { oneOf, word } from "../scenario/scalars.js";
import { inNamespace, labelSelector, namespaceLabelPrefix } from "./labels.js";
import { networkPeer } from "./networks.js";
import { kubernetesPort } from "./ports.js";
import type { Direction, Peer, Policy, PortRange, Requirement, Rule } from "./rule.js";
import { everyone, everyPort } from "./rule.js";

/** `metadata` of any document: names; labels and annotations say nothing to a policy. */
export const metadata = object("metadata", {
  name: required(word("a name"), "the policy's name", "allow-web"),
  namespace: defaulted(word("a namespace"), "default", "the namespace that it is in", "shop"),
  labels: optional(written(), "not looked at"),
  annotations: optional(written(), "not looked at"),
});

const namespaceSelector = labelSelector((key) => namespaceLabelPrefix + key);

/** One of `from` or `to`. */
function peer(namespace: string): Decoder<Peer> {
  const fields = object("a peer", {
    podSelector: optional(labelSelector(), "pods with these labels", {}),
    namespaceSelector: optional(namespaceSelector, "pods of namespaces with these labels; absent: of the policy's own"),
    ipBlock: optional(networkPeer, "addresses outside of the cluster", { cidr: "192.0.2.0/24" }),
  });
  return refined(fields, ({ podSelector, namespaceSelector: namespaces, ipBlock }, node, report) => {
    if (ipBlock && (podSelector ?? namespaces)) return report(node.span, "'ipBlock' stands alone in a peer");
    if (ipBlock) return ipBlock;
    if (!podSelector && !namespaces) return report(node.span, "a peer needs a selector or an 'ipBlock'");
    const where: readonly Requirement[] = namespaces ?? [inNamespace(namespace)];
    return { kind: "pods", requirements: [...where, ...(podSelector ?? [])] };
  });
}

function rules(namespace: string) {
  const peers = defaulted(list(peer(namespace)), [], "who is at the other end; absent: everyone");
  const ports = defaulted(list(kubernetesPort), [], "to which ports; absent: all");
  return {
    ingress: refined(object("an ingress rule", { from: peers, ports }), (found, node) =>
      ruleOf("ingress", found.from, found.ports.flat(), node.span),
    ),
    egress: refined(object("an egress rule", { to: peers, ports }), (found, node) =>
      ruleOf("egress", found.to, found.ports.flat(), node.span),
    ),
  };
}

/** What is absent or empty allows everything (kubernetes.io, Network Policies). */
function ruleOf(direction: Direction, peers: readonly Peer[], ports: readonly PortRange[], span: Span): Rule {
  return {
    direction,
    action: "allow",
    peers: peers.length > 0 ? peers : [everyone],
    ports: ports.length > 0 ? ports : [everyPort],
    learnsNames: false,
    span,
  };
}

const policyType = oneOf("a policy type", { Ingress: "what comes in", Egress: "what goes out" });

/** NetworkPolicy of networking.k8s.io/v1. */
export function networkPolicy(namespace: string): Decoder<Policy> {
  const { ingress, egress } = rules(namespace);
  const spec = object("spec", {
    podSelector: defaulted(labelSelector(), [], "the pods that this is about; absent or empty: all of the namespace"),
    policyTypes: optional(list(policyType), "absent: Ingress, and Egress where there are egress rules", ["Ingress"]),
    ingress: optional(list(ingress), "what may come in"),
    egress: optional(list(egress), "what may go out"),
  });
  const document = object("a NetworkPolicy", {
    apiVersion: required(oneOf("a version", { "networking.k8s.io/v1": "the only one" }), "the version"),
    kind: required(word("a kind"), "the kind of document"),
    metadata: required(metadata, "its name"),
    spec: required(spec, "what it says"),
    status: optional(written(), "not looked at"),
  });
  return refined(document, ({ metadata: { name }, spec: found }, node) => {
    const isolates: Direction[] = found.policyTypes
      ? found.policyTypes.map((type) => (type === "Ingress" ? "ingress" : "egress"))
      : ["ingress", ...(found.egress ? ["egress" as const] : [])];
    const said = [...(found.ingress ?? []), ...(found.egress ?? [])];
    return {
      name,
      subjects: [inNamespace(namespace), ...found.podSelector],
      isolates,
      rules: said.filter(({ direction }) => isolates.includes(direction)),
      span: node.span,
    };
  });
}
