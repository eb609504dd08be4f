import { join } from "node:path";
import { expect } from "chai";
import { readEvents } from "../../harness/cli/event-file.js";
import type { CaseEvidence, PacketEvidence } from "../../harness/model/evidence.js";
import type { CaseResult } from "../../harness/model/outcome.js";
import { projectRoot } from "../../harness/run/project.js";
import { recordRun, type RunRecord } from "../record.js";
import { noColour } from "../terminal.js";
import { compareRuns } from "./compare.js";
import { renderComparison } from "./page.js";
import { comparisonText } from "./text.js";

describe("comparing two runs", () => {
  let run: RunRecord;
  before(async () => {
    run = recordRun(await readEvents(join(projectRoot, "fixtures", "reports", "run.jsonl.gz")));
  });

  /** The run with one of its results changed: the `nth` that passed on a backend. */
  function planted(backend: string, nth: number, change: (result: CaseResult) => CaseResult): RunRecord {
    const passed = run.results.filter(
      (r) => r.backend === backend && r.outcome === "passed" && packetsOf(r).length > 0,
    );
    const chosen = passed[nth]!;
    return { ...run, results: run.results.map((result) => (result === chosen ? change(result) : result)) };
  }

  function packetsOf({ evidence }: CaseResult): readonly PacketEvidence[] {
    return evidence?.steps.flatMap(({ packets }) => packets) ?? [];
  }

  function withPackets(result: CaseResult, change: (packet: PacketEvidence) => PacketEvidence): CaseResult {
    const evidence = result.evidence as CaseEvidence;
    const steps = evidence.steps.map((step) => ({ ...step, packets: step.packets.map(change) }));
    return { ...result, evidence: { ...evidence, steps } };
  }

  it("finds nothing between a run and itself", () => {
    const { differences, notes, compared } = compareRuns(run, run);
    expect(differences).to.deep.equal([]);
    expect(notes).to.deep.equal([]);
    expect(compared).to.equal(run.results.length);
  });

  it("puts a planted regression on the first line, above changes and improvements", () => {
    const [mismatch] = run.results.find(({ mismatches }) => mismatches.length > 0)!.mismatches;
    const fails = (result: CaseResult): CaseResult => ({ ...result, outcome: "failed", mismatches: [mismatch!] });
    const after = planted("kernel", 3, fails);
    const better = {
      ...after,
      results: after.results.map((r) =>
        r.file.includes("must-fail") ? { ...r, outcome: "passed" as const, mismatches: [] } : r,
      ),
    };
    const text = comparisonText(compareRuns(run, better), noColour).split("\n");
    expect(text[0]).to.match(
      /^✗ .* \[kernel\] {2}outcome: passed → failed: verdict expected XDP_DROP, actual XDP_PASS$/,
    );
    expect(text[1]).to.match(/^✓ .*must-fail.* outcome: failed → passed$/);
  });

  it("tells verdicts, bytes, cost, verifier and time, each by its numbers", () => {
    const verdicts = planted("sim", 0, (r) =>
      withPackets(r, (p) => ({ ...p, verdicts: p.verdicts.map((v) => ({ ...v, verdict: "XDP_TX" })) })),
    );
    expect(compareRuns(run, verdicts).differences[0]).to.include({ kind: "verdict", after: "XDP_TX" });
    const bytes = planted("sim", 0, (r) =>
      withPackets(r, (p) => ({
        ...p,
        frames: [{ place: "output", direction: "output", bytes: "AAEC", times: 1, afterNs: undefined }],
      })),
    );
    expect(compareRuns(run, bytes).differences[0]).to.include({ kind: "bytes", after: "000102" });
    const cost = planted("sim", 1, (r) =>
      withPackets(r, (p) => ({ ...p, costs: [{ instructions: 150, helpers: {} }] })),
    );
    const cheaper = planted("sim", 1, (r) =>
      withPackets(r, (p) => ({ ...p, costs: [{ instructions: 100, helpers: {} }] })),
    );
    const [costs] = compareRuns(cheaper, cost).differences;
    expect(costs).to.include({ kind: "cost", direction: "worse", before: "100", after: "150 (+50.0 %)" });
    expect(compareRuns(cost, cheaper).differences[0]).to.include({ direction: "better" });
    const loads = planted("kernel", 0, (r) => {
      const load = r.evidence!.load!;
      const programs = load.programs.map((p) => ({ ...p, jitedBytes: p.jitedBytes * 2 }));
      return { ...r, evidence: { ...r.evidence!, load: { ...load, programs } } };
    });
    expect(compareRuns(run, loads).differences[0]).to.include({ kind: "verifier", direction: "worse" });
    const slow = planted("kernel", 0, (r) =>
      withPackets(r, (p) => ({ ...p, verdicts: p.verdicts.map((v) => ({ ...v, durationNs: 1_000_000 })) })),
    );
    expect(compareRuns(run, slow).differences[0]).to.include({ kind: "latency", direction: "worse" });
    const elsewhere = { ...slow, start: { ...slow.start, environment: { ...slow.start.environment, kernel: "7.0" } } };
    expect(compareRuns(run, elsewhere).differences).to.deep.equal([]);
    expect(compareRuns(run, elsewhere).notes[0]).to.contain("different kernels: 6.18.0 and 7.0");
  });

  it("tells which lines do not run any more", () => {
    const ran = (hits: number) => [
      {
        object: "xdp_lb",
        section: "xdp",
        name: "xdp_lb",
        source: { file: "./bpf/xdp_lb.bpf.c", line: 60 },
        hits: 2,
        lines: [
          { file: "./bpf/xdp_lb.bpf.c", line: 60, hits: 2 },
          { file: "./bpf/xdp_lb.bpf.c", line: 61, hits },
        ],
        branches: [],
      },
    ];
    const [all, fewer] = [
      { ...run, coverage: ran(1) },
      { ...run, coverage: ran(0) },
    ];
    expect(compareRuns(all, fewer).differences).to.deep.equal([
      {
        kind: "coverage",
        direction: "worse",
        where: "bpf/xdp_lb.bpf.c",
        what: "lines that ran",
        before: "2 of 2",
        after: "1 of 2, not any more: 61",
        weight: 0.5,
      },
    ]);
    expect(compareRuns(fewer, all).differences[0]).to.include({ direction: "better", after: "2 of 2" });
    // The line is another one where the file was edited.
    const edited = { ...fewer, files: new Map([...run.files, ["bpf/xdp_lb.bpf.c", "// another"]]) };
    expect(compareRuns(all, edited).differences[0]).to.include({ direction: "worse", after: "1 of 2" });
    expect(compareRuns(run, all).differences).to.deep.equal([]);
  });

  it("counts cases that are gone as worse, and new ones as better", () => {
    const fewer = { ...run, results: run.results.slice(8) };
    const [first] = compareRuns(run, fewer).differences;
    expect(first).to.include({ kind: "gone", direction: "worse", after: "absent" });
    expect(compareRuns(fewer, run).differences.at(-1)).to.include({ kind: "new", direction: "better" });
  });

  it("is a page on which everything is text", async () => {
    const fewer = { ...run, results: run.results.slice(8) };
    const page = await renderComparison(compareRuns(run, fewer), ["one", "another"]);
    expect(page).to.contain("What got worse").and.to.contain("&#60;script&#62;");
    expect(page).to.not.match(/<script|<img/);
  });
});
