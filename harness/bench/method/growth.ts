import type { BenchContender, BenchGrowth } from "../../model/bench.js";
import { medianInterval } from "./bootstrap.js";

/** How each series of a group grows with x: a power law fitted to every round by itself, so that rounds say how sure it is. */
export function growthOf(contenders: readonly BenchContender[], seed: number): readonly BenchGrowth[] {
  const series = new Map<string, BenchContender[]>();
  for (const contender of contenders) {
    if (contender.series === undefined || contender.x === undefined) continue;
    series.set(contender.series, [...(series.get(contender.series) ?? []), contender]);
  }
  return [...series].flatMap(([name, points]) => {
    const [first] = points;
    if (points.length < 2 || !first) return [];
    const exponents = first.values.map((_, round) =>
      slope(points.map(({ x, values }) => [Math.log(x!), Math.log(values[round]!)] as const)),
    );
    return [{ series: name, exponent: medianInterval(exponents, seed) }];
  });
}

/** Of the least-squares line. */
function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (index: 0 | 1): number => points.reduce((sum, point) => sum + point[index], 0) / points.length;
  const [meanX, meanY] = [mean(0), mean(1)];
  const over = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return over / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
}
