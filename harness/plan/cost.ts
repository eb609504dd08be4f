import { helperNames } from "../isa/helper-names.js";
import { mapOperations } from "../isa/map-operations.js";
import { nearest } from "../model/nearest.js";
import type { CostExpectation } from "../model/scenario.js";
import type { Span } from "../model/span.js";
import { findMap, wrong, type PlanContext } from "./context.js";

/** A bound of costs whose names are those of helpers, maps and operations. */
export function planCost(context: PlanContext, cost: CostExpectation): CostExpectation {
  for (const { name } of cost.helpers) checkHelper(context, name.value, name.span);
  for (const { map, operation } of cost.maps) {
    findMap(context, map.value, map.span);
    const known: readonly string[] = mapOperations;
    if (operation === undefined || known.includes(operation)) continue;
    const near = nearest(operation, known);
    const hint = near ? `did you mean '${near}'?` : `one of: ${known.join(", ")}`;
    wrong(context, map.span, `'${operation}' is no operation on maps`, hint);
  }
  return cost;
}

/** Whether there is a helper of that name, or the object declares such a kernel function; a mistake where not. */
export function checkHelper(context: PlanContext, name: string, span: Span): boolean {
  const names = [...context.object.kernelFunctions.map((each) => each.name), ...helperNames];
  if (names.includes(name)) return true;
  const near = names.find((each) => each.startsWith(name)) ?? nearest(name, names);
  const hint = near ? `did you mean '${near}'?` : "helpers are called as in C: bpf_map_lookup_elem";
  wrong(context, span, `there is no helper '${name}'`, hint);
  return false;
}
