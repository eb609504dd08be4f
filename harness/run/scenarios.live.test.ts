import { join } from "node:path";
import { failureBlock, noColour } from "../../reports/terminal.js";
import { formatDiagnostic } from "../scenario/diagnostic.js";
import { probeBackends } from "./backends.js";
import { findScenarios } from "./find-scenarios.js";
import { prepare } from "./prepare.js";
import { projectRoot } from "./project.js";
import { runJob } from "./run-job.js";
import { Sessions } from "./run.js";
import { selectJobs } from "./select.js";

/** The shipped scenarios as tests: one for each case and backend. */

const seed = 1;
const { prepared, diagnostics } = await prepare(await findScenarios([join(projectRoot, "scenarios")]), seed);
const capabilities = await probeBackends();
const backends = capabilities.filter((c) => c.unavailable === undefined).map((c) => c.backend);

describe("shipped scenarios", () => {
  const sessions = new Sessions({ port: "af_packet", signal: new AbortController().signal });
  after(() => sessions.close());

  it("have no mistakes", () => {
    if (diagnostics.length > 0) throw new Error(diagnostics.map((d) => formatDiagnostic(d)).join("\n"));
  });

  for (const { backend, unavailable } of capabilities) {
    // A test without a body is pending: mocha shows it with its reason.
    if (unavailable !== undefined) it(`${backend} does not run here: ${unavailable}`);
  }

  for (const job of selectJobs(prepared, { backends, grep: undefined, shard: undefined })) {
    const { plan, backend } = job;
    it(`${plan.file} › ${plan.caseName} [${backend}]`, async function () {
      const result = await runJob(job, await sessions.get(backend));
      if (result.outcome === "skipped") {
        this.test!.title += ` (skipped: ${result.missing.join("; ")})`;
        return this.skip();
      }
      if (result.outcome !== "passed") throw new Error(failureBlock(result, noColour));
    });
  }
});
