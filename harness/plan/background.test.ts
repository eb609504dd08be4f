import { expect } from "chai";
import { planOf, problemsOf } from "./plan-of.test.js";

const load = "- run: { background: load, host: client, command: [sleep, '1'], exit: 3 }";

function steps(...lines: string[]): string {
  return `cases:\n  - name: one\n    steps:\n${lines.map((line) => `      ${line}\n`).join("")}`;
}

describe("commands in the background", () => {
  it("are judged where they are waited for, by what was said where they began", async () => {
    const [plan] = await planOf(steps(load, "- wait: load"));
    const [run, wait] = plan!.steps;
    expect(wait).to.include({ kind: "wait", started: run });
  });

  it("are waited for, once, behind their beginning", async () => {
    expect(await problemsOf(steps(load, "- ping: { to: 10.0.0.2 }"))).to.deep.equal([
      "8:9 nothing waits for 'load', so nobody sees how it ends (add a step: wait: load)",
    ]);
    expect(await problemsOf(steps(load, "- wait: laod", "- wait: load"))).to.deep.equal([
      "9:15 no command 'laod' runs in the background here (did you mean 'load'?)",
    ]);
    expect(await problemsOf(steps(load, load, "- wait: load"))).to.deep.equal([
      "9:28 a command 'load' runs in the background already",
    ]);
  });
});
