import { matchData } from "../data/match.js";
import type { PlannedGlobal } from "../model/plan.js";
import { finding, mendable, type Finding } from "./finding.js";

/** What of a global variable is not as the scenario says. */
export function judgeGlobal({ global, value }: PlannedGlobal, bytes: Uint8Array): Finding[] {
  return matchData(global.type, global.sizeBytes, value, bytes).map((difference) => {
    const { path, expected, actual, span } = difference;
    return mendable(finding(`globals.${global.name}${path}`, expected, actual, span), difference, actual);
  });
}
