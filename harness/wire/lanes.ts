import type { Place, Topology } from "../model/topology.js";
import { samePlace, segmentsOf } from "../../netns/segments.js";
import { isEgress } from "./whereabouts.js";
import type { DeviceHook } from "./attach/attach.js";

/** One direction between two interfaces that hear each other: frames arrive in the order they were sent in. */
export interface Lane {
  readonly from: Place;
  readonly to: Place;
}

/** Every lane on which a frame meets no program: `hook` is that of the attached one, undefined for none. */
export function lanesPast(topology: Topology, hook: DeviceHook | undefined): readonly Lane[] {
  const lanes = segmentsOf(topology).flatMap(({ ends }) =>
    ends.flatMap((from) => ends.filter((to) => !samePlace(from, to)).map((to) => ({ from, to }))),
  );
  // What leaves by an egress hook's interface can be sent past it (see Fence); what arrives at an ingress hook cannot.
  if (hook === undefined || isEgress(hook)) return lanes;
  return lanes.filter(({ to }) => !samePlace(to, topology.attach));
}
