import { sameBytes } from "../model/hex.js";
import type { MapSpec } from "../model/object.js";
import type { MapObservation } from "../model/observation.js";
import type { PlannedEntry, PlannedMapExpectation } from "../model/plan.js";
import { formatData } from "../data/format.js";
import { matchData } from "../data/match.js";
import { sumData } from "../data/sum.js";
import { formatPattern, matchPattern } from "../packet/pattern.js";
import { finding, mendable, type Finding } from "./finding.js";

type Entries = MapObservation["entries"];

/** What of a map's contents is not as the scenario says; `before` are its contents after the step before. */
export function judgeMap(expectation: PlannedMapExpectation, entries: Entries, before: Entries): Finding[] {
  const { map, others, count, span } = expectation;
  const findings = expectation.entries.flatMap((entry) => judgeEntry(map, entry, entries));
  if (count && !matchPattern(count.value, entries.length)) {
    const name = `maps.${map.name}.count`;
    const found = finding(name, formatPattern(undefined, count.value), String(entries.length), count.span);
    findings.push(mendable(found, count.value, String(entries.length)));
  }
  if (others === "any") return findings;

  // Array slots cannot be absent: there, `absent` means "as before".
  const fixedSlots = map.type === "array" || map.type === "percpu_array";
  const spokenOf = (key: Uint8Array): boolean => expectation.entries.some((entry) => sameBytes(entry.key, key));
  for (const { key, values } of entries) {
    if (spokenOf(key)) continue;
    const was = before.find((entry) => sameBytes(entry.key, key));
    const same = was?.values.length === values.length && was.values.every((value, i) => sameBytes(value, values[i]!));
    if (others === "unchanged" || fixedSlots ? same : false) continue;
    const expected = others === "unchanged" || fixedSlots ? (was ? formatValues(map, was.values) : "absent") : "absent";
    findings.push(finding(entryName(map, key), expected, formatValues(map, values), span));
  }
  if (others === "unchanged") {
    for (const { key, values } of before) {
      if (spokenOf(key) || entries.some((entry) => sameBytes(entry.key, key))) continue;
      findings.push(finding(entryName(map, key), formatValues(map, values), "absent", span));
    }
  }
  return findings;
}

function judgeEntry(map: MapSpec, wanted: PlannedEntry, entries: Entries): Finding[] {
  const name = entryName(map, wanted.key);
  const found = entries.find((entry) => sameBytes(entry.key, wanted.key));
  if (wanted.value === undefined) {
    return found ? [finding(name, "absent", formatValues(map, found.values), wanted.span)] : [];
  }
  if (!found) {
    return [finding(name, "present", "absent", wanted.span, whatIsThere(map, wanted.key, entries))];
  }
  const pattern = wanted.value;
  const values = chosen(map, wanted, found.values);
  return values.flatMap(({ suffix, bytes }) =>
    matchData(map.value, map.valueSizeBytes, pattern, bytes).map((difference) =>
      mendable(
        finding(
          `${name}${suffix}${difference.path}`,
          difference.expected,
          difference.actual,
          difference.span,
          found.values.length > 1 ? [`per CPU: ${found.values.map((v) => formatData(map.value, v)).join(" | ")}`] : [],
        ),
        difference,
        difference.actual,
      ),
    ),
  );
}

/** Keys that are there instead; the mistake made most is a number in the other byte order. */
function whatIsThere(map: MapSpec, wanted: Uint8Array, entries: Entries): string[] {
  if (entries.length === 0) return ["the map is empty"];
  const first = entries.slice(0, 4).map((entry) => formatData(map.key, entry.key));
  const there = `${entries.length} other key${entries.length === 1 ? "" : "s"}: ${first.join(", ")}`;
  const swapped = wanted.toReversed();
  if (map.key?.kind !== "int" || map.key.bigEndian || !entries.some(({ key }) => sameBytes(key, swapped)))
    return [there];
  const meant = formatData(map.key, wanted);
  return [there, `${formatData(map.key, swapped)} is ${meant} in network byte order: written { be: ${meant} }`];
}

/** The values an entry speaks of: the sum over CPUs, one CPU's, or (plain maps) the only one. */
function chosen(
  map: MapSpec,
  entry: PlannedEntry,
  values: readonly Uint8Array[],
): { suffix: string; bytes: Uint8Array }[] {
  if (entry.cpu === "sum") return [{ suffix: ".sum", bytes: sumData(map.value, values) }];
  if (entry.cpu !== undefined) {
    const bytes = values[entry.cpu];
    return bytes ? [{ suffix: `.cpu${entry.cpu}`, bytes }] : [];
  }
  return values.map((bytes, cpu) => ({ suffix: values.length > 1 ? `.cpu${cpu}` : "", bytes }));
}

/** `maps.counter[0]`, `maps.flows[{saddr: 10.0.0.1, …}]`. */
function entryName(map: MapSpec, key: Uint8Array): string {
  return `maps.${map.name}[${formatData(map.key, key)}]`;
}

function formatValues(map: MapSpec, values: readonly Uint8Array[]): string {
  return values.map((value) => formatData(map.value, value)).join(" | ");
}
