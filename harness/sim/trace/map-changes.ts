import { formatData } from "../../data/format.js";
import { sameBytes, toHex } from "../../model/hex.js";
import type { MapSpec } from "../../model/object.js";
import type { MapChange } from "../../model/evidence.js";
import type { MapEntry } from "../maps/map-store.js";
import type { MapTable } from "../maps/map-table.js";

interface Contents {
  readonly spec: MapSpec;
  /** By key in hex. */
  readonly entries: ReadonlyMap<string, MapEntry>;
}

/** What maps held at one moment. */
export type MapSnapshot = readonly Contents[];

export function snapshotOf(maps: MapTable): MapSnapshot {
  return Array.from(maps.all, (store) => ({
    spec: store.spec,
    entries: new Map(Array.from(store.entries(), (entry) => [toHex(entry.key), copyOf(entry)])),
  }));
}

/** Entries that came, went or have another value, by map and in the order of their keys. */
export function changesBetween(before: MapSnapshot, after: MapSnapshot): MapChange[] {
  return after.flatMap(({ spec, entries }, i) => {
    const was = before[i]?.entries ?? new Map<string, MapEntry>();
    const keys = [...new Set([...was.keys(), ...entries.keys()])].sort();
    return keys.flatMap((key): MapChange[] => {
      const [old, now] = [was.get(key), entries.get(key)];
      if (old && now && isSame(old, now)) return [];
      const shownKey = formatData(spec.key, (now ?? old)!.key);
      return [{ map: spec.name, key: shownKey, before: valueText(spec, old), after: valueText(spec, now) }];
    });
  });
}

function copyOf({ key, values }: MapEntry): MapEntry {
  return { key: key.slice(), values: values.map((value) => value.slice()) };
}

function isSame(a: MapEntry, b: MapEntry): boolean {
  return a.values.every((value, i) => sameBytes(value, b.values[i]!));
}

/** Of per-CPU values those that are not all zero, by CPU. */
function valueText(spec: MapSpec, entry: MapEntry | undefined): string | undefined {
  if (!entry) return undefined;
  const [only] = entry.values;
  if (entry.values.length === 1 && only) return formatData(spec.value, only);
  const set = entry.values.flatMap((value, cpu) =>
    value.some((byte) => byte !== 0) ? [`CPU ${cpu}: ${formatData(spec.value, value)}`] : [],
  );
  return set.length > 0 ? set.join(", ") : "0 on all CPUs";
}
