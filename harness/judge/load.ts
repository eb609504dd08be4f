import type { LoadObservation } from "../model/observation.js";
import type { Plan } from "../model/plan.js";
import { finding, quoted, type Finding } from "./finding.js";
import { explainVerifierLog } from "./verifier-log.js";

/** Whether the kernel's loader took or refused the object as the scenario says. */
export function judgeLoad(plan: Plan, seen: LoadObservation): Finding[] {
  const { fails } = plan.load;
  if (seen.accepted) {
    return fails ? [finding("load", `refused with ${String(fails.value)}`, "accepted", fails.span)] : [];
  }
  const details = explainVerifierLog(seen.log);
  if (!fails) {
    return [finding("load", "accepted", `refused (errno ${seen.errno})`, plan.span, details)];
  }
  if (fails.value.test(seen.log)) return [];
  const lastLine = seen.log.trimEnd().split("\n").at(-1) ?? "";
  return [
    finding("load", `refused with ${String(fails.value)}`, `refused with ${quoted(lastLine)}`, fails.span, details),
  ];
}
