import type { BenchContender, BenchEffect, BenchGroup, BenchInterval, BenchResult } from "../../harness/model/bench.js";

/** For tests: a measurement with distributions and one with curves, of made-up figures. */
export const measurement: BenchResult = {
  schemaVersion: 1,
  name: "xdp-vs-tc",
  title: "One job at several places",
  packetproof: "0.1.0",
  startedAt: "2026-01-02T03:04:05.000Z",
  durationMs: 151_000,
  seed: 7,
  host: {
    kernel: "Linux 6.18.0",
    architecture: "x86_64",
    cpuModel: "CPU <img src=x onerror=alert(1)>",
    cpus: 2,
    memoryMb: 8000,
    bpfJit: "1",
    bpfJitHarden: "0",
    governor: undefined,
    mitigations: { spectre_v2: "Retpolines" },
    clocksource: "tsc",
    virtualised: "KVM",
    node: "v20.0.0",
  },
  notes: ["compare ratios, not figures"],
  groups: [
    group({
      id: "reflect",
      title: "Round trips",
      contenders: [contender("xdp", 9000), contender("tc", 13_000, effect(1.44, "worse"))],
      tiers: [["xdp"], ["tc"]],
      skipped: [{ contender: "AF_XDP", reason: "the kernel has none" }],
    }),
    group({
      id: "rules",
      title: "Rules",
      baseline: "hash/1",
      axis: { title: "rules", unit: "rules" },
      contenders: ["hash", "iptables"].flatMap((series) =>
        [1, 100, 10_000].map((x) => ({
          ...contender(`${series}/${x}`, series === "hash" ? 70 : 800 + 18 * x),
          latency: undefined,
          series,
          x,
        })),
      ),
      growth: [{ series: "iptables", exponent: { middle: 0.86, low: 0.84, high: 0.88 } }],
    }),
  ],
};

function group(part: Partial<BenchGroup> & Pick<BenchGroup, "id" | "title" | "contenders">): BenchGroup {
  return {
    method: "One at a time.",
    unit: "ns",
    better: "lower",
    rounds: 15,
    warmUpRounds: 2,
    baseline: "xdp",
    nullControl: effect(1, "none"),
    tiers: [],
    skipped: [],
    ...part,
  };
}

function contender(id: string, ns: number, against?: BenchEffect): BenchContender {
  const histogram = Array.from({ length: 40 }, (_, i) => ({
    lowNs: ns + 100 * i,
    highNs: ns + 100 * i + 99,
    count: 2 ** (20 - Math.floor(i / 2)),
  }));
  const samples = histogram.reduce((sum, { count }) => sum + count, 0);
  const maxNs = histogram.at(-1)!.highNs;
  return {
    id,
    title: id,
    values: [ns],
    estimate: around(ns),
    effect: against,
    latency: {
      samples,
      meanNs: ns,
      minNs: ns,
      p50Ns: ns + 99,
      p90Ns: ns + 299,
      p99Ns: ns + 599,
      p999Ns: ns + 999,
      maxNs,
      histogram,
    },
    loss: { sent: samples, lost: 0 },
    exact: { instructions: 42, helpers: {}, maps: {}, verifiedInstructions: 120, jitedBytes: 200 },
  };
}

function effect(middle: number, verdict: BenchEffect["verdict"]): BenchEffect {
  return { ratio: around(middle), verdict };
}

function around(middle: number): BenchInterval {
  return { middle, low: middle * 0.98, high: middle * 1.02 };
}
