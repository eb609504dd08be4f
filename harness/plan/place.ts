import type { Located } from "../model/scenario.js";
import type { Place, Topology } from "../model/topology.js";
import { didYouMean, wrong, type PlanContext } from "./context.js";

/** An interface of the topology by `host:dev`; undefined, with a diagnostic, where there is none. */
export function findPlace(context: PlanContext, { value, span }: Located<string>): Place | undefined {
  const places = placesOf(context.topology);
  const found = places.get(value);
  if (found) return found;
  wrong(context, span, `the topology has no interface '${value}'`, didYouMean(value, [...places.keys()], "interfaces"));
  return undefined;
}

function placesOf(topology: Topology): ReadonlyMap<string, Place> {
  const places = topology.hosts.flatMap(({ name: host, interfaces }) => interfaces.map(({ dev }) => ({ host, dev })));
  return new Map(places.map((place) => [`${place.host}:${place.dev}`, place]));
}
