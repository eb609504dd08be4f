import { expect } from "chai";
import type { LayerPattern } from "../model/scenario.js";
import { nowhere } from "./layer.js";
import { matchLayers } from "./match.js";
import { parsePacket } from "./parse.js";
import type { Plain } from "./field-value.js";
import { parsePattern } from "./pattern.js";
import { findField, findProtocol } from "./protocols.js";
import { packetFromText } from "./text.js";

function pattern(protocol: string, fields: Record<string, Plain> = {}): LayerPattern {
  const located = Object.entries(fields).map(([name, plain]) => {
    const def = findField(findProtocol(protocol)!, name)!;
    return [name, { value: parsePattern(def, plain), span: nowhere }] as const;
  });
  return { protocol, fields: Object.fromEntries(located), span: nowhere };
}

describe("matchLayers", () => {
  const tunnel = parsePacket(
    packetFromText(
      'IP(src="10.0.0.1", dst="10.0.0.2")/UDP(sport=1, dport=6080)/IP(src="192.168.0.1", dst="192.168.0.2")/ICMP(type=5)/b"x"',
    ),
  );
  const cases: readonly (readonly [what: string, patterns: readonly LayerPattern[], fits: boolean])[] = [
    ["nothing asked", [], true],
    ["a protocol anywhere", [pattern("icmp")], true],
    ["a protocol that is not there", [pattern("tcp")], false],
    ["layers in order with others between", [pattern("ipv4"), pattern("icmp")], true],
    ["layers in another order", [pattern("icmp"), pattern("ipv4")], false],
    ["as many layers as there are", [pattern("ipv4"), pattern("ipv4")], true],
    ["more layers than there are", [pattern("ipv4"), pattern("ipv4"), pattern("ipv4")], false],
    ["a field of the inner layer", [pattern("ipv4", { dst: "192.168.0.0/16" })], true],
    [
      "the inner layer before the outer one's content",
      [pattern("ipv4", { dst: "192.168.0.2" }), pattern("udp")],
      false,
    ],
    ["a field with another value", [pattern("udp", { dport: "1..100" })], false],
    ["a field that this variant does not have", [pattern("icmp", { seq: "any" })], false],
  ];
  for (const [what, patterns, fits] of cases) {
    it(what, () => expect(matchLayers(tunnel, patterns)).to.equal(fits));
  }
});
