import type { LabelList, PolicySetUp } from "../model/scenario.js";
import { address } from "./addresses.js";
import { type Decoder, list, located, orEmpty, refined } from "./decoder.js";
import { defaulted, object, record, required } from "./object.js";
import { text, word } from "./scalars.js";

const labels: Decoder<LabelList> = refined(record("labels by name", text("a label's value")), (entries) =>
  entries.map(({ key, decoded }) => [key, decoded] as const),
);

const addresses = list(address, "a list of addresses");

const pod = orEmpty(
  object("a pod", {
    namespace: defaulted(word("a namespace"), "default", "the namespace that it is in; default, unless given", "shop"),
    labels: defaulted(labels, [], "its labels", { app: "web" }),
    addresses: defaulted(addresses, [], "its addresses", ["10.0.1.1", "fd00:1::1"]),
  }),
);

/** Network policies, and the cluster that they are for. */
export const policies: Decoder<PolicySetUp> = refined(
  object("policies", {
    files: required(list(located(word("a file's name"))), "policy documents, relative to the scenario", ["shop.yml"]),
    pods: required(record("pods by name", pod), "the pods that there are", {
      web: { labels: { app: "web" }, addresses: ["10.0.1.1"] },
    }),
    namespaces: defaulted(record("labels by namespace", orEmpty(labels)), [], "labels of namespaces", {
      shop: { team: "blue" },
    }),
    host: defaulted(addresses, [], "addresses of the node that the pods are on", ["10.0.0.1"]),
  }),
  ({ files, pods, namespaces, host }, node) => ({
    files,
    pods: pods.map(({ key, keySpan, decoded }) => ({ name: key, ...decoded, span: keySpan })),
    namespaces: namespaces.map(({ key, decoded }) => ({ name: key, labels: decoded })),
    host,
    span: node.span,
  }),
);

/** New addresses by pod. */
export const podAddresses = refined(record("addresses by pod", addresses), (entries) =>
  entries.map(({ key, keySpan, decoded }) => ({ name: { value: key, span: keySpan }, addresses: decoded })),
);
