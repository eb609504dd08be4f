import type { Plan } from "../model/plan.js";
export function missingFor(_plan: Plan): readonly string[] {
  return [];
}
