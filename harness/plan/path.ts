import type { PlannedHop } from "../model/plan.js";
import type { HopExpectation } from "../model/scenario.js";
import { samePlace } from "../model/segments.js";
import { formatPlace } from "../model/topology.js";
import { wrong, type PlanContext } from "./context.js";
import { findPlace } from "./place.js";

/** A path with its interfaces found; a hop at a hook where nothing is attached could never be seen. */
export function planPath(context: PlanContext, path: readonly HopExpectation[]): readonly PlannedHop[] {
  return path.flatMap((hop): PlannedHop[] => {
    const place = findPlace(context, hop.at);
    if (!place) return [];
    const { hook } = hop;
    const { attached } = context;
    if (hook && !attached.some((each) => each.hook === hook.value && samePlace(each.at, place))) {
      const all = attached.map((each) => `${each.hook} at ${formatPlace(each.at)}`);
      wrong(
        context,
        hook.span,
        `no program is attached to ${formatPlace(place)} ${hook.value}`,
        `there are: ${all.join(", ")}`,
      );
      return [];
    }
    return [{ ...hop, at: { value: place, span: hop.at.span } }];
  });
}
