import type { BenchContender, BenchEffect, BenchGroup } from "../model/bench.js";
import { disturbances } from "./disturbances.js";
import { medianInterval } from "./method/bootstrap.js";
import { effectOf, nullEffect, ratioOf } from "./method/effect.js";
import { growthOf } from "./method/growth.js";
import { measureRounds, type RoundOptions, type Turn } from "./method/rounds.js";

/** One of the things that a group compares. */
export interface Contender extends Turn, Pick<BenchContender, "title" | "series" | "x"> {
  /** What else is known of it after the last round. */
  finish?(): Pick<BenchContender, "latency" | "loss" | "exact" | "counts" | "program">;
}

export interface GroupSpec
  extends RoundOptions, Pick<BenchGroup, "id" | "title" | "method" | "unit" | "better" | "skipped" | "axis"> {
  /** The first is the baseline. */
  readonly contenders: readonly [Contender, ...Contender[]];
  /** The baseline once more, made anew: loaded again, in surroundings of its own. */
  readonly control: Turn;
  readonly seed: number;
}

/** Effects smaller than this are of no use to anyone, however certain: 1 %. */
const smallestEffect = Math.log(1.01);

/** Measures all contenders in turns, the null control as far from the baseline as can be, and works out what is proven. */
export async function measureGroup(spec: GroupSpec): Promise<BenchGroup> {
  const { contenders, control, seed, better } = spec;
  const controlTurn: Turn = { id: `${control.id} (null control)`, measure: () => control.measure() };
  const disturbed = new Map<string, number>();
  const beforeRound = (): void => {
    for (const what of disturbances()) disturbed.set(what, (disturbed.get(what) ?? 0) + 1);
  };
  const values = await measureRounds([...contenders, controlTurn], { ...spec, beforeRound });
  const valuesOf = (id: string): readonly number[] => values.get(id)!;
  const baseline = contenders[0].id;
  const nullControl = nullEffect(ratioOf(valuesOf(controlTurn.id), valuesOf(baseline), seed), better);
  const against = (id: string, other: string): BenchEffect =>
    effectOf(ratioOf(valuesOf(id), valuesOf(other), seed), nullControl, better, smallestEffect);
  const measured = contenders.map((contender): BenchContender => ({
    id: contender.id,
    title: contender.title,
    ...(contender.series !== undefined && { series: contender.series, x: contender.x }),
    values: valuesOf(contender.id),
    estimate: medianInterval(valuesOf(contender.id), seed),
    effect: contender.id === baseline ? undefined : against(contender.id, baseline),
    ...contender.finish?.(),
  }));
  return {
    id: spec.id,
    title: spec.title,
    method: spec.method,
    unit: spec.unit,
    better,
    rounds: spec.rounds,
    warmUpRounds: spec.warmUpRounds,
    baseline,
    nullControl,
    contenders: measured,
    tiers: tiersOf(measured, better, against),
    skipped: spec.skipped,
    disturbances: [...disturbed].map(([what, rounds]) => `in ${rounds} of ${spec.rounds} rounds ${what}`),
    ...(spec.axis && { axis: spec.axis, growth: growthOf(measured, seed) }),
  };
}

/** A new tier begins with the first contender that is proven to be worse than the best of the tier before. */
function tiersOf(
  contenders: readonly BenchContender[],
  better: BenchGroup["better"],
  against: (id: string, other: string) => BenchEffect,
): readonly (readonly string[])[] {
  const sign = better === "lower" ? 1 : -1;
  const ranked = contenders.toSorted((a, b) => sign * (a.estimate.middle - b.estimate.middle));
  const tiers: string[][] = [];
  for (const { id } of ranked) {
    const best = tiers.at(-1)?.[0];
    if (best === undefined || against(id, best).verdict === "worse") tiers.push([id]);
    else tiers.at(-1)!.push(id);
  }
  return tiers;
}
