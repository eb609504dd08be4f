/** What two runs differ in; the order is the order in which they are told, worst first. */
export const differenceKinds = [
  "outcome",
  "gone",
  "verdict",
  "bytes",
  "cost",
  "verifier",
  "coverage",
  "latency",
  "new",
] as const;

export type DifferenceKind = (typeof differenceKinds)[number];

/** One thing that is not in the later run as it was in the earlier one. */
export interface Difference {
  readonly kind: DifferenceKind;
  /** `changed`: neither can be said. */
  readonly direction: "worse" | "changed" | "better";
  /** `scenarios/drop/icmp.yml › a ping is dropped [kernel]`, or a C file. */
  readonly where: string;
  /** `verdict of packet 1`, `instructions of packet 1`; empty where the kind says it all. */
  readonly what: string;
  readonly before: string;
  readonly after: string;
  /** How much it is, among those of its kind: larger comes first. */
  readonly weight: number;
}

/** What got worse first, then what only changed, then what got better. */
export function inOrder(differences: readonly Difference[]): Difference[] {
  const directions = ["worse", "changed", "better"];
  return [...differences].sort(
    (a, b) =>
      directions.indexOf(a.direction) - directions.indexOf(b.direction) ||
      differenceKinds.indexOf(a.kind) - differenceKinds.indexOf(b.kind) ||
      b.weight - a.weight ||
      (a.where < b.where ? -1 : a.where > b.where ? 1 : 0),
  );
}

/** A number that should be small. Undefined where it is as it was. */
export function numberDifference(
  place: Pick<Difference, "kind" | "where" | "what">,
  before: number | undefined,
  after: number | undefined,
  unit = "",
): Difference | undefined {
  if (before === undefined || after === undefined || before === after) return undefined;
  const share = before === 0 ? Infinity : (after - before) / before;
  const percent = Number.isFinite(share) ? ` (${share > 0 ? "+" : ""}${(100 * share).toFixed(1)} %)` : "";
  return {
    ...place,
    direction: after > before ? "worse" : "better",
    before: `${before}${unit}`,
    after: `${after}${unit}${percent}`,
    weight: Math.abs(share),
  };
}
