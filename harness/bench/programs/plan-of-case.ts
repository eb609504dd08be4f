import { dirname, join } from "node:path";
import { HarnessError, harnessError } from "../../model/error.js";
import type { Plan } from "../../model/plan.js";
import type { Located } from "../../model/scenario.js";
import { prepare } from "../../run/prepare.js";
import { located } from "../../scenario/decoder.js";
import { optional, required } from "../../scenario/object.js";
import { word } from "../../scenario/scalars.js";

/** How a benchmark file names a case of a scenario. */
export const caseFields = {
  name: required(word("a name"), "what it is called in tables", "hash"),
  scenario: required(located(word("a file name")), "a scenario file, relative to this one", "count-hash.yml"),
  case: optional(located(word("the name of a case")), "a case of it; absent: the first"),
};

interface WrittenCase {
  readonly scenario: Located<string>;
  readonly case: Located<string> | undefined;
}

export async function planOfCase({ scenario, case: wanted }: WrittenCase, file: string, seed: number): Promise<Plan> {
  const plans = await plansOf(join(dirname(file), scenario.value), seed);
  const plan = wanted ? plans.find(({ caseName }) => caseName === wanted.value) : plans[0];
  if (plan) return plan;
  throw harnessError("scenario", `${scenario.value} has no case '${wanted?.value}'`, {
    span: wanted?.span,
    hint: `it has: ${plans.map(({ caseName }) => `'${caseName}'`).join(", ")}`,
  });
}

/** @throws HarnessError with all mistakes of the file. */
export async function plansOf(path: string, seed: number): Promise<readonly Plan[]> {
  const { prepared, diagnostics } = await prepare([path], seed);
  const [first, ...rest] = diagnostics;
  if (first) throw new HarnessError([first, ...rest]);
  return prepared.flatMap(({ plans }) => plans);
}
