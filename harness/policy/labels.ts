import { type Decoder, list, refined } from "../scenario/decoder.js";
import { defaulted, object, optional, record, required } from "../scenario/object.js";
import { oneOf, text, word } from "../scenario/scalars.js";
import type { Labels, Requirement } from "./rule.js";

/**
 * Labels that every pod has besides its own, under the names that Cilium gives them: the namespace it is in, and that
 * namespace's labels. So one list of requirements says all that a selector can.
 */
export const namespaceKey = "io.kubernetes.pod.namespace";
export const namespaceLabelPrefix = "io.cilium.k8s.namespace.labels.";

export function isSelected(labels: Labels, requirements: readonly Requirement[]): boolean {
  return requirements.every(({ key, operator, values }) => {
    const value = labels.get(key);
    switch (operator) {
      case "In":
        return value !== undefined && values.includes(value);
      // As in Kubernetes: what does not have the label at all is not in the list either.
      case "NotIn":
        return value === undefined || !values.includes(value);
      case "Exists":
        return value !== undefined;
      case "DoesNotExist":
        return value === undefined;
    }
  });
}

export function inNamespace(namespace: string): Requirement {
  return { key: namespaceKey, operator: "In", values: [namespace] };
}

const expression = refined(
  object("a requirement", {
    key: required(word("a label's name"), "the label", "app"),
    operator: required(
      oneOf("an operator", {
        In: "the label has one of the values",
        NotIn: "the label has none of the values, or is not there",
        Exists: "the label is there",
        DoesNotExist: "the label is not there",
      }),
      "how label and values relate",
      "In",
    ),
    values: defaulted(list(text("a label's value")), [], "the values"),
  }),
  ({ key, operator, values }, node, report) => {
    const wantsValues = operator === "In" || operator === "NotIn";
    if (wantsValues === values.length > 0) return { key, operator, values };
    return report(node.span, wantsValues ? `'${operator}' needs values` : `'${operator}' takes no values`);
  },
);

/** A LabelSelector; an empty one selects everything. `nameOf` gives a label the name that requirements know it by. */
export function labelSelector(nameOf: (key: string) => string = (key) => key): Decoder<readonly Requirement[]> {
  const selector = object("a label selector", {
    matchLabels: optional(record("labels", text("a label's value")), "labels with exactly these values", {
      app: "web",
    }),
    matchExpressions: defaulted(list(expression), [], "more than that"),
  });
  return refined(selector, ({ matchLabels = [], matchExpressions }) => [
    ...matchLabels.map(({ key, decoded }): Requirement => ({ key: nameOf(key), operator: "In", values: [decoded] })),
    ...matchExpressions.map((requirement) => ({ ...requirement, key: nameOf(requirement.key) })),
  ]);
}
