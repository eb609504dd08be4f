import { expect } from "chai";
import fc from "fast-check";
import { toHex } from "../model/hex.js";
import { buildPacket } from "../packet/build.js";
import { parseScenario } from "../scenario/parse.js";
import { load, mutate, newScratch } from "./mutate-bytes.js";
import { packetYaml } from "./packet-yaml.js";
import { stacks } from "./stacks.js";

describe("packets as layers of a scenario", () => {
  it("name nothing that is as it is by default", () => {
    for (const stack of stacks.filter((layers) => layers.every(({ fields }) => Object.keys(fields).length === 0)))
      expect(packetYaml(buildPacket(stack))).to.equal(`[${stack.map(({ protocol }) => protocol).join(", ")}]`);
  });

  it("stand for exactly these bytes, however broken they are", () => {
    fc.assert(
      fc.property(fc.constantFrom(...stacks), fc.infiniteStream(fc.nat()), (stack, numbers) => {
        const scratch = newScratch();
        load(scratch, buildPacket(stack).bytes);
        const chance = { below: (limit: number): number => numbers.next().value! % limit };
        mutate(scratch, chance, { numbers: [53, 0x0800], strings: [] }, scratch.bytes.slice(0, 60), "ethernet");
        const bytes = scratch.bytes.slice(0, scratch.size);
        expect(toHex(sent(packetYaml({ linkType: "ethernet", bytes })))).to.equal(toHex(bytes));
      }),
      { numRuns: 300 },
    );
  });
});

/** What a scenario sends that says so. */
function sent(layers: string): Uint8Array {
  const text = `name: a\nprogram: a.o\nhook: xdp\ncases: [{ name: a, send: ${layers}, expect: { verdict: XDP_PASS } }]`;
  const { scenario, diagnostics } = parseScenario(text, "a.yml");
  expect(
    diagnostics.map(({ message }) => message),
    layers,
  ).to.deep.equal([]);
  const [step] = scenario!.cases[0]!.steps;
  const [source] = step!.kind === "send" ? step.packets : [];
  if (source?.kind !== "layers") throw new Error("no layers");
  return buildPacket(source.layers).bytes;
}
