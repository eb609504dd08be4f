import { isEgress, type DeviceHook } from "./hook.js";
import { samePlace, segmentsOf } from "./segments.js";
import type { Place, Topology } from "./topology.js";

/** What a frame captured at a place says about the program, seen from the host that the program is attached to. */
export type Whereabouts =
  /** Where a packet goes that the program lets pass: up into the host's stack; from an egress hook, out. */
  | { readonly kind: "passed" }
  /** Out of the host by its interface `dev`. */
  | { readonly kind: "left"; readonly dev: string }
  /** Into the host by its interface `dev`: sent by others, or redirected to ingress. */
  | { readonly kind: "entered"; readonly dev: string }
  /** Further away: other hosts' doing. */
  | { readonly kind: "elsewhere" };

export type WhereaboutsOf = (place: Place) => Whereabouts;

/** Where frames captured at the topology's interfaces have been. */
export function whereaboutsIn(topology: Topology, hook: DeviceHook): WhereaboutsOf {
  const { attach } = topology;
  const segments = segmentsOf(topology);
  const egress = isEgress(hook);
  return (place) => {
    if (place.host === attach.host)
      return samePlace(place, attach) && !egress ? { kind: "passed" } : { kind: "entered", dev: place.dev };
    const segment = segments.find(({ ends }) => ends.some((end) => samePlace(end, place)));
    const own = segment?.ends.find(({ host }) => host === attach.host);
    if (!own) return { kind: "elsewhere" };
    return egress && own.dev === attach.dev ? { kind: "passed" } : { kind: "left", dev: own.dev };
  };
}
