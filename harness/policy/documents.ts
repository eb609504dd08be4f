import type { Diagnostic } from "../model/error.js";
import type { Span } from "../model/span.js";
import { invalid, type Report } from "../scenario/decoder.js";
import { entryOf, headSpan, type Node } from "../scenario/node.js";
import { readYamlDocuments } from "../scenario/read-yaml.js";
import { nearest } from "../model/nearest.js";
import { ciliumPolicy } from "./cilium.js";
import { networkPolicy } from "./kubernetes.js";
import type { Policy } from "./rule.js";

const kinds = ["NetworkPolicy", "CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"] as const;

/**
 * The policies of a file as it would be given to a cluster: one or more YAML documents. What is not supported is a
 * diagnostic with its place, never left out; with any, there are no policies. Never throws.
 */
export function readPolicies(
  text: string,
  file: string,
): { policies: readonly Policy[]; diagnostics: readonly Diagnostic[] } {
  const { roots, diagnostics } = readYamlDocuments(text, file);
  const found: Diagnostic[] = [...diagnostics];
  const report = (span: Span, message: string, hint?: string): typeof invalid => {
    found.push({ code: "scenario", message, span, ...(hint && { hint }) });
    return invalid;
  };
  const policies = roots.flatMap((root) => readPolicy(root, report));
  return { policies: found.length > 0 ? [] : policies, diagnostics: found };
}

function readPolicy(root: Node, report: Report): readonly Policy[] {
  const kind = textAt(root, "kind");
  const namespace = textAt(entryOf(root, "metadata")?.value, "namespace") ?? "default";
  switch (kind) {
    case "NetworkPolicy": {
      const policy = networkPolicy(namespace).decode(root, report);
      return policy === invalid ? [] : [policy];
    }
    case "CiliumNetworkPolicy":
    case "CiliumClusterwideNetworkPolicy": {
      const policies = ciliumPolicy(kind === "CiliumNetworkPolicy" ? namespace : undefined).decode(root, report);
      return policies === invalid ? [] : policies;
    }
    default: {
      const span = entryOf(root, "kind")?.value.span ?? headSpan(root);
      const near = nearest(kind ?? "", kinds);
      report(
        span,
        kind === undefined ? "a policy document needs a 'kind'" : `'${kind}' is not a kind of policy that is supported`,
        near ? `did you mean '${near}'?` : `one of: ${kinds.join(", ")}`,
      );
      return [];
    }
  }
}

function textAt(node: Node | undefined, key: string): string | undefined {
  const value = node && entryOf(node, key)?.value;
  return value?.kind === "scalar" && typeof value.value === "string" ? value.value : undefined;
}
