import { expect } from "chai";
import type { BenchContender, BenchEffect, BenchGroup, BenchResult } from "../harness/model/bench.js";
import { benchMarkdown } from "./bench-markdown.js";
import { benchText } from "./bench-table.js";
import { noColour } from "./terminal.js";

const effect = (low: number, high: number, verdict: BenchEffect["verdict"]): BenchEffect => ({
  ratio: { middle: (low + high) / 2, low, high },
  verdict,
});

function contender(id: string, middle: number, against: BenchEffect | undefined): BenchContender {
  const estimate = { middle, low: middle * 0.9, high: middle * 1.1 };
  return { id, title: id.toUpperCase(), values: [middle], estimate, effect: against };
}

function result(tc: BenchEffect): BenchResult {
  const group: BenchGroup = {
    id: "g",
    title: "A group",
    method: "by a clock",
    unit: "ns",
    better: "lower",
    rounds: 1,
    warmUpRounds: 0,
    baseline: "xdp",
    nullControl: effect(0.99, 1.01, "none"),
    contenders: [
      { ...contender("xdp", 100, undefined), loss: { sent: 10, lost: 1 } },
      contender("tc", 250, tc),
      contender("tcx", 101, effect(0.98, 1.04, "none")),
    ],
    tiers: [["xdp", "tcx"], ["tc"]],
    skipped: [{ contender: "AF_XDP", reason: "no compiler" }],
    disturbances: ["in 1 of 1 rounds somebody looked on"],
  };
  const host = { kernel: "Linux 6.18", cpus: 2, cpuModel: "CPU", mitigations: {} };
  return {
    name: "b",
    title: "A benchmark",
    packetproof: "0.1.0",
    startedAt: "2026-01-02T03:04:05Z",
    durationMs: 5000,
    seed: 1,
    host,
    groups: [group],
    notes: ["a note"],
  } as unknown as BenchResult;
}

describe("a benchmark's result", () => {
  const lines = benchText(result(effect(2.4, 2.6, "worse")), noColour).split("\n");
  const lineOf = (start: string): string => lines.find((line) => line.trim().startsWith(start)) ?? "";

  it("names an effect only where it is proven", () => {
    expect(lineOf("TC ")).to.contain("×2.50 (2.40–2.60)");
    expect(lineOf("TCX")).to.contain("no effect (0.98–1.04)");
    expect(lineOf("XDP")).to.contain("1 of 10");
  });

  it("shows the null control, the order, what was left out and what disturbed", () => {
    expect(lineOf("null control")).to.contain("no effect (0.99–1.01)");
    expect(lineOf("order")).to.equal("  order: XDP = TCX < TC");
    expect(lineOf("- AF_XDP")).to.contain("no compiler");
    expect(lineOf("!")).to.contain("somebody looked on");
  });

  it("is the same table in Markdown, with its machine", () => {
    const text = benchMarkdown(result(effect(2.4, 2.6, "worse")));
    expect(text).to.contain("| TC | 250 | 225–275 | ×2.50 (2.40–2.60) |");
    expect(text).to.contain("Machine: Linux 6.18, 2 × CPU");
  });
});
