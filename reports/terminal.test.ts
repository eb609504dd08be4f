import { expect } from "chai";
import type { Report, RunEvent } from "../harness/model/event.js";
import type { CaseResult } from "../harness/model/outcome.js";
import { failureBlock, noColour, resultLine, summaryText } from "./terminal.js";
import { foldReport } from "./totals.js";

const at = (line: number, column: number) => {
  const position = { line, column, offset: 100 * line };
  return { file: "scenarios/routing/ttl.yml", start: position, end: position };
};

const passed: CaseResult = {
  file: "scenarios/routing/ttl.yml",
  scenario: "routing",
  case: "goes on",
  backend: "kernel",
  outcome: "passed",
  verdict: "XDP_TX",
  mismatches: [],
  missing: [],
  error: undefined,
  durationMs: 3.21,
  replay: "npx packetproof run scenarios/routing/ttl.yml --grep 'goes on' --backend kernel --seed 7",
  span: at(9, 5),
};

const failed: CaseResult = {
  ...passed,
  backend: "wire",
  outcome: "failed",
  mismatches: [
    {
      what: "ipv4.ttl",
      expected: "63 (0x3f)",
      actual: "64 (0x40)",
      span: at(11, 36),
      step: "step 1",
      details: ["at byte 22 (0x16)"],
    },
    { what: "verdict", expected: "XDP_TX", actual: "XDP_PASS", span: at(10, 9), step: "step 1", details: [] },
  ],
};

const events: RunEvent[] = [
  {
    type: "start",
    schemaVersion: 1,
    seed: 7,
    total: 2,
    startedAt: "2026-01-02T03:04:05.000Z",
    systems: [],
    environment: {
      packetproof: "0.1.0",
      node: "v20.0.0",
      platform: "linux",
      kernel: "6.1.0",
      cpus: 2,
      libbpf: "1.1",
      backends: [{ backend: "kernel", unavailable: undefined }],
    },
  },
  { type: "result", result: failed },
  { type: "result", result: passed },
  { type: "end", durationMs: 1234 },
];

describe("the terminal report", () => {
  it("shows a failure with place, field, both values and the command to see it again", () => {
    expect(failureBlock(failed, noColour).split("\n")).to.deep.equal([
      "scenarios/routing/ttl.yml:11:36: goes on: step 1 on backend wire: failed",
      "  ipv4.ttl  expected 63 (0x3f)   actual 64 (0x40)",
      "  at byte 22 (0x16)",
      "  verdict   expected XDP_TX   actual XDP_PASS",
      "  replay: npx packetproof run scenarios/routing/ttl.yml --grep 'goes on' --backend kernel --seed 7",
    ]);
  });

  it("shows an error of the harness as one, and a skip with what was missing", () => {
    const error = { ...passed, outcome: "error" as const, error: { code: "timeout", message: "no\nanswer" } };
    expect(failureBlock(error, noColour)).to.contain("goes on on backend kernel: error (timeout)\n  no\n  answer\n");
    const skipped = { ...passed, outcome: "skipped" as const, missing: ["redirect target"] };
    expect(resultLine(skipped, noColour)).to.equal(
      "- scenarios/routing/ttl.yml › goes on [kernel]  3.2 ms  skipped: redirect target",
    );
  });

  it("folds the events into sorted results and totals", () => {
    const report: Report = foldReport(events);
    expect(report.results.map((r) => r.backend)).to.deep.equal(["kernel", "wire"]);
    expect(report.totals).to.deep.equal({ passed: 1, failed: 1, skipped: 0, error: 0 });
  });

  it("sums up by backend", () => {
    expect(summaryText(foldReport(events), noColour).split("\n")).to.deep.equal([
      "Linux 6.1.0, Node v20.0.0, libbpf 1.1, seed 7",
      "  kernel  1 passed, 0 failed",
      "  wire    0 passed, 1 failed",
      "total     1 passed, 1 failed in 1.2 s",
    ]);
  });
});
