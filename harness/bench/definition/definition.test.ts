import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { HarnessError } from "../../model/error.js";
import { projectRoot } from "../../run/project.js";
import { parseDefinition } from "./definition.js";

function mistakesOf(text: string): string[] {
  try {
    parseDefinition(text, "b.yml");
    return [];
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    return error.diagnostics.map(
      ({ message, hint, span }) => `${span?.start.line}: ${message}${hint ? ` (${hint})` : ""}`,
    );
  }
}

describe("benchmark files", () => {
  it("the shipped ones are right", () => {
    const folder = join(projectRoot, "benchmarks");
    const files = readdirSync(folder).filter((file) => file.endsWith(".yml"));
    expect(files).to.include("xdp-vs-tc.yml");
    for (const file of files) expect(mistakesOf(readFileSync(join(folder, file), "utf8")), file).to.deep.equal([]);
  });

  it("a scenario is one, too", () => {
    expect(parseDefinition("name: a filter\ncases: []\n", "b.yml").title).to.equal("a filter");
  });

  it("all mistakes are told at once, each with its place and the nearest right word", () => {
    expect(mistakesOf("name: x\nbenchmark: xdp-vs-tcp\n")).to.deep.equal([
      "2: 'xdp-vs-tcp' is not a benchmark (did you mean 'xdp-vs-tc'?)",
    ]);
    expect(mistakesOf("name: x\nbenchmark: xdp-vs-tc\njobs: [drop, reflct]\nround: 3\n")).to.deep.equal([
      "3: 'reflct' is not a job (did you mean 'reflect'?)",
      "4: unknown key 'round' in the benchmark (did you mean 'rounds'?)",
    ]);
    expect(mistakesOf("name: x\n")[0]).to.contain("the benchmark needs 'benchmark'");
  });

  it("load is bounded", () => {
    expect(mistakesOf("name: x\nbenchmark: xdp-vs-tc\nframes: 10000000\nrounds: 1\n")).to.have.length(2);
  });
});
