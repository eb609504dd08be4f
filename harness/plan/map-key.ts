import type { MapSpec } from "../model/object.js";
import type { Written } from "../model/scenario.js";
import { encodeData } from "../data/encode.js";
import { wrong, type PlanContext } from "./context.js";
import { hasSlots } from "./map-kinds.js";

/** The stack of a program, where keys are built: the kernel makes no map with longer ones (MAX_BPF_STACK). */
const maxKeyBytes = 512;

/** A key's bytes; undefined, with a diagnostic, where it does not fit the map. */
export function planKey(context: PlanContext, map: MapSpec, written: Written): Uint8Array | undefined {
  if (map.keySizeBytes > maxKeyBytes) {
    const message = `keys of map '${map.name}' have ${map.keySizeBytes} bytes; the kernel takes at most ${maxKeyBytes}`;
    wrong(context, written.span, message);
    return undefined;
  }
  const key = context.problems.attempt(() => encodeData(map.key, map.keySizeBytes, written), { span: written.span });
  if (!key || key.length !== 4 || !hasSlots(map) || map.maxEntries === 0) return key;
  const index = new DataView(key.buffer).getUint32(0, true);
  if (index < map.maxEntries) return key;
  wrong(context, written.span, `map '${map.name}' has no slot ${index}`, `its slots are 0 to ${map.maxEntries - 1}`);
  return undefined;
}

export function slotZero(): Uint8Array {
  return new Uint8Array(4);
}
