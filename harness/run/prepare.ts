import { dirname, join, resolve } from "node:path";
import { HarnessError, type Diagnostic } from "../model/error.js";
import type { BpfObject } from "../model/object.js";
import type { Plan } from "../model/plan.js";
import type { Located, Scenario } from "../model/scenario.js";
import type { Span } from "../model/span.js";
import { applyPolicies } from "../policy/apply.js";
import { planScenario } from "../plan/plan.js";
import { parseScenario } from "../scenario/parse.js";
import { findObject } from "./object.js";
import { readInput } from "./read-input.js";

export interface PreparedScenario {
  readonly file: string;
  readonly scenario: Scenario;
  readonly plans: readonly Plan[];
}

export interface Preparation {
  readonly prepared: readonly PreparedScenario[];
  /** Everything that is wrong in any file. */
  readonly diagnostics: readonly Diagnostic[];
  /** Texts of the files that diagnostics point into. */
  readonly texts: ReadonlyMap<string, string>;
}

/** Reads, parses and plans scenario files: all that can go wrong without running anything. */
export async function prepare(files: readonly string[], seed: number): Promise<Preparation> {
  const prepared: PreparedScenario[] = [];
  const diagnostics: Diagnostic[] = [];
  const texts = new Map<string, string>();
  for (const file of files) {
    const text = new TextDecoder().decode(await readInput(file));
    texts.set(file, text);
    const parsed = parseScenario(text, file);
    diagnostics.push(...parsed.diagnostics);
    if (!parsed.scenario || parsed.diagnostics.length > 0) continue;
    try {
      prepared.push(await prepareScenario(parsed.scenario, seed, texts));
    } catch (error) {
      if (!(error instanceof HarnessError)) throw error;
      diagnostics.push(...error.diagnostics);
    }
  }
  return { prepared, diagnostics, texts };
}

/** Plans a scenario that is parsed already; `texts` gets the texts of files that it names. */
export async function prepareScenario(
  written: Scenario,
  seed: number,
  texts: Map<string, string>,
): Promise<PreparedScenario> {
  const scenario = await applyPolicies(written, async (path, span) => {
    const file = join(dirname(written.file), path);
    const text = new TextDecoder().decode(await readInput(file, span));
    texts.set(file, text);
    return { text, file };
  });
  const object = await findObject(scenario.program, scenario.file);
  const readCapture = (path: string, span: Span): Promise<Uint8Array> =>
    readInput(resolve(dirname(scenario.file), path), span);
  const findOther = (program: Located<string>): Promise<BpfObject> => findObject(program, scenario.file);
  const plans = await planScenario(scenario, object, { seed, readCapture, findObject: findOther });
  return { file: scenario.file, scenario, plans };
}
