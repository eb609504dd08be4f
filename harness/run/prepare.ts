import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { HarnessError, harnessError, type Diagnostic } from "../model/error.js";
import type { Plan } from "../model/plan.js";
import type { Scenario } from "../model/scenario.js";
import { planScenario } from "../plan/plan.js";
import { parseScenario } from "../scenario/parse.js";
import { findObject } from "./object.js";

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
    const text = await readText(file);
    texts.set(file, text);
    const parsed = parseScenario(text, file);
    diagnostics.push(...parsed.diagnostics);
    if (!parsed.scenario || parsed.diagnostics.length > 0) continue;
    try {
      prepared.push(await prepareScenario(parsed.scenario, seed));
    } catch (error) {
      if (!(error instanceof HarnessError)) throw error;
      diagnostics.push(...error.diagnostics);
    }
  }
  return { prepared, diagnostics, texts };
}

async function prepareScenario(scenario: Scenario, seed: number): Promise<PreparedScenario> {
  const object = await findObject(scenario.program, scenario.file);
  const readCapture = async (path: string): Promise<Uint8Array> =>
    new Uint8Array(await readFile(resolve(dirname(scenario.file), path)));
  const plans = await planScenario(scenario, object, { seed, readCapture });
  return { file: scenario.file, scenario, plans };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw harnessError("usage", `cannot read ${file}: ${(cause as Error).message}`, { cause });
  }
}
