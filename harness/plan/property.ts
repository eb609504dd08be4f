import type { PlannedProperty, Twin } from "../model/plan.js";
import { harnessError } from "../model/error.js";
import { whyUnsettable } from "../model/map-access.js";
import type { Located, PropertyStep } from "../model/scenario.js";
import { findMap, wrong, type PlanContext } from "./context.js";

type Drawn = Omit<PlannedProperty, "index" | "label" | "span" | "expect">;

/** Program types whose verdicts can be held against each other. */
const comparable = ["xdp", "sched_cls", "sched_act"];

/** A property step with its maps and its twin found. */
export async function planProperty(context: PlanContext, step: PropertyStep): Promise<Drawn> {
  const { runs, generate, packets, clockNs, expect, span } = step;
  const update = step.update.flatMap(({ value, span: place }) => {
    const map = findMap(context, value, place);
    const reason = map && whyUnsettable(map);
    if (reason) wrong(context, place, reason);
    return map && !reason ? [map] : [];
  });
  if ((update.length > 0 || clockNs > 0n) && packets[1] === 1)
    wrong(context, span, "maps and clock change between packets, and each run sends one", "add `packets: 1..5`");
  const twin = expect.sameAs && (await context.problems.attemptAsync(() => findTwin(context, expect.sameAs!)));
  const invariants = expect.invariant?.map(({ value }) => value);
  return { kind: "property", runs, generate, packets, update, clockNs, invariants, twin };
}

async function findTwin({ findObject, programType }: PlanContext, { value, span }: Located<string>): Promise<Twin> {
  const object = await findObject!({ value, span });
  const program =
    object.programs.find(({ type }) => type === programType) ??
    object.programs.find(({ type }) => comparable.includes(type ?? "") && comparable.includes(programType));
  if (program) return { object, program, programType: program.type! };
  const there = object.programs.map(({ name, type, section }) => `${name} (${type ?? `section ${section}`})`);
  throw harnessError("scenario", `${object.name} has no program to compare a ${programType} program with`, {
    span,
    hint: `its programs: ${there.join(", ") || "none"}`,
  });
}
