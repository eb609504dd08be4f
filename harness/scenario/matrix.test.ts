import { expect } from "chai";
import type { Scenario } from "../model/scenario.js";
import { parseScenario } from "./parse.js";

function parse(cases: string): Scenario {
  const text = `name: n\nprogram: p.o\nhook: xdp\ncases:\n${cases}`;
  const { scenario, diagnostics } = parseScenario(text, "x.yml");
  expect(diagnostics).to.deep.equal([]);
  return scenario!;
}

/** Destination port of each case's first packet, with the line on which it is written. */
function ports(scenario: Scenario): unknown[] {
  return scenario.cases.map(({ steps: [step] }) => {
    const source = step?.kind === "send" ? step.packets[0] : undefined;
    const port = source?.kind === "layers" ? source.layers.at(-1)?.fields["dport"] : undefined;
    return [port?.value, port?.span.start.line];
  });
}

describe("a matrix", () => {
  it("multiplies its variables, the last one fastest, and names the cases", () => {
    const { cases } = parse("  - { name: c, matrix: { a: [1, x], b: [0x0A, ~] }, send: [eth] }");
    expect(cases.map(({ name }) => name)).to.deep.equal([
      "c [a=1, b=0x0A]",
      "c [a=1, b=none]",
      "c [a=x, b=0x0A]",
      "c [a=x, b=none]",
    ]);
  });

  it("takes a table, one row a case", () => {
    const scenario = parse(`
  - name: c
    matrix:
      - { port: 53, verdict: XDP_DROP }
      - { port: 54, verdict: [XDP_PASS, XDP_TX] }
    send: [eth, ipv4, { udp: { dport: $port } }]
    expect: { verdict: $verdict }
`);
    expect(scenario.cases.map(({ name }) => name)).to.deep.equal([
      "c [port=53, verdict=XDP_DROP]",
      "c [port=54, verdict=[XDP_PASS XDP_TX]]",
    ]);
    expect(scenario.cases.map(({ steps: [step] }) => step?.expect.verdict?.value)).to.deep.equal([
      ["XDP_DROP"],
      ["XDP_PASS", "XDP_TX"],
    ]);
  });

  it("keeps the type of a value that is all of a scalar, and the place where it is written", () => {
    const scenario = parse(
      "  - name: c\n    matrix:\n      p: [53,\n        0x36]\n    send: [eth, ipv4, { udp: { dport: $p } }]\n",
    );
    expect(ports(scenario)).to.deep.equal([
      [53, 7],
      [54, 8],
    ]);
  });

  it("puts values into texts and keys, and turns $$ into a dollar sign", () => {
    const { cases } = parse(`
  - name: \${proto} to $$5
    matrix: { proto: [udp, tcp], n: [7] }
    send: [eth, ipv4, { $proto: { dport: "5\${n}" } }]
    expect: { printk: "^$proto $n$" }
`);
    expect(cases.map(({ name }) => name)).to.deep.equal(["udp to $5 [proto=udp, n=7]", "tcp to $5 [proto=tcp, n=7]"]);
    const [step] = cases[1]!.steps;
    expect(step?.kind === "send" && step.packets[0]).to.have.nested.property("layers[2].protocol", "tcp");
    expect(step?.kind === "send" && step.packets[0]).to.have.nested.property("layers[2].fields.dport.value", 57);
    expect(step?.expect.printk?.value[0]?.value.source).to.equal("^tcp 7$");
  });

  it("leaves a dollar sign that no name follows alone", () => {
    const { cases } = parse('  - { name: c, send: [eth], expect: { printk: "a$|$1|^$" } }');
    expect(cases[0]?.steps[0]?.expect.printk?.value[0]?.value.source).to.equal("a$|$1|^$");
  });

  it("refuses more cases than anybody would wait for", () => {
    const values = `[${Array.from({ length: 40 }, (_, i) => i).join(", ")}]`;
    const text = `name: n\nprogram: p.o\nhook: xdp\ncases:\n  - { name: c, matrix: { a: ${values}, b: ${values} }, send: [eth] }`;
    expect(parseScenario(text, "x.yml").diagnostics[0]?.message).to.equal("a matrix makes at most 1000 cases");
  });
});
