import { hooks, isSocketMapHook } from "../model/hook.js";
import type { BpfObject, ProgramSpec } from "../model/object.js";
import type { MapPatch, Plan, PlannedStep } from "../model/plan.js";
import { Problems } from "../model/problems.js";
import type { Case, Scenario } from "../model/scenario.js";
import { findSocketMap, planAttachments, planObjectMaps, planObjects, type FindObject } from "./attachments.js";
import { checkBackground, commandsOf } from "./background.js";
import type { OpenCapture } from "./capture.js";
import { findMap, wrong, type PlanContext } from "./context.js";
import { planGlobals } from "./globals.js";
import { planHelpers } from "./helpers.js";
import { mergeSetUp, planMaps } from "./map-entries.js";
import { expectsNothing } from "./expects-nothing.js";
import { planObserving } from "./observe.js";
import { findProgram } from "./program.js";
import { planServices } from "./services.js";
import { planStep } from "./step.js";
import { Swaps } from "./swaps.js";

/** All that a plan depends on besides scenario and object. */
export interface PlanInputs {
  readonly seed: number;
  readonly readCapture: OpenCapture;
  /** Needed where the scenario names further files. */
  readonly findObject?: FindObject;
}

/**
 * Decides everything that can be decided before a run: the program, the bytes of packets, keys and
 * values, the patterns to compare with. One plan a case, in the order of the file; the same scenario,
 * object and inputs give the same plans.
 *
 * @throws HarnessError with everything that is wrong in the file, each with its place.
 */
export async function planScenario(
  scenario: Scenario,
  object: BpfObject,
  inputs: PlanInputs,
): Promise<readonly Plan[]> {
  const problems = new Problems();
  const program = problems.attempt(() => findProgram(scenario, object));
  const alone: PlanContext = {
    object,
    programType: hooks[scenario.hook.value],
    topology: scenario.topology,
    attached: [],
    observers: [],
    problems,
    objects: new Map(),
    findObject: inputs.findObject,
  };
  const attach = planAttachments(alone, object, scenario.program, scenario.attach);
  const { hook } = scenario;
  const attachMap = isSocketMapHook(hook.value) ? findSocketMap(alone, object, undefined, hook.span) : undefined;
  const others = await planObjects(alone, scenario, object, inputs.findObject);
  const objects = others.map(({ planned }) => planned);
  const attached = [
    { hook: hook.value, at: scenario.topology.attach },
    ...attach,
    ...objects.flatMap((each) => each.attach),
  ];
  const context = {
    ...alone,
    attached,
    objects: new Map(others.map(({ planned, context: own }) => [planned.name, own])),
  };
  const services = await planServices(context, scenario.services, inputs.readCapture);
  const pins = planPins(context, scenario);
  const setUp = [...planMaps(context, scenario.maps), ...planObjectMaps(context, scenario.objects)];
  const cases: CasePlan[] = [];
  for (const each of scenario.cases) cases.push(await planCase(context, scenario, each, setUp, inputs));
  problems.throwIfAny();
  return cases.map((planned) => ({
    ...common(scenario, object, program!, inputs),
    attachMap,
    pins,
    attach,
    objects,
    services,
    ...planned,
  }));
}

type CasePlan = Pick<
  Plan,
  | "caseName"
  | "span"
  | "helpers"
  | "globals"
  | "maps"
  | "observe"
  | "steps"
  | "replacements"
  | "uptimeMs"
  | "needs"
  | "backends"
  | "xfail"
  | "skip"
>;

function common(
  scenario: Scenario,
  object: BpfObject,
  program: ProgramSpec,
  { seed }: PlanInputs,
): Omit<Plan, keyof CasePlan | "pins" | "attach" | "objects" | "services" | "attachMap"> {
  const { file, name, hook, load, topology } = scenario;
  const programType = hooks[hook.value];
  return {
    file,
    scenario: name,
    seed,
    object,
    program,
    programType,
    hook: hook.value,
    load,
    topology,
  };
}

function planPins(context: PlanContext, scenario: Scenario): Plan["pins"] {
  const pins = Object.entries(scenario.pins).flatMap(([name, { value, span }]) =>
    findMap(context, name, span) ? [[name, value] as const] : [],
  );
  return Object.fromEntries(pins);
}

async function planCase(
  context: PlanContext,
  scenario: Scenario,
  each: Case,
  setUp: readonly MapPatch[],
  inputs: PlanInputs,
): Promise<CasePlan> {
  const { name, span, skip, xfail, backends } = each;
  if (expectsNothing(scenario, each)) {
    const hint = "say under `expect:` what must come out";
    context.problems.add({
      code: "scenario",
      message: `case '${name}' expects nothing, so it cannot fail`,
      span,
      hint,
    });
  }
  const drawn = each.steps.slice(0, -1).find(({ kind }) => kind === "property");
  if (drawn) wrong(context, drawn.span, "nothing can come behind packets that are drawn", "put it into another case");
  const observe = (await context.problems.attemptAsync(() =>
    planObserving([...scenario.observe, ...each.observe], inputs.readCapture),
  )) ?? { observers: [], rules: [] };
  const watched = { ...context, observers: [...scenario.observe, ...each.observe].map(({ observer }) => observer) };
  const steps: PlannedStep[] = [];
  const swaps = new Swaps(context, scenario, inputs.findObject);
  for (const [index, step] of each.steps.entries())
    steps.push(
      await planStep(watched, step, index, { openCapture: inputs.readCapture, swaps, commands: commandsOf(steps) }),
    );
  checkBackground(context, each.steps);
  return {
    caseName: name,
    span,
    skip,
    xfail,
    backends: backends ?? scenario.backends,
    observe,
    globals: planGlobals(context, [...scenario.globals, ...each.globals]),
    helpers: planHelpers(context, each.helpers),
    maps: mergeSetUp(context, [...setUp, ...planMaps(context, each.maps)]),
    steps,
    replacements: swaps.replacements,
    uptimeMs: each.uptimeMs,
    needs: each.needs,
  };
}
