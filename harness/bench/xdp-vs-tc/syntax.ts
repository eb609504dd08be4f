import { bounded, kind, roundFields, someOf } from "../definition/kind.js";
import { jobs } from "./jobs.js";
import { places } from "./places.js";
import { measureXdpVsTc } from "./xdp-vs-tc.js";

const placeWords = Object.fromEntries(places.map(({ id, title }) => [id, title]));

export const xdpVsTc = kind(
  "the same jobs at XDP, TC, in the stack and in processes",
  {
    jobs: someOf("a job", jobs, "what is done to each frame"),
    places: someOf("a place", placeWords, "where, besides XDP native, which the others are held against"),
    ...roundFields(16),
    "round-trips": bounded(300, 4_000, "frames sent there and back in a round, one after the other"),
    frames: bounded(5_000, 100_000, "frames of a round's flood"),
    runs: bounded(50_000, 1_000_000, "runs of each program alone in a round"),
  },
  (options) => (context) =>
    measureXdpVsTc({ ...options, warmUpRounds: options["warm-up"], roundTrips: options["round-trips"] }, context),
);
