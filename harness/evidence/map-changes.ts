import type { MapChange } from "../model/evidence.js";
import { sameBytes, toHex } from "../model/hex.js";
import type { BpfObject, MapSpec } from "../model/object.js";
import type { MapObservation } from "../model/observation.js";
import { formatData } from "../data/format.js";
import { mostEntries } from "./limits.js";

type Entries = MapObservation["entries"];
type Entry = Entries[number];

/** Keys whose values differ between two looks at a map, in the order of the later one; those that are gone come last. */
export function changedEntries(before: Entries, after: Entries): { key: Uint8Array; was?: Entry; is?: Entry }[] {
  // Most maps keep their order, so that most entries are found without a table of all keys.
  let table: Map<string, Entry> | undefined;
  const counterpart = (entry: Entry, index: number, others: Entries): Entry | undefined => {
    const beside = others[index];
    if (beside && sameBytes(beside.key, entry.key)) return beside;
    table ??= new Map(others.map((other) => [toHex(other.key), other]));
    return table.get(toHex(entry.key));
  };
  const changed = after.flatMap((is, index) => {
    const was = counterpart(is, index, before);
    return was && sameValues(was, is) ? [] : [{ key: is.key, is, ...(was && { was }) }];
  });
  table = undefined;
  const gone = before.flatMap((was, index) => (counterpart(was, index, after) ? [] : [{ key: was.key, was }]));
  return [...changed, ...gone];
}

function sameValues(a: Entry, b: Entry): boolean {
  return a.values.length === b.values.length && a.values.every((value, i) => sameBytes(value, b.values[i]!));
}

/** Changes of one map as text, keys and values by their C types. */
export function mapChanges(
  object: BpfObject,
  before: MapObservation | undefined,
  after: MapObservation,
): { readonly changes: readonly MapChange[]; readonly omitted: number } {
  const changed = changedEntries(before?.entries ?? [], after.entries);
  const spec = specOf(object, after.map);
  const value = (entry: Entry | undefined): string | undefined =>
    entry?.values.map((bytes) => formatData(spec?.value, bytes)).join(" | ");
  const changes = changed.slice(0, mostEntries).map(({ key, was, is }) => ({
    map: after.map,
    key: formatData(spec?.key, key),
    before: value(was),
    after: value(is),
  }));
  return { changes, omitted: changed.length - changes.length };
}

/** Inner maps are called by their keys, `outer[0x00000000]`, and are of the template's type. */
function specOf({ maps }: BpfObject, name: string): MapSpec | undefined {
  const outer = maps.find((map) => name.startsWith(`${map.name}[`));
  return maps.find((map) => map.name === name) ?? outer?.inner;
}
