import { backendNames, type BackendName } from "../model/backend.js";
import type { PlannedExpectation, RedirectTarget } from "../model/plan.js";
import type { Expectation, Located } from "../model/scenario.js";
import { findMap, wrong, type PlanContext } from "./context.js";
import { planEvents } from "./expect-events.js";
import { checkObserved } from "./observe.js";
import { planCost } from "./cost.js";
import { planGlobalExpectation } from "./globals.js";
import { planMapExpectation } from "./expect-map.js";
import { planKey } from "./map-key.js";
import { planPath } from "./path.js";
import { findPlace } from "./place.js";

/** An expectation with its map values, events and keys compiled against the object's BTF. */
export function planExpectation(context: PlanContext, expectation: Expectation): PlannedExpectation {
  const { verdict, packet, redirect, maps, events, printk, frames, path, observed, globals, cost } = expectation;
  for (const { observer } of observed) checkObserved(context, observer);
  return {
    verdict,
    packet,
    redirect: redirect && planRedirect(context, redirect),
    context: expectation.context,
    maps: maps.flatMap((each) => planMapExpectation(context, each)),
    events: events && planEvents(context, events),
    printk,
    frames: frames.flatMap(({ place, packets }) => {
      const found = findPlace(context, place);
      return found ? [{ place: { value: found, span: place.span }, packets }] : [];
    }),
    path: path && planPath(context, path),
    observed,
    globals: globals.flatMap((each) => planGlobalExpectation(context, each)),
    cost: cost && planCost(context, cost),
    on: planPerBackend(context, expectation),
  };
}

function planPerBackend(context: PlanContext, { on }: Expectation): PlannedExpectation["on"] {
  const planned: Partial<Record<BackendName, PlannedExpectation>> = {};
  for (const backend of backendNames) {
    const expectation = on[backend];
    if (expectation) planned[backend] = planExpectation(context, expectation);
  }
  return planned;
}

const redirectTypes = ["devmap", "devmap_hash", "cpumap", "xskmap", "sockmap", "sockhash"];

function planRedirect(
  context: PlanContext,
  { value, span }: NonNullable<Expectation["redirect"]>,
): Located<RedirectTarget> | undefined {
  const { dev, map: name, key: written } = value;
  if (dev !== undefined) return { value: { dev }, span };
  if (name === undefined || written === undefined) return undefined;
  const map = findMap(context, name, span);
  if (!map) return undefined;
  if (!redirectTypes.includes(map.type)) {
    wrong(
      context,
      span,
      `nothing is redirected through '${name}', whose type is ${map.type}`,
      `redirect maps are ${redirectTypes.join(", ")}`,
    );
    return undefined;
  }
  const key = planKey(context, map, written);
  return key && { value: { map: name, key }, span };
}
