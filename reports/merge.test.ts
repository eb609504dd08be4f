import { join } from "node:path";
import { expect } from "chai";
import { readEvents } from "../harness/cli/event-file.js";
import type { RunEvent } from "../harness/model/event.js";
import { projectRoot } from "../harness/run/project.js";
import { mergeRuns, type Blob } from "./merge.js";
import { renderStepSummary } from "./github.js";
import { recordRun } from "./record.js";
import { renderTap } from "./tap.js";
import { reportOf } from "./totals.js";

describe("merging the parts of a run", () => {
  let whole: readonly RunEvent[];
  before(async () => {
    whole = await readEvents(join(projectRoot, "fixtures", "reports", "run.jsonl.gz"));
  });

  /** The cases of every `count`-th file, as the machine with that part would have told them. */
  function part(index: number, count: number, minute = 0): Blob {
    const files = [...new Set(recordRun(whole).results.map(({ file }) => file))];
    const mine = (file: string): boolean => files.indexOf(file) % count === index - 1;
    const events = whole.flatMap((event): RunEvent[] => {
      if (event.type === "start") {
        const startedAt = `2026-01-02T03:0${minute}:00.000Z`;
        const total = recordRun(whole).results.filter(({ file }) => mine(file)).length;
        return [{ ...event, startedAt, total, shard: { index, count } }];
      }
      const file =
        event.type === "result"
          ? event.result.file
          : event.type === "case"
            ? event.description.file
            : event.type === "trace"
              ? event.trace.file
              : undefined;
      return file === undefined || mine(file) ? [event] : [];
    });
    return { name: `${index}.jsonl`, events };
  }

  const counted = (hits: number): RunEvent => ({
    type: "coverage",
    functions: [
      {
        object: "o",
        section: "xdp",
        name: "f",
        source: { file: "f.c", line: 1 },
        hits,
        lines: [{ file: "f.c", line: 1, hits }],
        branches: [],
      },
    ],
  });

  it("adds up what the parts executed, and leaves out what a part did that was run again", () => {
    const [first, second] = [part(1, 2), part(2, 2)];
    const withCoverage = (blob: Blob, hits: number, minute = 0): Blob => ({
      ...blob,
      events: blob.events.flatMap((event, i) => {
        if (event.type === "start") return [{ ...event, startedAt: `2026-01-02T03:0${minute}:00.000Z` }];
        const isFirst = blob.events.findIndex(({ type }) => type === "result") === i;
        return isFirst ? [event, counted(hits)] : [event];
      }),
    });
    const { events } = mergeRuns([withCoverage(first, 2), withCoverage(second, 3), withCoverage(first, 5, 9)]);
    expect(recordRun(events).coverage.map(({ hits }) => hits)).to.deep.equal([8]);
  });

  it("gives what one run gives, in whatever order they come", () => {
    const { events, problems } = mergeRuns([part(3, 3), part(1, 3), part(2, 3)]);
    expect(problems).to.deep.equal([]);
    const [one, merged] = [recordRun(whole), recordRun(events)];
    expect(reportOf(merged)).to.deep.equal(reportOf(one));
    expect(renderTap(merged)).to.equal(renderTap(one));
    expect([...merged.files.keys()].sort()).to.deep.equal([...one.files.keys()].sort());
    for (const [key, traces] of one.traces) expect(merged.traces.get(key)).to.deep.equal(traces);
    expect(merged.cases.size).to.equal(one.cases.size);
  });

  it("says which part is missing, and which was cut short", () => {
    const { events, problems } = mergeRuns([part(1, 3), part(3, 3)]);
    expect(problems).to.deep.equal(["shard 2/3 is missing"]);
    expect(renderStepSummary(recordRun(events))).to.contain("shard 2/3 is missing");
    const cut = part(2, 2);
    const short = { ...cut, events: cut.events.slice(0, -5) };
    const [problem] = mergeRuns([part(1, 2), short]).problems;
    expect(problem).to.match(/^2\.jsonl ends after \d+ of \d+ results$/);
    expect(mergeRuns([part(1, 2), part(3, 3)]).problems[0]).to.contain("different divisions");
  });

  it("counts a case once where a part was run again: as it was the second time", () => {
    const again = part(1, 2, 5);
    const passed = again.events.map((event): RunEvent =>
      event.type === "result"
        ? { type: "result", result: { ...event.result, outcome: "passed", mismatches: [] } }
        : event,
    );
    const { events } = mergeRuns([{ name: "again", events: passed }, part(1, 2), part(2, 2)]);
    const { results } = recordRun(events);
    expect(results.length).to.equal(recordRun(whole).results.length);
    const first = recordRun(again.events).results;
    for (const { file, outcome } of results)
      if (first.some((each) => each.file === file)) expect(outcome).to.equal("passed");
  });
});
