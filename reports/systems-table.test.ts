import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import type { Report } from "../harness/model/event.js";
import type { CaseResult } from "../harness/model/outcome.js";
import type { System } from "../harness/model/system.js";
import { projectRoot } from "../harness/run/project.js";
import { systemsTable } from "./systems-table.js";

const systems = JSON.parse(readFileSync(join(projectRoot, "scenarios", "systems.json"), "utf8")) as System[];

/** The table looks at file, backend and outcome only. */
function report(...results: [file: string, backend: string, outcome: string][]): Report {
  const all = results.map(([file, backend, outcome]) => ({ file, backend, outcome }) as CaseResult);
  const totals = { passed: 2, failed: 1, skipped: 0, error: 0 };
  return { totals, results: all, environment: { kernel: "6.1" } } as unknown as Report;
}

describe("the table of systems", () => {
  it("names programs and scenarios that are there", () => {
    const missing = systems.flatMap(({ program, scenarios }) =>
      [join("bpf", program), ...scenarios.map((file) => join("scenarios", file))].filter(
        (path) => !existsSync(join(projectRoot, path)),
      ),
    );
    expect(missing).to.deep.equal([]);
    for (const { id, scenarios } of systems) expect(scenarios.length, id).to.be.greaterThan(0);
  });

  it("counts what passed by backend, and says where not everything did", () => {
    const system: System = {
      id: "P1",
      system: "a system",
      program: "a.bpf.c",
      scenarios: ["x/a.yml", "z/b.yml", "z/c.yml"],
    };
    const table = systemsTable(
      [system],
      report(
        ["scenarios/x/a.yml", "kernel", "passed"],
        ["scenarios/x/a.yml", "wire", "failed"],
        ["scenarios/y.yml", "sim", "passed"],
      ),
    );
    expect(table).to.contain("| [x/a.yml](scenarios/x/a.yml), [z](scenarios/z) | – | 1 | 0 of 1 |");
    expect(table).to.contain("2 passed, 1 failed, 0 skipped, 0 in error");
  });
});
