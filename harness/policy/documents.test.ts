import { expect } from "chai";
import { formatSpan } from "../model/span.js";
import { readPolicies } from "./documents.js";

describe("policy documents", () => {
  it("mistakes and what is not supported are said with their place", () => {
    const { policies, diagnostics } = readPolicies(wrong, "wrong.yml");
    expect(policies).to.deep.equal([]);
    const said = diagnostics.map(
      ({ span, message, hint }) => `${formatSpan(span!)}: ${message}${hint === undefined ? "" : ` (${hint})`}`,
    );
    expect(said.join("\n") + "\n").to.equal(expected);
  });

  it("a kind that nobody knows", () => {
    const { diagnostics } = readPolicies("kind: NetworkPolcy\nmetadata: {}\n", "x.yml");
    expect(diagnostics.map(({ message, hint }) => [message, hint])).to.deep.equal([
      ["'NetworkPolcy' is not a kind of policy that is supported", "did you mean 'NetworkPolicy'?"],
    ]);
  });

  it("an empty rule opens in Kubernetes, and closes in Cilium", () => {
    const { policies, diagnostics } = readPolicies(emptyRules, "x.yml");
    expect(diagnostics).to.deep.equal([]);
    expect(policies.map(({ rules: [rule], isolates }) => [isolates, rule!.peers])).to.deep.equal([
      [["ingress"], [{ kind: "entity", entity: "all" }]],
      [["ingress"], []],
    ]);
  });

  it("only policyTypes say that nothing may go out", () => {
    const { policies } = readPolicies(
      [
        "apiVersion: networking.k8s.io/v1",
        "kind: NetworkPolicy",
        "metadata: { name: closed }",
        "spec: { podSelector: {}, policyTypes: [Egress] }",
      ].join("\n"),
      "x.yml",
    );
    expect(policies.map(({ isolates, rules }) => ({ isolates, rules }))).to.deep.equal([
      { isolates: ["egress"], rules: [] },
    ]);
  });
});

const emptyRules = `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: open }
spec: { podSelector: {}, ingress: [{}] }
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: closed }
spec: { endpointSelector: {}, ingress: [{}] }
`;

const wrong = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: a }
spec:
  podSelector: { matchLabel: { app: a } }
  ingress:
    - from: [{ ipBlock: { cidr: 10.0.0.0/8, except: [192.168.0.0/16] } }]
      ports: [{ port: http }, { endPort: 9 }]
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: b }
spec:
  endpointSelector: {}
  ingress:
    - fromRequires: []
    - fromEndpoints: [{}]
      fromEntities: [wrld]
  egress:
    - toFQDNs: [{ matchPattern: "api-*.example.com" }]
    - toPorts:
        - ports: [{ port: "80" }]
          rules: { http: [{ method: GET }] }
`;

const expected = `wrong.yml:5:18: unknown key 'matchLabel' in a label selector (did you mean 'matchLabels'?)
wrong.yml:7:25: 192.168.0.0/16 is not within 10.0.0.0/8 ('except' leaves out a part of 'cidr')
wrong.yml:8:23: ports by name ('http') are not supported (write the port's number)
wrong.yml:8:31: 'endPort' needs a 'port' before it
wrong.yml:16:7: 'fromRequires' has no place in an ingress rule (this is not supported)
wrong.yml:18:22: 'wrld' is not an entity (did you mean 'world'?)
wrong.yml:20:33: the pattern 'api-*.example.com' is not supported (a '*' may stand for the first label alone: *.example.com; '**' for any number of them)
wrong.yml:23:20: 'http' has no place in 'rules' (of layer 7, only DNS is supported)
`;
