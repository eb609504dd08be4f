import type { BenchContender, BenchExact, BenchGroup, BenchHost, BenchResult } from "../model/bench.js";
import { hostDifferences } from "./host.js";

/** Slower by less than this, however certain, fails nobody: 5 % where both were measured in the same rounds. */
const floor = 1.05;
/** As much again where they were measured at different times. */
const floorOverTime = 1.1;

/** Something that got worse, proven. */
export interface Regression {
  readonly group: string;
  readonly contender: string;
  readonly message: string;
}

export interface GateResult {
  readonly regressions: readonly Regression[];
  /** What could not be compared, and why. */
  readonly notes: readonly string[];
}

/** The group in which a program and its predecessor take turns. */
export function gateGroupId(group: string, contender: string): string {
  return `gate/${group}/${contender}`;
}

/**
 * What got worse since an earlier result. Exact counts fail at once. Programs are held against their predecessors,
 * which were measured beside them. Of all else, the ratio to the group's baseline is compared, which needs
 * the same kind of host unless `force`d: a ratio drifts less than a time does, but it does.
 */
export function gate(before: BenchResult, now: BenchResult, force = false): GateResult {
  const unlike = hostDifferences(before.host, now.host);
  const comparesTimes = unlike.length === 0 || force;
  const notes = comparesTimes ? [] : [`only programs and exact counts are compared: ${unlike.join("; ")}`];
  const regressions: Regression[] = [];
  for (const group of before.groups) {
    const same = now.groups.find(({ id }) => id === group.id);
    if (!same) {
      notes.push(`${group.id} was not measured now`);
      continue;
    }
    const steady = [group, same].every(({ disturbances }) => (disturbances ?? []).length === 0);
    if (!steady && group.contenders.some(({ program }) => !program))
      notes.push(`${group.id}: times are not compared, since others disturbed one of the two measurements`);
    for (const was of group.contenders) {
      const is = same.contenders.find(({ id }) => id === was.id);
      if (!is) {
        notes.push(`${group.id}: ${was.id} was not measured now`);
        continue;
      }
      const found = [
        ...exactRegressions(was, is, before.host, now.host),
        ...(was.program
          ? besideEachOther(now, group, was)
          : comparesTimes && steady
            ? overTime(group, was, same, is)
            : []),
      ];
      regressions.push(...found.map((message) => ({ group: group.id, contender: was.id, message })));
    }
  }
  return { regressions, notes };
}

function exactRegressions(was: BenchContender, is: BenchContender, then: BenchHost, now: BenchHost): readonly string[] {
  if (!was.exact || !is.exact) return [];
  const counts = countsOf(was.exact, is.exact, then.kernel === now.kernel);
  return counts.flatMap(([name, before, after]) => (after > before ? [`${name}: ${before} → ${after}`] : []));
}

/** Verifiers and JITs of different kernels count differently. */
function countsOf(was: BenchExact, is: BenchExact, sameKernel: boolean): readonly [string, number, number][] {
  const pairs: [string, number | undefined, number | undefined][] = [
    ["instructions", was.instructions, is.instructions],
    ...keysOf(was.helpers, is.helpers).map((name): [string, number, number] => [
      `calls of ${name}`,
      was.helpers[name] ?? 0,
      is.helpers[name] ?? 0,
    ]),
  ];
  if (sameKernel) pairs.push(["verified instructions", was.verifiedInstructions, is.verifiedInstructions]);
  return pairs.flatMap(([name, a, b]) => (a === undefined || b === undefined ? [] : [[name, a, b]]));
}

function keysOf(...records: readonly Readonly<Record<string, unknown>>[]): readonly string[] {
  return [...new Set(records.flatMap(Object.keys))];
}

function besideEachOther(now: BenchResult, { id }: BenchGroup, was: BenchContender): readonly string[] {
  const turns = now.groups.find((group) => group.id === gateGroupId(id, was.id));
  const effect = turns?.contenders.find((contender) => contender.id === "now")?.effect;
  if (!effect || effect.verdict !== "worse" || effect.ratio.low <= floor) return [];
  const { low, high } = effect.ratio;
  return [`slower than its predecessor beside it: ${percent(low)} to ${percent(high)}`];
}

function overTime(then: BenchGroup, was: BenchContender, now: BenchGroup, is: BenchContender): readonly string[] {
  if (!was.effect || !is.effect || then.baseline !== now.baseline) return [];
  const worse = (a: number, b: number): number => (now.better === "lower" ? a / b : b / a);
  const [wasFar, isNear] =
    now.better === "lower"
      ? [was.effect.ratio.high, is.effect.ratio.low]
      : [was.effect.ratio.low, is.effect.ratio.high];
  const noise = Math.max(reach(then), reach(now));
  if (worse(isNear, wasFar) <= floorOverTime * noise) return [];
  const ratio = (value: number): string => value.toFixed(2);
  return [`against ${now.baseline}: ${ratio(was.effect.ratio.middle)} then, ${ratio(is.effect.ratio.middle)} now`];
}

/** As far from 1 as the null control's interval goes. */
function reach({ nullControl: { ratio } }: BenchGroup): number {
  return Math.max(ratio.high, 1 / ratio.low);
}

function percent(ratio: number): string {
  return `${((ratio - 1) * 100).toFixed(0)} %`;
}
