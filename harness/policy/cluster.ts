import { namespaceKey, namespaceLabelPrefix } from "./labels.js";
import type { Labels } from "./rule.js";

/** A pod as far as policies can see it. */
export interface Pod {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Labels;
  readonly addresses: readonly string[];
}

export interface Cluster {
  /** Labels of namespaces by name; a namespace that only a pod names has none. */
  readonly namespaces: ReadonlyMap<string, Labels>;
  readonly pods: readonly Pod[];
  /** Addresses of the node itself. */
  readonly host: readonly string[];
}

/** As in bpf/tc_policy.bpf.c, and numbered like Cilium's. */
export const anyone = 0;
export const hostIdentity = 1;
export const worldIdentity = 2;
export const firstPodIdentity = 256;
export const firstOutsideIdentity = 1 << 24;

/** A pod's labels together with its namespace's: what selectors look at. Kubernetes labels each namespace with its name. */
export function securityLabels({ namespaces }: Cluster, { namespace, labels }: Pod): Labels {
  const ofNamespace = [...(namespaces.get(namespace) ?? []), ["kubernetes.io/metadata.name", namespace] as const];
  return new Map([
    ...labels,
    [namespaceKey, namespace],
    ...ofNamespace.map(([key, value]) => [namespaceLabelPrefix + key, value] as const),
  ]);
}

/** Pods with the same labels are one identity; the number of each, in the order of the pods. */
export function podIdentities(
  cluster: Cluster,
): ReadonlyMap<Pod, { readonly identity: number; readonly labels: Labels }> {
  const known = new Map<string, { readonly identity: number; readonly labels: Labels }>();
  return new Map(
    cluster.pods.map((pod) => {
      const labels = securityLabels(cluster, pod);
      const key = JSON.stringify([...labels].toSorted(([a], [b]) => (a < b ? -1 : 1)));
      const found = known.get(key) ?? { identity: firstPodIdentity + known.size, labels };
      known.set(key, found);
      return [pod, found];
    }),
  );
}
