import type { Place, Topology } from "../model/topology.js";
import { samePlace, segmentsOf } from "../../netns/segments.js";
import { isEgress } from "./whereabouts.js";
import type { DeviceHook } from "./attach/attach.js";

/** One direction between two interfaces that hear each other: frames arrive in the order they were sent in. */
export interface Lane {
  readonly from: Place;
  readonly to: Place;
  /** To be sent past the queueing discipline, where the program is. */
  readonly past: boolean;
}

/** Every lane on which a marker meets no program: `hook` is that of the attached one, undefined for none. */
export function lanesPast(topology: Topology, hook: DeviceHook | undefined): readonly Lane[] {
  const egress = hook !== undefined && isEgress(hook);
  const lanes = segmentsOf(topology).flatMap(({ ends }) =>
    ends.flatMap((from) =>
      ends
        .filter((to) => !samePlace(from, to))
        .map((to) => ({ from, to, past: egress && samePlace(from, topology.attach) })),
    ),
  );
  return hook === undefined || egress ? lanes : lanes.filter(({ to }) => !samePlace(to, topology.attach));
}
