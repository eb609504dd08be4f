import type { BenchGroup } from "../../model/bench.js";
import { harnessError } from "../../model/error.js";
import { defaulted } from "../../scenario/object.js";
import { list } from "../../scenario/decoder.js";
import { integer } from "../../scenario/scalars.js";
import type { BenchContext, Measured } from "../context.js";
import { bounded, kind, roundFields, someOf } from "../definition/kind.js";
import { measureGroup, type Contender } from "../group.js";
import { Histogram } from "../method/histogram.js";
import { median } from "../statistics.js";
import type { Bed } from "../wire/bed.js";
import { Workshop } from "../wire/workshop.js";
import { ruleBooks, type RuleBook } from "./books.js";

/** More of them fit no set-up that people run, and would only take long. */
const mostRules = 100_000;
/** A hundred thousand rules take a frame a millisecond: a round does not wait for all of its frames. */
const mostMsPerTurn = 60;

interface RulesOptions {
  readonly books: readonly string[];
  readonly sizes: readonly number[];
  readonly rounds: number;
  readonly "warm-up": number;
  readonly "round-trips": number;
  readonly "insert-rounds": number;
}

const bookWords = Object.fromEntries(ruleBooks.map(({ id, title }) => [id, title]));

export const rules = kind(
  "a frame that no rule is about, and the loading of rules, by their number",
  {
    books: someOf("a kind of rules", bookWords, "how the rules are kept"),
    sizes: defaulted(list(integer(1, mostRules)), [1, 10, 100, 1_000, 10_000, mostRules], "numbers of rules"),
    ...roundFields(12),
    "round-trips": bounded(100, 4_000, "frames sent there and back in a round"),
    "insert-rounds": bounded(3, 100, "how often all rules are loaded", 2),
  },
  (options) => (context) => measureRules(options, context),
);

/** A kind of rules, so many of them. */
interface Point {
  readonly book: RuleBook;
  readonly size: number;
}

async function measureRules(options: RulesOptions, context: BenchContext): Promise<Measured> {
  await using workshop = await Workshop.open();
  const books = ruleBooks.filter(({ id }) => options.books.includes(id));
  const skipped = books.flatMap((book) => {
    const reason = book.whyNot();
    return reason === undefined ? [] : [{ contender: book.title, reason }];
  });
  const able = books.filter((book) => book.whyNot() === undefined);
  const points = able.flatMap((book) => options.sizes.map((size): Point => ({ book, size })));
  if (points.length === 0) throw harnessError("usage", `${context.file}: nothing is left to measure`);
  const shared = { skipped, seed: context.seed, axis: { title: "the number of rules", unit: "rules" } };
  return {
    groups: [
      await measureRoundTrips(points, options, shared, workshop, context),
      await measureInserts(points, options, shared, workshop, context),
    ],
    notes: [
      "Frames match none of the rules: the longest way that a list has. Loading is from nothing, the start of the tool included.",
    ],
  };
}

type Shared = Pick<Parameters<typeof measureGroup>[0], "skipped" | "seed" | "axis">;

function named({ book, size }: Point): Pick<Contender, "id" | "title" | "series" | "x"> {
  return {
    id: `${book.id}/${size}`,
    title: `${book.title}: ${size.toLocaleString("en")}`,
    series: book.title,
    x: size,
  };
}

async function measureRoundTrips(
  points: readonly Point[],
  options: RulesOptions,
  shared: Shared,
  workshop: Workshop,
  context: BenchContext,
): Promise<BenchGroup> {
  const beds: Bed[] = [];
  const bedOf = async ({ book, size }: Point): Promise<Bed> => {
    context.progress(`rules: loading ${size} into ${book.title}`);
    const bed = await workshop.bed("eth1");
    beds.push(bed);
    await book.load(bed, size, workshop, true);
    return bed;
  };
  const turn = (bed: Bed, histogram?: Histogram): number => {
    const times = bed.pingPong(options["round-trips"], mostMsPerTurn);
    if (times.length === 0) throw harnessError("internal", "no frame came back: a rule refuses what it should not");
    for (const ns of times) histogram?.add(ns);
    return median(times);
  };
  try {
    const contenders: Contender[] = [];
    for (const point of points) {
      const bed = await bedOf(point);
      const histogram = new Histogram();
      contenders.push({
        ...named(point),
        measure: () => turn(bed, histogram),
        finish: () => ({ latency: histogram.latency() }),
      });
    }
    const control = await bedOf(points[0]!);
    context.progress("rules: round trips");
    return await measureGroup({
      ...shared,
      id: "rules/round-trip",
      title: "A frame that is let pass, by the number of rules",
      method:
        "one frame of 64 bytes at a time through a router with the rules; by the kernel's clock from the client's driver " +
        `and back to it; a value is the median of up to ${options["round-trips"]} round trips`,
      unit: "ns",
      better: "lower",
      rounds: options.rounds,
      warmUpRounds: options["warm-up"],
      contenders: contenders as [Contender, ...Contender[]],
      control: { id: contenders[0]!.id, measure: () => turn(control) },
    });
  } finally {
    await Promise.all(beds.map((bed) => bed[Symbol.asyncDispose]()));
  }
}

async function measureInserts(
  points: readonly Point[],
  options: RulesOptions,
  shared: Shared,
  workshop: Workshop,
  context: BenchContext,
): Promise<BenchGroup> {
  context.progress("rules: time to load them");
  await using bed = await workshop.bed("eth1");
  const load = async ({ book, size }: Point): Promise<number> => {
    const start = performance.now();
    await book.load(bed, size, workshop, false);
    return performance.now() - start;
  };
  const contenders = points.map((point): Contender => ({ ...named(point), measure: () => load(point) }));
  return await measureGroup({
    ...shared,
    id: "rules/insert",
    title: "Loading all rules, by their number",
    method:
      "from an empty rule set, map or table to the last rule; with the start of iptables-restore or nft, or the loading of the program",
    unit: "ms",
    better: "lower",
    rounds: options["insert-rounds"],
    warmUpRounds: 1,
    contenders: contenders as [Contender, ...Contender[]],
    control: { id: contenders[0]!.id, measure: () => load(points[0]!) },
  });
}
