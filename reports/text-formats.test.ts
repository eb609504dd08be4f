import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { readEvents } from "../harness/cli/event-file.js";
import type { RunEvent } from "../harness/model/event.js";
import { projectRoot } from "../harness/run/project.js";
import { renderGithub, renderStepSummary } from "./github.js";
import { renderJunit } from "./junit.js";
import { recordRun } from "./record.js";
import { renderTap } from "./tap.js";
import { failureBlock, noColour, resultLine, summaryText } from "./terminal.js";
import { reportOf } from "./totals.js";

/**
 * Saved events against what each format makes of them: fixtures/reports/run.jsonl.gz against fixtures/reports/golden.
 * UPDATE_GOLDEN=1 writes what they make of them now; read the difference before committing it.
 */
const folder = join(projectRoot, "fixtures", "reports");

describe("reports as text", () => {
  let events: readonly RunEvent[];
  before(async () => {
    events = await readEvents(join(folder, "run.jsonl.gz"));
  });

  const formats: Readonly<Record<string, () => string>> = {
    "junit.xml": () => renderJunit(recordRun(events)),
    "results.tap": () => renderTap(recordRun(events)),
    "annotations.txt": () => renderGithub(recordRun(events)),
    "summary.md": () => renderStepSummary(recordRun(events)),
    "report.json": () => `${JSON.stringify(reportOf(recordRun(events)), undefined, 1)}\n`,
    "terminal.txt": () => terminalText(events),
  };
  for (const [name, render] of Object.entries(formats)) {
    it(`make ${name} of a run's events`, () => {
      const file = join(folder, "golden", name);
      const text = render();
      if (process.env["UPDATE_GOLDEN"] || !existsSync(file)) writeFileSync(file, text);
      expect(text).to.equal(readFileSync(file, "utf8"));
    });
  }

  it("do not depend on the order in which results come", () => {
    const reversed = [events[0]!, ...events.slice(1).reverse()];
    for (const render of [renderJunit, renderTap, renderGithub])
      expect(render(recordRun(reversed))).to.equal(render(recordRun(events)));
  });

  it("have no element, directive or command that a case's name or packet brought in", () => {
    const record = recordRun(events);
    expect(renderJunit(record)).to.not.match(/<script|<b>|]]>/);
    expect(renderStepSummary(record).replace(/^```sh\n.*\n```$/gm, "")).to.not.match(/<script|<b>/);
    for (const line of renderGithub(record).trimEnd().split("\n"))
      expect(line).to.match(/^::error file=[^,:]+,line=\d+,/);
    for (const line of renderTap(record).split("\n"))
      if (/^(not )?ok/.test(line)) expect(line).to.not.match(/[^\\]# TODO/);
  });
});

/** What a run shows while it goes on and at its end. */
function terminalText(events: readonly RunEvent[]): string {
  const lines = events.flatMap((event) => {
    if (event.type !== "result") return [];
    const failed = event.result.outcome === "failed" || event.result.outcome === "error";
    return [resultLine(event.result, noColour), ...(failed ? [failureBlock(event.result, noColour)] : [])];
  });
  return [...lines, summaryText(reportOf(recordRun(events)), noColour), ""].join("\n");
}
