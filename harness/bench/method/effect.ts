import type { BenchEffect, BenchInterval } from "../../model/bench.js";
import { medianInterval, type Confidence } from "./bootstrap.js";

type Better = "lower" | "higher";

/**
 * Values of the same rounds, divided round by round: what slowed the machine down for a while slowed both down. The
 * interval is worked out of logarithms, so that twice and half are equally far from 1.
 */
export function ratioOf(
  values: readonly number[],
  baseline: readonly number[],
  seed: number,
  confidence: Confidence = 0.95,
): BenchInterval {
  const logs = values.map((value, round) => Math.log(value / baseline[round]!));
  const { middle, low, high } = medianInterval(logs, seed, confidence);
  return { middle: Math.exp(middle), low: Math.exp(low), high: Math.exp(high) };
}

/** The null control's own verdict: what the method claims where nothing differs. */
export function nullEffect(ratio: BenchInterval, better: Better): BenchEffect {
  return { ratio, verdict: direction(ratio, 0, better) };
}

/** An effect is named only where all of its interval is farther from 1 than anything in the null control's. */
export function effectOf(ratio: BenchInterval, nullControl: BenchEffect, better: Better, floor = 0): BenchEffect {
  return { ratio, verdict: direction(ratio, Math.max(floor, farthest(nullControl.ratio)), better) };
}

/** In logarithms; so far a difference is taken for the method's own doing. */
function farthest({ low, high }: BenchInterval): number {
  return Math.max(Math.abs(Math.log(low)), Math.abs(Math.log(high)));
}

function direction({ low, high }: BenchInterval, beyond: number, better: Better): BenchEffect["verdict"] {
  if (Math.log(low) > beyond) return better === "higher" ? "better" : "worse";
  if (Math.log(high) < -beyond) return better === "lower" ? "better" : "worse";
  return "none";
}
