import type { BackendName } from "../model/backend.js";
import type { PlannedExpectation } from "../model/plan.js";

/** The expectation as it holds on one backend: what `kernel:`, `wire:` or `sim:` adds wins over the general part. */
export function expectationOn(expectation: PlannedExpectation, backend: BackendName): PlannedExpectation {
  const more = expectation.on[backend];
  if (!more) return expectation;
  return {
    verdict: more.verdict ?? expectation.verdict,
    packet: more.packet ?? expectation.packet,
    redirect: more.redirect ?? expectation.redirect,
    context: { ...expectation.context, ...more.context },
    maps: [...expectation.maps, ...more.maps],
    events: more.events ?? expectation.events,
    printk: more.printk ?? expectation.printk,
    frames: [...expectation.frames, ...more.frames],
    path: more.path ?? expectation.path,
    observed: [...expectation.observed, ...more.observed],
    globals: [...expectation.globals, ...more.globals],
    cost: more.cost ?? expectation.cost,
    on: {},
  };
}
