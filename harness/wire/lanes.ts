import type { Place, Topology } from "../model/topology.js";
import { samePlace, segmentsOf } from "../model/segments.js";
import { isEgress, type DeviceHook } from "../model/hook.js";

/** One direction between two interfaces that hear each other: frames arrive in the order they were sent in. */
export interface Lane {
  readonly from: Place;
  readonly to: Place;
  /** To be sent past the queueing discipline, where the program is. */
  readonly past: boolean;
}

/** Every lane on which a marker meets none of the attached programs. */
export function lanesPast(
  topology: Topology,
  programs: readonly { readonly hook: DeviceHook; readonly at: Place }[],
): readonly Lane[] {
  const outgoing = programs.filter(({ hook }) => isEgress(hook));
  const incoming = programs.filter(({ hook }) => !isEgress(hook));
  const has = (some: typeof programs, place: Place) => some.some(({ at }) => samePlace(at, place));
  return segmentsOf(topology).flatMap(({ ends }) =>
    ends.flatMap((from) =>
      ends
        .filter((to) => !samePlace(from, to) && !has(incoming, to))
        .map((to) => ({ from, to, past: has(outgoing, from) })),
    ),
  );
}
