import { expect } from "chai";
import type { Plan } from "../model/plan.js";
import type { PreparedScenario } from "./prepare.js";
import { selectJobs, type Selection } from "./select.js";

/** Selecting looks at names and nothing else of a plan. */
function prepared(...cases: { name: string; only?: boolean; backends?: Plan["backends"] }[]): PreparedScenario[] {
  const plans = cases.map(({ name, backends }) => ({ file: "a.yml", scenario: "s", caseName: name, backends }) as Plan);
  const scenario = {
    cases: cases.map(({ only }) => ({ only: only ?? false })),
  } as unknown as PreparedScenario["scenario"];
  return [{ file: "a.yml", scenario, plans }];
}

const all: Selection = { backends: ["kernel", "wire"], grep: undefined, shard: undefined };

function titles(scenarios: PreparedScenario[], selection: Partial<Selection> = {}): string[] {
  return selectJobs(scenarios, { ...all, ...selection }).map((job) => `${job.plan.caseName}/${job.backend}`);
}

describe("selectJobs", () => {
  it("makes one job for each case and backend, in order", () => {
    expect(titles(prepared({ name: "a" }, { name: "b" }))).to.deep.equal(["a/kernel", "a/wire", "b/kernel", "b/wire"]);
  });

  it("leaves out backends that a case does not name", () => {
    expect(titles(prepared({ name: "a", backends: ["wire"] }))).to.deep.equal(["a/wire"]);
  });

  it("runs nothing but `only` cases where there are some", () => {
    expect(titles(prepared({ name: "a" }, { name: "b", only: true }))).to.deep.equal(["b/kernel", "b/wire"]);
  });

  it("greps file, scenario and case", () => {
    const scenarios = prepared({ name: "a" }, { name: "b" });
    expect(titles(scenarios, { grep: /s › b$/ })).to.deep.equal(["b/kernel", "b/wire"]);
    expect(titles(scenarios, { grep: /a\.yml/ })).to.have.length(4);
  });

  it("gives every case to exactly one shard", () => {
    const scenarios = prepared(...["a", "b", "c", "d", "e"].map((name) => ({ name })));
    const shards = [1, 2, 3].map((index) => titles(scenarios, { shard: { index, count: 3 } }));
    expect(shards.flat().sort()).to.deep.equal(titles(scenarios).sort());
    expect(shards.map((s) => s.length)).to.deep.equal([4, 4, 2]);
  });
});
