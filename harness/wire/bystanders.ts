import { sameBytes } from "../model/hex.js";
import type { PlannedSend } from "../model/plan.js";
import { formatPlace, type Topology } from "../model/topology.js";
import { samePlace, segmentsOf } from "../model/segments.js";
import { isEgress, type DeviceHook } from "../model/hook.js";
import type { CapturedFrame } from "./port/port.js";

/** Takes out what others on the sender's segment heard of the sent frame itself: it did not come by the program. */
export function withoutHeard(
  frames: readonly CapturedFrame[],
  sent: Uint8Array,
  step: PlannedSend,
  topology: Topology,
  hook: DeviceHook,
): readonly CapturedFrame[] {
  if (isEgress(hook) && samePlace(step.from, topology.attach)) return frames;
  const segment = segmentsOf(topology).find(({ ends }) => ends.some((end) => samePlace(end, step.from)));
  const bystanders = (segment?.ends ?? []).filter(
    (end) => !samePlace(end, step.from) && !samePlace(end, topology.attach),
  );
  const heard = new Map(bystanders.map((place) => [formatPlace(place), step.times]));
  return frames.filter(({ place, bytes }) => {
    const left = heard.get(formatPlace(place)) ?? 0;
    if (left === 0 || !sameBytes(bytes, sent)) return true;
    heard.set(formatPlace(place), left - 1);
    return false;
  });
}
