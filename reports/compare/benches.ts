import type { BenchContender, BenchExact, BenchGroup, BenchHost, BenchResult } from "../../harness/model/bench.js";
import type { Comparison } from "./compare.js";
import { inOrder, numberDifference, type Difference } from "./difference.js";

/** By as much, machines drift from one hour to the next. */
const leastShare = 0.1;

/**
 * The later measurement against the earlier one. A time differs where the two intervals have nothing in common and it is
 * more than drift; it is not compared between unlike hosts, nor where others disturbed it. Exact counts always are.
 */
export function compareBenches(before: BenchResult, after: BenchResult): Comparison {
  const notes = unlike(before.host, after.host);
  const comparesTimes = notes.length === 0;
  const differences: Difference[] = [];
  let compared = 0;
  for (const group of before.groups) {
    const now = after.groups.find(({ id }) => id === group.id);
    const isSteady = [group, now].every((each) => (each?.disturbances ?? []).length === 0);
    if (comparesTimes && !isSteady) notes.push(`${group.title}: others disturbed it; times are not compared`);
    for (const was of group.contenders) {
      const is = now?.contenders.find(({ id }) => id === was.id);
      const where = `${group.title} › ${was.title}`;
      if (!is) {
        const place = { kind: "gone", direction: "worse", where, what: "" } as const;
        differences.push({ ...place, before: "measured", after: "absent", weight: 1 });
        continue;
      }
      compared++;
      differences.push(...compareExact(was.exact, is.exact, where));
      if (comparesTimes && isSteady) differences.push(...compareTimes(group, was, is, where));
    }
  }
  return { differences: inOrder(differences), notes, compared };
}

function unlike(a: BenchHost, b: BenchHost): string[] {
  const facts = ["kernel", "architecture", "cpuModel", "cpus", "virtualised", "bpfJit", "governor"] as const;
  return facts.flatMap((name) =>
    a[name] === b[name]
      ? []
      : [`the hosts differ in ${name}: ${a[name] ?? "unknown"} and ${b[name] ?? "unknown"}; times are not compared`],
  );
}

function compareTimes(group: BenchGroup, was: BenchContender, is: BenchContender, where: string): Difference[] {
  const [a, b] = [was.estimate, is.estimate];
  const share = Math.abs(b.middle / a.middle - 1);
  if ((a.low <= b.high && b.low <= a.high) || share < leastShare) return [];
  const text = ({ middle, low, high }: typeof a): string =>
    `${rounded(middle)} ${group.unit} (${rounded(low)} to ${rounded(high)})`;
  const isMore = b.middle > a.middle;
  return [
    {
      kind: "latency",
      direction: isMore === (group.better === "lower") ? "worse" : "better",
      where,
      what: "median",
      before: text(a),
      after: `${text(b)}, ×${rounded(b.middle / a.middle)}`,
      weight: share,
    },
  ];
}

function compareExact(was: BenchExact | undefined, is: BenchExact | undefined, where: string): Difference[] {
  const cost = { kind: "cost", where, what: "instructions" } as const;
  const verifier = (what: string) => ({ kind: "verifier", where, what }) as const;
  return [
    numberDifference(cost, was?.instructions, is?.instructions),
    numberDifference(verifier("verified instructions"), was?.verifiedInstructions, is?.verifiedInstructions),
    numberDifference(verifier("machine code"), was?.jitedBytes, is?.jitedBytes, " bytes"),
  ].filter((difference) => difference !== undefined);
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
