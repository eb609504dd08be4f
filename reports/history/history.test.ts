import { join } from "node:path";
import { expect } from "chai";
import { readEvents } from "../../harness/cli/event-file.js";
import type { OutcomeKind } from "../../harness/model/outcome.js";
import { projectRoot } from "../../harness/run/project.js";
import { recordRun, type RunRecord } from "../record.js";
import { noColour } from "../terminal.js";
import { historyOf } from "./history.js";
import { renderHistory } from "./page.js";
import { historyText } from "./text.js";

describe("the history of runs", () => {
  let run: RunRecord;
  before(async () => {
    run = recordRun(await readEvents(join(projectRoot, "fixtures", "reports", "run.jsonl.gz")));
  });

  /** Runs, one a day, in which the first result is as said. */
  function days(...outcomes: readonly OutcomeKind[]): RunRecord[] {
    return outcomes.map((outcome, day) => ({
      ...run,
      start: { ...run.start, startedAt: `2026-01-0${day + 1}T00:00:00.000Z` },
      results: run.results
        .slice(0, 6)
        .map((result, i) => (i === 0 ? { ...result, outcome } : { ...result, outcome: "passed" as const })),
    }));
  }

  it("tells what goes to and fro from what broke or was mended once", () => {
    const score = (...outcomes: OutcomeKind[]): number =>
      historyOf(days(...outcomes)).cases.find(({ case: name }) => name === run.results[0]!.case)!.flakeScore;
    expect(score("passed", "passed", "failed", "failed")).to.equal(0);
    expect(score("failed", "failed", "passed")).to.equal(0);
    expect(score("passed", "failed", "passed", "failed")).to.equal(1);
    expect(score("passed", "passed", "failed", "passed", "passed")).to.be.closeTo(1 / 3, 0.001);
    expect(score("passed", "skipped", "passed", "passed")).to.equal(0);
  });

  it("orders runs by time, and puts the least steady case first", async () => {
    const history = historyOf(days("passed", "failed", "passed", "failed").reverse());
    expect(history.runs.map(({ startedAt }) => startedAt.slice(8, 10))).to.deep.equal(["01", "02", "03", "04"]);
    expect(history.cases[0]!.outcomes).to.deep.equal(["passed", "failed", "passed", "failed"]);
    expect(historyText(history, noColour).split("\n")[0]).to.contain("flaky 1.00").and.to.contain(run.results[0]!.file);
    const page = await renderHistory(history);
    expect(page).to.contain("&#60;script&#62;");
    expect(page).to.not.match(/<script|<img| style=/);
  });
});
