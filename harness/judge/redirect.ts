import { sameBytes } from "../model/hex.js";
import type { RedirectObservation, VerdictObservation } from "../model/observation.js";
import type { MapPatch, Plan, PlannedExpectation, RedirectTarget } from "../model/plan.js";
import { finding, type Finding } from "./finding.js";

/** Where a redirect led, as far as it was seen; `missing` where it was not. */
export function judgeRedirect(
  wanted: NonNullable<PlannedExpectation["redirect"]>,
  plan: Plan,
  step: number,
  seen: { readonly redirects: readonly RedirectObservation[]; readonly verdicts: readonly VerdictObservation[] },
): { readonly findings: readonly Finding[]; readonly missing: readonly string[] } {
  const { value: target, span } = wanted;
  const what = "dev" in target ? "redirect.dev" : `redirect.${target.map}`;
  const elsewhere = seen.verdicts.find((v) => !v.possible.some((name) => name.endsWith("_REDIRECT")));
  if (seen.redirects.length === 0 && elsewhere) {
    const expected = deviceOf(target, plan, step) ?? "a redirect";
    return { findings: [finding(what, expected, `none: ${elsewhere.possible.join(" or ")}`, span)], missing: [] };
  }
  const device = deviceOf(target, plan, step);
  if (device === undefined) return { findings: [], missing: ["slot of a redirect map without interfaces"] };
  if (seen.redirects.length === 0) return { findings: [], missing: ["redirect target"] };
  const wrong = seen.redirects.find((o) => o.dev !== device);
  return { findings: wrong ? [finding(what, device, wrong.dev, span)] : [], missing: [] };
}

/** The interface that is meant: by name, or as what the scenario has put into the devmap's slot by then. */
function deviceOf(target: RedirectTarget, plan: Plan, step: number): string | undefined {
  if ("dev" in target) return target.dev;
  const edits = plan.steps.filter((s) => s.kind === "maps" && s.index <= step);
  const patches: MapPatch[] = [...plan.maps, ...edits.flatMap((s) => (s.kind === "maps" ? s.patches : []))];
  const last = patches.findLast((patch) => patch.map.name === target.map && sameBytes(patch.key, target.key));
  return last?.value?.kind === "device" ? last.value.dev : undefined;
}
