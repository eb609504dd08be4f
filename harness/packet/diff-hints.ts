import { type ChecksumFinding, checkLengths, checkSums, type LengthFinding } from "./checksum.js";
import type { AlignedPackets, FieldDifference } from "./diff.js";

/**
 * Why checksums and lengths differ, one hint (or undefined) a difference: whether the value is right for
 * the actual packet, which mistake gives a wrong one, and what had to follow a change but did not.
 */
export function causeHints(
  { expected, actual, origin }: AlignedPackets,
  differences: readonly FieldDifference[],
): readonly (string | undefined)[] {
  const sums = checkSums(actual, { before: expected });
  const lengths = checkLengths(actual);
  const forgotten = forgottenSums({ expected, actual, origin }, sums, differences);
  return differences.map((difference) => {
    if (difference.actual === "absent") return undefined;
    const isHere = (finding: { readonly layer: number; readonly field: string }): boolean =>
      finding.layer === difference.layer && finding.field === difference.field;
    const sum = sums.find(isHere);
    if (sum) return sumHint(sum);
    const length = lengths.find(isHere);
    if (length) return lengthHint(length);
    return forgotten.get(difference);
  });
}

function sumHint({ ok, applies, expected, explanation }: ChecksumFinding): string | undefined {
  if (!applies) return explanation;
  if (ok) return "right for the actual packet: it differs because other fields do";
  return `wrong for the actual packet, which needs ${hex16(expected)}${explanation ? `: ${explanation}` : ""}`;
}

function lengthHint({ ok, expected }: LengthFinding): string {
  return ok
    ? "right for the actual packet: it differs because its size does"
    : `wrong for the actual packet, which needs ${expected}`;
}

/** Sums that were right, were left as they were, and are wrong now: told at the first change that they cover. */
function forgottenSums(
  { expected, origin }: AlignedPackets,
  sums: readonly ChecksumFinding[],
  differences: readonly FieldDifference[],
): ReadonlyMap<FieldDifference, string> {
  const before = checkSums(expected);
  const hints = new Map<FieldDifference, string>();
  for (const sum of sums) {
    const was = before.find(({ layer, field }) => layer === origin[sum.layer] && field === sum.field);
    if (sum.ok || !was?.ok || was.actual !== sum.actual) continue;
    // Pseudo-headers are of the layer in front, so a transport sum can be wrong because of an address.
    const near = differences.filter(({ layer, actual }) => actual !== "absent" && layer <= sum.layer);
    const cause = near.at(-1) ?? differences[0];
    const cure = `${sum.protocol}.${sum.field} still is ${hex16(sum.actual)} and needs to be ${hex16(sum.expected)} now`;
    if (cause) hints.set(cause, [hints.get(cause), cure].filter((hint) => hint !== undefined).join("; "));
  }
  return hints;
}

function hex16(value: number): string {
  return `0x${value.toString(16).padStart(4, "0")}`;
}
