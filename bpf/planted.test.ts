import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { projectRoot } from "../harness/run/project.js";
import { plantedBugs } from "./planted.js";

const canaries = join(projectRoot, "scenarios", "must-fail");
const texts = readdirSync(canaries)
  .filter((name) => name.endsWith(".yml"))
  .map((name) => readFileSync(join(canaries, name), "utf8"));

describe("planted bugs", () => {
  for (const { name, file, from, to } of plantedBugs) {
    it(`${name} has one place to go`, () => {
      const parts = readFileSync(join(projectRoot, "bpf", file), "utf8").split(from);
      expect(parts, `'${from}' in bpf/${file}`).to.have.lengthOf(2);
      expect(to).to.not.equal(from);
    });

    it(`${name} has a scenario that has to fail`, () => {
      expect(texts.some((text) => text.includes(`/${name}.bpf.o`))).to.equal(true);
    });
  }

  it("there is one for every program of the systems", () => {
    const programs = readdirSync(join(projectRoot, "bpf")).filter((name) => name.endsWith(".bpf.c"));
    expect(programs.filter((program) => !plantedBugs.some((bug) => bug.program === program))).to.deep.equal([]);
  });
});
