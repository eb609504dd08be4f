import { harnessError } from "../../model/error.js";
import { RunFolder } from "../../kernel/run-folder.js";
import { list } from "../../scenario/decoder.js";
import { object, required } from "../../scenario/object.js";
import { bounded, kind, roundFields } from "../definition/kind.js";
import type { BenchContext, Measure, Measured } from "../context.js";
import { measureProgramGroup, type ProgramContender, type ProgramOptions } from "../program-group.js";
import { caseFields, planOfCase, plansOf } from "./plan-of-case.js";

const fields = {
  contenders: required(list(object("a contender", caseFields)), "programs; the first is what others are held against", [
    { name: "old", scenario: "old.yml" },
    { name: "new", scenario: "new.yml" },
  ]),
  ...roundFields(20),
  runs: bounded(50_000, 1_000_000, "runs of each program in a round"),
};

/** Programs of one's own, each as a scenario says: with its maps, globals and packet. */
export const programs = kind("programs of scenarios against each other", fields, (options): Measure => {
  const choice = { rounds: options.rounds, warmUpRounds: options["warm-up"], runs: options.runs };
  return async (context) => {
    const found: ProgramContender[] = [];
    for (const each of options.contenders)
      found.push({ id: each.name, title: each.name, plan: await planOfCase(each, context.file, context.seed) });
    return measurePrograms(found, choice, context);
  };
});

/** Every case of a scenario that sends a packet, held against the first. */
export const measureScenario: Measure = async (context) => {
  const plans = await plansOf(context.file, context.seed);
  const found = plans
    .filter(({ steps }) => steps.some(({ kind: step }) => step === "send"))
    .map((plan) => ({ id: plan.caseName, title: plan.caseName, plan }));
  return measurePrograms(found, { rounds: 20, warmUpRounds: 2, runs: 50_000 }, context);
};

async function measurePrograms(
  contenders: readonly ProgramContender[],
  options: ProgramOptions,
  context: BenchContext,
): Promise<Measured> {
  const [first, ...rest] = contenders;
  if (!first) throw harnessError("scenario", `${context.file}: there is no program to time`);
  const folder = new RunFolder(`bench-${process.pid}`);
  try {
    const spec = { id: "programs", title: "What a packet costs in the program", programs: [first, ...rest] } as const;
    return { groups: await measureProgramGroup(spec, options, folder, context), notes: [] };
  } finally {
    folder.close();
  }
}
