import { dirname, join } from "node:path";
import { HarnessError, harnessError } from "../../model/error.js";
import type { Plan } from "../../model/plan.js";
import { RunFolder } from "../../kernel/run-folder.js";
import { prepare } from "../../run/prepare.js";
import { list, located } from "../../scenario/decoder.js";
import { object, optional, required, type ObjectOf } from "../../scenario/object.js";
import { word } from "../../scenario/scalars.js";
import { bounded, kind, roundFields } from "../definition/kind.js";
import type { BenchContext, Measure, Measured } from "../context.js";
import { measureProgramGroup, type ProgramContender, type ProgramOptions } from "../program-group.js";

const contender = {
  name: required(word("a name"), "what it is called in tables", "hash"),
  scenario: required(located(word("a file name")), "a scenario file, relative to this one", "count-hash.yml"),
  case: optional(located(word("the name of a case")), "the case whose first packet is sent; absent: the first case"),
};

const fields = {
  contenders: required(list(object("a contender", contender)), "programs; the first is what others are held against", [
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
    const found = await Promise.all(options.contenders.map((each) => programOf(each, context.file, context.seed)));
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

async function programOf(written: ObjectOf<typeof contender>, file: string, seed: number): Promise<ProgramContender> {
  const { name, scenario } = written;
  const plans = await plansOf(join(dirname(file), scenario.value), seed);
  const plan = written.case ? plans.find(({ caseName }) => caseName === written.case!.value) : plans[0];
  if (!plan)
    throw harnessError("scenario", `${scenario.value} has no case '${written.case?.value}'`, {
      span: written.case?.span,
      hint: `it has: ${plans.map(({ caseName }) => `'${caseName}'`).join(", ")}`,
    });
  return { id: name, title: name, plan };
}

/** All mistakes of the file at once. */
async function plansOf(path: string, seed: number): Promise<readonly Plan[]> {
  const { prepared, diagnostics } = await prepare([path], seed);
  const [first, ...rest] = diagnostics;
  if (first) throw new HarnessError([first, ...rest]);
  return prepared.flatMap(({ plans }) => plans);
}
