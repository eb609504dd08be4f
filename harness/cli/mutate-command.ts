import type { Plan } from "../model/plan.js";
import { findScenarios } from "../run/find-scenarios.js";
import { runMutants, type MutationResult } from "../run/mutate.js";
import { prepare } from "../run/prepare.js";
import { exitStatus } from "./exit-status.js";
import { printDiagnostics } from "./report-error.js";
import { StatusLine } from "./status-line.js";
import { writeJson } from "./write-json.js";

export interface MutateCommandOptions {
  readonly seed: number;
  readonly json?: string;
  /** Percent of the mutants that make a difference. */
  readonly least?: number;
}

/** `packetproof mutate`: returns the exit status. */
export async function mutateCommand(paths: readonly string[], options: MutateCommandOptions): Promise<number> {
  const { prepared, diagnostics, texts } = await prepare(await findScenarios(paths), options.seed);
  if (diagnostics.length > 0) {
    printDiagnostics(diagnostics, texts);
    return exitStatus.badInput;
  }
  const status = new StatusLine(process.stdout);
  const results: MutationResult[] = [];
  for (const plans of byProgram(prepared.flatMap((scenario) => scenario.plans))) {
    const { name } = plans[0]!.program;
    const result = await runMutants(plans, (done, all) => status.show(`${name}: mutant ${done + 1} of ${all}`));
    status.clear();
    if (result.mutants === 0) continue;
    results.push(result);
    process.stdout.write(`${resultText(result)}\n`);
  }
  const rates = results.map(rateOf);
  if (results.length > 1) {
    const [caught, survived] = [sum(results, (each) => each.caught), sum(results, (each) => each.survivors.length)];
    process.stdout.write(`${results.length} programs: ${percent(caught / Math.max(1, caught + survived))} caught\n`);
  }
  if (options.json !== undefined) await writeJson(options.json, { schemaVersion: 1, programs: results.map(jsonOf) });
  const { least = 0 } = options;
  return rates.some((rate) => rate * 100 < least) ? exitStatus.failed : exitStatus.passed;
}

/** Cases of all files that test the same program belong together. */
function byProgram(plans: readonly Plan[]): Plan[][] {
  const groups = new Map<string, Plan[]>();
  for (const plan of plans) {
    if (plan.load.fails) continue;
    const key = `${plan.object.name} ${plan.program.name}`;
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push(group[0] ? { ...plan, object: group[0].object } : plan);
  }
  return [...groups.values()];
}

function resultText(result: MutationResult): string {
  const { program, mutants, caught, survivors, alike } = result;
  const lines = new Map<string, string[]>();
  for (const { mutant, cases, difference } of survivors) {
    const { file, line, text } = mutant.line;
    const place = `${file}:${line}  ${text.trim()}`;
    const known = lines.get(place) ?? [];
    lines.set(place, known);
    const seen = cases === 1 ? "1 case comes by" : cases === 0 ? "no case comes by" : `${cases} cases come by`;
    known.push(
      `  ${mutant.mistake}: ${mutant.before}  →  ${mutant.after} (${seen})`,
      difference ? `    ${difference.what}: ${difference.layers}` : "    what it does otherwise was not looked for",
    );
  }
  const found = [...lines].flatMap(([place, each]) => [place, ...each]);
  const score = `${caught} of ${caught + survivors.length} mutants caught, ${percent(rateOf(result))}`;
  const rest = alike.length > 0 ? `; ${alike.length} of ${mutants} fare no different for any packet tried` : "";
  return [...found, `${program}: ${score}${rest}`].join("\n");
}

function rateOf({ caught, survivors }: MutationResult): number {
  return caught / Math.max(1, caught + survivors.length);
}

function percent(rate: number): string {
  return `${(rate * 100).toFixed(1)} %`;
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

function jsonOf({ program, file, mutants, caught, survivors, alike }: MutationResult) {
  return {
    ...{ program, file, mutants, caught, alike: alike.length },
    survivors: survivors.map(({ mutant, cases, difference }) => ({
      ...{ file: mutant.line.file, line: mutant.line.line, text: mutant.line.text.trim() },
      ...{ mistake: mutant.mistake, before: mutant.before, after: mutant.after },
      ...{ cases, what: difference?.what, packet: difference?.layers },
    })),
  };
}
