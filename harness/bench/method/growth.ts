import type { BenchContender, BenchGrowth } from "../../model/bench.js";
import { medianInterval } from "./bootstrap.js";

/**
 * How each series of a group grows with x: the exponent of the power law through its last point and the one at about a
 * tenth of that, where what does not grow weighs least. Every round has an exponent of its own, and they say how sure it is.
 */
export function growthOf(contenders: readonly BenchContender[], seed: number): readonly BenchGrowth[] {
  const series = new Map<string, BenchContender[]>();
  for (const contender of contenders) {
    if (contender.series === undefined || contender.x === undefined) continue;
    series.set(contender.series, [...(series.get(contender.series) ?? []), contender]);
  }
  return [...series].flatMap(([name, points]) => {
    if (points.length < 2) return [];
    const last = points.reduce((a, b) => (b.x! > a.x! ? b : a));
    const tenth = points
      .filter((point) => point !== last)
      .reduce((a, b) => (distance(b.x!, last.x! / 10) < distance(a.x!, last.x! / 10) ? b : a));
    const exponents = last.values.map(
      (value, round) => Math.log(value / tenth.values[round]!) / Math.log(last.x! / tenth.x!),
    );
    return [{ series: name, exponent: medianInterval(exponents, seed) }];
  });
}

/** In orders of magnitude. */
function distance(a: number, b: number): number {
  return Math.abs(Math.log(a / b));
}
