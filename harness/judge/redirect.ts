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
    const expected = nameOf(target, plan, step) ?? "a redirect";
    return { findings: [finding(what, expected, `none: ${elsewhere.possible.join(" or ")}`, span)], missing: [] };
  }
  const name = nameOf(target, plan, step);
  if (name === undefined) return { findings: [], missing: ["slot of a redirect map without interfaces or sockets"] };
  if (seen.redirects.length === 0) return { findings: [], missing: ["redirect target"] };
  const wrong = seen.redirects.find((o) => o.target !== name);
  return { findings: wrong ? [finding(what, name, wrong.target, span)] : [], missing: [] };
}

/** The interface or socket that is meant: by name, or as what the scenario has put into the map's slot by then. */
function nameOf(target: RedirectTarget, plan: Plan, step: number): string | undefined {
  if ("dev" in target) return target.dev;
  const edits = plan.steps.filter((s) => s.kind === "maps" && s.index <= step);
  const patches: MapPatch[] = [...plan.maps, ...edits.flatMap((s) => (s.kind === "maps" ? s.patches : []))];
  const last = patches.findLast((patch) => patch.map.name === target.map && sameBytes(patch.key, target.key));
  if (last?.value?.kind === "xsk") return `queue ${last.value.queue}`;
  return last?.value?.kind === "device" ? last.value.dev : undefined;
}
