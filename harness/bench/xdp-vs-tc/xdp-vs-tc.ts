import type { BenchGroup } from "../../model/bench.js";
import { harnessError } from "../../model/error.js";
import type { BenchContext, Measured } from "../context.js";
import { measureGroup, type Contender } from "../group.js";
import { Histogram } from "../method/histogram.js";
import { median } from "../statistics.js";
import type { Bed } from "../wire/bed.js";
import { jobs, type Job } from "./jobs.js";
import { places, type Place } from "./places.js";
import { measureJobPrograms } from "./programs.js";
import { Workshop } from "../wire/workshop.js";

export interface XdpVsTcOptions {
  readonly jobs: readonly Job[];
  /** Ids of places. */
  readonly places: readonly string[];
  readonly rounds: number;
  readonly warmUpRounds: number;
  /** Round trips in a round, one after the other. */
  readonly roundTrips: number;
  /** Frames in a flood, one flood a round. */
  readonly frames: number;
  /** Runs of a program in a round, each on a fresh packet. */
  readonly runs: number;
}

/** Whom effects are told against. */
const baseline = "xdp-native";

/** The same job at every place that can do it, on the same bytes, over the same kind of cable. */
export async function measureXdpVsTc(options: XdpVsTcOptions, context: BenchContext): Promise<Measured> {
  const { seed, progress } = context;
  await using workshop = await Workshop.open();
  const groups: BenchGroup[] = [];
  for (const job of options.jobs) {
    progress(`${job}: programs`);
    groups.push(...(await measureJobPrograms(job, options, workshop.folder, context)));
    progress(`${job}: making the networks`);
    await using stand = await Stand.make(job, workshop, options.places);
    progress(`${job}: cost of a frame`);
    groups.push(await measurePath(stand, options, seed));
    if (job === "drop") continue;
    progress(`${job}: round trips`);
    groups.push(await measureRoundTrips(stand, options, seed));
  }
  return { groups, notes };
}

const notes = [
  "Frames travel over veth and are handled by software interrupts on the sender's CPU: no network card, no interrupt of one, no second machine. Differences between places are the kernel's; a card adds the same to all.",
  "Frames reach the device under test as a driver hands them over, in a page and without an skb: places behind XDP pay for making one, as they do behind a card.",
];

interface SetPlace {
  readonly place: Place;
  readonly bed: Bed;
}

/** A bed for every place that can do the job, and a second one for the baseline. */
class Stand implements AsyncDisposable {
  readonly job: Job;
  readonly skipped: { contender: string; reason: string }[] = [];
  readonly set: SetPlace[] = [];
  control!: Bed;

  private constructor(job: Job) {
    this.job = job;
  }

  static async make(job: Job, workshop: Workshop, ids: readonly string[]): Promise<Stand> {
    const stand = new Stand(job);
    const wanted = places.filter(({ id }) => id === baseline || ids.includes(id));
    const able = wanted.filter((place) => {
      const reason = place.whyNot(job, workshop);
      if (reason !== undefined) stand.skipped.push({ contender: place.title, reason });
      return reason === undefined;
    });
    const first = places.find(({ id }) => id === baseline)!;
    const made = await Promise.allSettled([...able, first].map((place) => stand.#bed(place, workshop)));
    const failed = made.find((each) => each.status === "rejected");
    if (failed) {
      await stand[Symbol.asyncDispose]();
      throw failed.reason;
    }
    const beds = made.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    able.forEach((place, i) => stand.set.push({ place, bed: beds[i]! }));
    stand.control = beds.at(-1)!;
    return stand;
  }

  async #bed(place: Place, workshop: Workshop): Promise<Bed> {
    const bed = await workshop.bed(place.wayOut?.(this.job) ?? "eth1");
    this.#beds.push(bed);
    await place.set(bed, this.job, workshop);
    return bed;
  }

  readonly #beds: Bed[] = [];

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#beds.map((bed) => bed[Symbol.asyncDispose]()));
  }
}

async function measurePath(stand: Stand, options: XdpVsTcOptions, seed: number): Promise<BenchGroup> {
  const inKernel = stand.set.filter(({ place }) => place.isProcess !== true);
  const contenders = inKernel.map(({ place, bed }): Contender => {
    const loss = { sent: 0, lost: 0 };
    return {
      id: place.id,
      title: place.title,
      measure() {
        const { ns, returned } = bed.flood(options.frames);
        checkFate(stand.job, place, returned);
        loss.sent += options.frames;
        loss.lost += options.frames - returned;
        return ns;
      },
      finish: () => (stand.job === "drop" ? {} : { loss }),
    };
  });
  const processes = stand.set
    .filter(({ place }) => place.isProcess === true)
    .map(({ place }) => ({
      contender: place.title,
      reason: "a process works while frames come, on another CPU: its round trips are what compares",
    }));
  return measureGroup({
    ...options,
    id: `${stand.job}/path`,
    title: `${stand.job}: ${jobs[stand.job]}. What a frame costs from the wire on`,
    method:
      `a flood of ${options.frames} frames of 64 bytes by a live test run, 64 at a time, each handled on the sending CPU before ` +
      "the next 64 go out; by the kernel's clock, the sender's own share (the same for all) included",
    unit: "ns",
    better: "lower",
    seed,
    contenders: contenders as [Contender, ...Contender[]],
    control: { id: baseline, measure: () => stand.control.flood(options.frames).ns },
    skipped: [...stand.skipped, ...processes],
  });
}

/** A place that does not do its job is not fast. */
function checkFate(job: Job, { title }: Place, returned: number): void {
  if (job === "drop" && returned > 0)
    throw harnessError("internal", `${title} lets ${returned} frames by that it has to drop`);
  if (job !== "drop" && returned === 0)
    throw harnessError("internal", `of the frames that ${title} has to ${job}, none came back`);
}

async function measureRoundTrips(stand: Stand, options: XdpVsTcOptions, seed: number): Promise<BenchGroup> {
  const contenders = stand.set.map(({ place, bed }): Contender => {
    const histogram = new Histogram();
    let rounds = 0;
    const sent = (): number => Math.max(0, rounds - options.warmUpRounds) * options.roundTrips;
    return {
      id: place.id,
      title: place.title,
      measure() {
        const times = bed.pingPong(options.roundTrips);
        if (times.length === 0) checkFate(stand.job, place, 0);
        if (rounds++ >= options.warmUpRounds) for (const ns of times) histogram.add(ns);
        return median(times);
      },
      finish() {
        const latency = histogram.latency();
        return { loss: { sent: sent(), lost: sent() - histogram.samples }, ...(latency && { latency }) };
      },
    };
  });
  return measureGroup({
    ...options,
    id: `${stand.job}/round-trip`,
    title: `${stand.job}: ${jobs[stand.job]}. Round trip over the wire`,
    method:
      `one frame of 64 bytes at a time; the kernel's clock is read when it leaves the client and when it is back at the client's ` +
      `driver; a value is the median of ${options.roundTrips} round trips`,
    unit: "ns",
    better: "lower",
    seed,
    contenders: contenders as [Contender, ...Contender[]],
    control: { id: baseline, measure: () => median(stand.control.pingPong(options.roundTrips)) },
    skipped: stand.skipped,
  });
}
