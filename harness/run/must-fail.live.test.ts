import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect } from "chai";
import { probeBackends } from "./backends.js";
import { findScenarios } from "./find-scenarios.js";
import { prepare } from "./prepare.js";
import { projectRoot } from "./project.js";
import { runJob } from "./run-job.js";
import { Sessions } from "./run.js";
import { selectJobs } from "./select.js";

/**
 * Canaries: programs with planted bugs. A harness that has never been seen to catch a bug proves
 * nothing by passing, so these have to fail, each with the field that is really wrong.
 */

const folder = join(projectRoot, "scenarios", "must-fail");
/** `file › case › backend` → what the first or any mismatch has to be about. */
const expected = JSON.parse(readFileSync(join(folder, "expected.json"), "utf8")) as Record<string, string>;
const { prepared, diagnostics } = await prepare(await findScenarios([folder]), 1);
const capabilities = await probeBackends();
const backends = capabilities.filter((c) => c.unavailable === undefined).map((c) => c.backend);
const jobs = selectJobs(prepared, { backends, grep: undefined, shard: undefined }).map((job) => ({
  ...job,
  title: `${relative(folder, join(process.cwd(), job.plan.file))} › ${job.plan.caseName} › ${job.backend}`,
}));

describe("planted bugs are caught", () => {
  const sessions = new Sessions({ port: "af_packet", signal: new AbortController().signal });
  after(() => sessions.close());

  it("every canary says which mismatch it must bring, and every such line has its canary", () => {
    expect(diagnostics).to.deep.equal([]);
    const listed = Object.keys(expected).filter((title) => backends.some((name) => title.endsWith(` › ${name}`)));
    expect(jobs.map((job) => job.title).sort()).to.deep.equal(listed.sort());
  });

  for (const job of jobs) {
    it(job.title, async () => {
      const result = await runJob(job, await sessions.get(job.backend));
      expect(result.outcome, JSON.stringify(result.error ?? result.missing)).to.equal("failed");
      expect(result.mismatches.map((mismatch) => mismatch.what)).to.include(expected[job.title]);
    });
  }
});
