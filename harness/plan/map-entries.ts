import { toHex } from "../model/hex.js";
import type { MapSpec } from "../model/object.js";
import type { MapPatch } from "../model/plan.js";
import type { Written, WrittenEntry } from "../model/scenario.js";
import { contextOfMap, findMap, wrong, type PlanContext } from "./context.js";
import { planKeyRange } from "./key-range.js";
import { planKey, slotZero } from "./map-key.js";
import { hasSlots, isKeyless, whyUnwritable } from "./map-kinds.js";
import { planValue } from "./map-value.js";

/** Entries to set before the first step, or between steps, in the order of the file. */
export function planMaps(context: PlanContext, written: readonly WrittenEntry[]): readonly MapPatch[] {
  return written.flatMap(({ key, keySpan, value }) => {
    const map = findMap(context, key, keySpan);
    if (!map) return [];
    const reason = whyUnwritable(map);
    if (reason === undefined) return planEntries(contextOfMap(context, key), map, value);
    wrong(context, keySpan, `map '${map.name}' ${reason}`);
    return [];
  });
}

/**
 * `[{key, value}, …]` or `[{keys, value}, …]`; for maps with slots also the value of slot 0; for queues and their like a
 * list of values.
 */
export function planEntries(context: PlanContext, map: MapSpec, written: Written): readonly MapPatch[] {
  if (isKeyless(map)) return keylessEntries(context, map, written);
  const entries = readEntries(written);
  if (!entries && hasSlots(map)) {
    const value = planValue(context, map, written);
    return value ? [{ map, op: "set", key: slotZero(), value, span: written.span }] : [];
  }
  if (!entries) {
    wrong(
      context,
      written.span,
      `the contents of map '${map.name}' (${map.type}) are a list`,
      "write [{key: …, value: …}]",
    );
    return [];
  }
  const seen = new Set<string>();
  return entries.flatMap((entry) => {
    const patches = planEntry(context, map, entry);
    for (const { key, span } of patches) {
      const identity = toHex(key);
      if (seen.has(identity)) wrong(context, span, `this key of map '${map.name}' is written twice`);
      seen.add(identity);
    }
    return patches;
  });
}

interface EntryParts {
  readonly key: Written | undefined;
  /** A range of keys that all get the value. */
  readonly keys: Written | undefined;
  readonly value: Written | undefined;
  readonly written: Written;
}

/** The items of a list of `{key, value}`; undefined for a list (or anything else) that is a value itself. */
function readEntries(written: Written): readonly EntryParts[] | undefined {
  if (written.kind !== "list") return undefined;
  const isEntry = (item: Written) =>
    item.kind === "map" && item.entries.some(({ key }) => key === "key" || key === "keys");
  if (!written.items.every(isEntry)) return undefined;
  return written.items.map((item) => ({
    key: part(item, "key"),
    keys: part(item, "keys"),
    value: part(item, "value"),
    written: item,
  }));
}

function part(written: Written, name: string): Written | undefined {
  return written.kind === "map" ? written.entries.find(({ key }) => key === name)?.value : undefined;
}

/** The value of `{name: …}`, where that is all there is. */
function onlyPart(written: Written, name: string): Written | undefined {
  return written.kind === "map" && written.entries.length === 1 ? part(written, name) : undefined;
}

const entryParts = ["key", "keys", "value"];

function planEntry(context: PlanContext, map: MapSpec, { key, keys, value, written }: EntryParts): readonly MapPatch[] {
  const { span } = written;
  const stranger = written.kind === "map" && written.entries.find((entry) => !entryParts.includes(entry.key));
  if (stranger) wrong(context, stranger.keySpan, `an entry has 'key' and 'value', not '${stranger.key}'`);
  if (key && keys) wrong(context, span, "an entry has 'key' or 'keys', not both");
  if (!value) wrong(context, span, `an entry of map '${map.name}' has no value`, "write {key: …, value: …}");
  const one = key && planKey(context, map, key);
  const all = keys ? planKeyRange(context, map, keys) : one ? [one] : [];
  const planned = value && planValue(context, map, value);
  return planned ? all.map((each) => ({ map, op: "set", key: each, value: planned, span })) : [];
}

/** Queues, stacks and bloom filters take values alone, pushed in the order of the list. */
function keylessEntries(context: PlanContext, map: MapSpec, written: Written): readonly MapPatch[] {
  if (written.kind !== "list") {
    wrong(context, written.span, `the contents of map '${map.name}' (${map.type}) are a list of values`);
    return [];
  }
  if (map.type !== "bloom_filter" && written.items.length > map.maxEntries)
    wrong(context, written.span, `map '${map.name}' holds ${map.maxEntries} values, not ${written.items.length}`);
  return written.items.flatMap((item) => {
    const value = planValue(context, map, onlyPart(item, "value") ?? item);
    return value ? [{ map, op: "set" as const, key: new Uint8Array(0), value, span: item.span }] : [];
  });
}

/** Keys to delete, by map. */
export function planDeletes(context: PlanContext, written: readonly WrittenEntry[]): readonly MapPatch[] {
  return written.flatMap(({ key: name, keySpan, value }) => {
    const map = findMap(context, name, keySpan);
    if (!map) return [];
    const reason = whyUndeletable(map);
    if (reason !== undefined) {
      wrong(context, keySpan, `nothing can be deleted from map '${map.name}': ${reason}`);
      return [];
    }
    if (value.kind !== "list") {
      wrong(context, value.span, `the keys to delete from map '${map.name}' are a list`, "write [key, …]");
      return [];
    }
    return value.items.flatMap((item) => {
      const key = planKey(context, map, item);
      return key ? [{ map, op: "delete" as const, key, value: undefined, span: item.span }] : [];
    });
  });
}

function whyUndeletable(map: MapSpec): string | undefined {
  if (map.type === "array" || map.type === "percpu_array")
    return "the slots of an array are always there; set them to 0";
  if (isKeyless(map)) return `a ${map.type} has no keys`;
  return whyUnwritable(map);
}

/** Set-up of scenario and case together: of one key the later value counts, queues are appended to. */
export function mergeSetUp(context: PlanContext, patches: readonly MapPatch[]): readonly MapPatch[] {
  const byKey = new Map<string, MapPatch>();
  for (const [index, patch] of patches.entries()) {
    const identity = isKeyless(patch.map) ? String(index) : toHex(patch.key);
    byKey.set(`${patch.map.name} ${identity}`, patch);
  }
  const merged = [...byKey.values()];
  checkRoom(context, merged);
  return merged;
}

/** A hash map refuses what is beyond max_entries (E2BIG); the LRU types make room instead. */
function checkRoom(context: PlanContext, patches: readonly MapPatch[]): void {
  const counts = new Map<MapSpec, number>();
  for (const { map, span } of patches) {
    const count = (counts.get(map) ?? 0) + 1;
    counts.set(map, count);
    const isBounded = ["hash", "percpu_hash", "lpm_trie", "hash_of_maps", "devmap_hash"].includes(map.type);
    if (isBounded && count === map.maxEntries + 1)
      wrong(context, span, `map '${map.name}' has room for ${map.maxEntries} entries; this is one too many`);
  }
}
