import { expect } from "chai";
import fc from "fast-check";
import { exampleScenario } from "./example.js";
import { formatDiagnostic } from "./diagnostic.js";
import { parseScenario } from "./parse.js";

const keysAndValues =
  "name: program: hook: xdp cases: send: eth ipv4 udp dport: expect: verdict: XDP_DROP packet: matrix: $x ${x} topology: hosts: links: steps: maps: 0x1F 99999999999999999999 1e999 .nan -1 ~ null true &a *a << : [ ] { } , - ? | > ' \" # % ! @ ` --- ... \n \t \r\n é 😀 __proto__ constructor".split(
    " ",
  );

/** The example with a stretch of it replaced by something else that has a meaning in YAML. */
const mutated = fc
  .array(
    fc.record({
      at: fc.nat(exampleScenario.length),
      remove: fc.nat(30),
      insert: fc.oneof(fc.constantFrom(...keysAndValues), fc.string({ maxLength: 5 })),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((edits) =>
    edits.reduce(
      (text, { at, remove, insert }) => text.slice(0, at) + insert + text.slice(at + remove),
      exampleScenario,
    ),
  );

const wordSalad = fc
  .array(fc.oneof(fc.constantFrom(...keysAndValues, " ", "  ", "\n", "\n  ", "\n- "), fc.string({ maxLength: 4 })))
  .map((words) => words.join(" "));

/** Whatever the text: a scenario or diagnostics, never both or neither, and every place is in the text. */
function checkAnswer(text: string): void {
  const { scenario, diagnostics } = parseScenario(text, "x.yml");
  expect(scenario === undefined).to.equal(diagnostics.length > 0);
  for (const diagnostic of diagnostics) {
    const { start, end } = diagnostic.span!;
    expect(start.offset).to.be.within(0, end.offset);
    expect(end.offset).to.be.at.most(text.length);
    expect(start.line).to.equal(text.slice(0, start.offset).split("\n").length);
    expect(start.column).to.equal(start.offset - text.slice(0, start.offset).lastIndexOf("\n"));
    expect(formatDiagnostic(diagnostic, text)).to.include(diagnostic.message);
  }
}

describe("parseScenario, whatever the text", () => {
  it("accepts the example that the mutations start from", () => {
    expect(parseScenario(exampleScenario, "x.yml").diagnostics).to.deep.equal([]);
  });

  it("answers any string", () => {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), checkAnswer), { numRuns: 500, seed: 1 });
  });

  it("answers any sequence of YAML's and the language's words", () => {
    fc.assert(fc.property(wordSalad, checkAnswer), { numRuns: 1000, seed: 2 });
  });

  it("answers a scenario with stretches replaced", () => {
    fc.assert(fc.property(mutated, checkAnswer), { numRuns: 500, seed: 3 });
  });

  it("answers a scenario cut off anywhere", () => {
    for (let length = 0; length < exampleScenario.length; length += 7) checkAnswer(exampleScenario.slice(0, length));
  });
});
