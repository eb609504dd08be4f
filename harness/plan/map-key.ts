import type { MapSpec } from "../model/object.js";
import type { Written } from "../model/scenario.js";
import { encodeData } from "../data/encode.js";
import { wrong, type PlanContext } from "./context.js";
import { hasSlots } from "./map-kinds.js";

/** A key's bytes; undefined, with a diagnostic, where it does not fit the map. */
export function planKey(context: PlanContext, map: MapSpec, written: Written): Uint8Array | undefined {
  const key = context.problems.attempt(() => encodeData(map.key, map.keySizeBytes, written), { span: written.span });
  if (!key || key.length !== 4 || !hasSlots(map) || map.maxEntries === 0) return key;
  const index = new DataView(key.buffer).getUint32(0, true);
  if (index < map.maxEntries) return key;
  wrong(context, written.span, `map '${map.name}' has no slot ${index}`, `its slots are 0 to ${map.maxEntries - 1}`);
  return undefined;
}

/** The key of slot 0. */
export function slotZero(map: MapSpec): Uint8Array {
  return new Uint8Array(map.keySizeBytes);
}
