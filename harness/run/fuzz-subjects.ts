import { harnessError } from "../model/error.js";
import { toHex } from "../model/hex.js";
import type { Plan, PlannedProperty } from "../model/plan.js";
import { anyProperty } from "../fuzz/campaign.js";
import { planReplay } from "../plan/replay.js";
import { replayProgram } from "../plan/replay-program.js";
import { locateProgram, readProgram } from "./object.js";
import { prepare, type Preparation, type PreparedScenario } from "./prepare.js";

/** What is fuzzed: a case's set-up, and what has to hold. */
export interface FuzzSubject {
  readonly plan: Plan;
  readonly step: PlannedProperty;
  readonly program: string;
  readonly twin: string | undefined;
}

export interface FuzzSubjectOptions {
  /** Of an object: the program's C name, and its type where its section does not say. */
  readonly program?: string;
  readonly type?: string;
}

/** What there is to fuzz in a scenario, or an object; where the scenario is wrong, what is wrong with it. */
export async function fuzzSubjects(
  target: string,
  seed: number,
  options: FuzzSubjectOptions = {},
): Promise<{ readonly subjects: readonly FuzzSubject[] } & Pick<Preparation, "diagnostics" | "texts">> {
  if (!/\.ya?ml$/.test(target))
    return { subjects: await ofObject(target, seed, options), diagnostics: [], texts: new Map() };
  const { prepared, diagnostics, texts } = await prepare([target], seed);
  return { subjects: diagnostics.length > 0 ? [] : await ofScenario(target, prepared[0]!), diagnostics, texts };
}

async function ofObject(file: string, seed: number, options: FuzzSubjectOptions): Promise<FuzzSubject[]> {
  const object = await readProgram(file);
  const program = replayProgram(object, options.program, options.type);
  const plan = planReplay({ object, program, packets: [], maps: [], seed });
  return [{ plan, step: anyProperty(plan, true), program: file, twin: undefined }];
}

/** Property steps as they are, and every other set-up of maps and variables once. */
async function ofScenario(file: string, { scenario, plans }: PreparedScenario): Promise<FuzzSubject[]> {
  const program = await locateProgram(scenario.program, file);
  const subjects = new Map<string, FuzzSubject>();
  for (const [index, plan] of plans.entries()) {
    const last = plan.steps.at(-1);
    if (plan.load.fails || plan.skip !== undefined || !last) continue;
    const isProperty = last.kind === "property";
    const step = isProperty ? last : anyProperty(plan, false);
    const key = isProperty ? `case ${index}` : setUpOf(plan);
    const named = scenario.cases[index]?.steps.at(-1)?.expect.sameAs;
    const twin = named && (await locateProgram(named, file));
    const known = subjects.get(key);
    const steps = known ? [...known.plan.steps, ...plan.steps] : plan.steps;
    subjects.set(key, { plan: { ...(known?.plan ?? plan), steps }, step, program, twin });
  }
  const all = [...subjects.values()];
  const drawn = all.filter(({ plan }) => plan.steps.at(-1)?.kind === "property");
  if (all.length === 0) throw harnessError("usage", `${file} has no case whose program could be fuzzed`);
  return drawn.length > 0 ? drawn : all;
}

function setUpOf({ maps, globals }: Plan): string {
  const value = (patch: Plan["maps"][number]): string =>
    patch.value?.kind === "bytes" ? toHex(patch.value.bytes) : "";
  return [
    ...maps.map((patch) => `${patch.map.name} ${toHex(patch.key)} ${value(patch)}`),
    ...globals.map(({ name, bytes }) => `${name} ${toHex(bytes)}`),
  ].join("\n");
}
