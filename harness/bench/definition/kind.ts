import { type Decoder, list } from "../../scenario/decoder.js";
import { defaulted, type Fields, type ObjectOf } from "../../scenario/object.js";
import { integer, oneOf } from "../../scenario/scalars.js";
import type { Measure } from "../context.js";

/** A kind of benchmark: what its files can say besides what all can, and what that means. */
export interface Kind {
  /** For the list of kinds. */
  readonly words: string;
  readonly fields: Fields;
  plan(options: never): Measure;
}

/** Checks that `plan` takes what `fields` decode to. */
export function kind<F extends Fields>(words: string, fields: F, plan: (options: ObjectOf<F>) => Measure): Kind {
  return { words, fields, plan };
}

/** A number that bounds the load: never more than `most`. */
export function bounded(absent: number, most: number, description: string, least = 1) {
  return defaulted(integer(least, most), absent, `${description}, ${absent} unless said`, absent);
}

/** How often everything takes its turn. */
export function roundFields(rounds: number) {
  return {
    rounds: bounded(rounds, 1_000, "how often everything takes its turn", 2),
    "warm-up": bounded(2, 100, "rounds before these, which do not count", 0),
  };
}

/** Some of the named things; all of them unless said. */
export function someOf<W extends string>(what: string, words: Readonly<Record<W, string>>, description: string) {
  const decoder: Decoder<readonly W[]> = list(oneOf(what, words));
  return defaulted(decoder, Object.keys(words) as W[], description, Object.keys(words).slice(0, 2));
}
