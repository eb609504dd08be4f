import { HarnessError } from "../model/error.js";
import type { FunctionCoverage } from "../model/coverage.js";
import type { BpfObject } from "../model/object.js";
import type { Packet } from "../model/packet.js";
import type { Plan } from "../model/plan.js";
import { mutantsOf, type Mutant } from "../fuzz/mutants.js";
import { Distinguisher, type Difference } from "../fuzz/tell-apart.js";
import { SimSession } from "../sim/session.js";
import { outcomeOf } from "../judge/outcome.js";
import { observe } from "./run-job.js";

/** What the scenarios of a program make of its mutants. */
export interface MutationResult {
  readonly program: string;
  readonly file: string;
  readonly mutants: number;
  readonly caught: number;
  readonly survivors: readonly Survivor[];
  /** Mutants that no packet was found for that fares any different: no scenario could catch them, as far as one knows. */
  readonly alike: readonly Mutant[];
}

export interface Survivor {
  readonly mutant: Mutant;
  /** Cases that come by the changed line. */
  readonly cases: number;
  /** Undefined where no packets can be tried: it may be that the mutant is none. */
  readonly difference: Difference | undefined;
}

/**
 * Runs a program's cases with every mutant of it, in the simulator. Cases that fail, are expected to fail, or cannot
 * run there, say nothing about mutants.
 *
 * @param plans of one object
 */
export async function runMutants(plans: readonly Plan[], progress: (done: number, all: number) => void) {
  const [{ object, program, file }] = plans as [Plan, ...Plan[]];
  const cases = await soundCases(plans);
  const lines = new Set(cases.flatMap((each) => [...each.lines.keys()]));
  const functions = new Set(cases.flatMap(({ sections }) => [...sections]));
  const mutants = mutantsOf(object).filter(({ section, line }) => functions.has(section) && lines.has(keyOf(line)));
  const survivors: Survivor[] = [];
  const alike: Mutant[] = [];
  const distinguishers = new Lazy(() => distinguishersOf(cases.map(({ plan }) => plan)));
  let caught = 0;
  for (const [index, mutant] of mutants.entries()) {
    progress(index, mutants.length);
    const key = keyOf(mutant.line);
    const passing = cases.filter((each) => each.lines.get(key)! > 0);
    if (await isCaught(mutant.object(), passing)) {
      caught++;
      continue;
    }
    const difference = firstDifference(distinguishers.value, mutant.object());
    if (difference || distinguishers.value.length === 0) survivors.push({ mutant, cases: passing.length, difference });
    else alike.push(mutant);
  }
  for (const each of distinguishers.value) each.close();
  return { program: program.name, file, mutants: mutants.length, caught, survivors, alike };
}

interface SoundCase {
  readonly plan: Plan;
  /** Hits by `file:line`, lines that were not come to included. */
  readonly lines: ReadonlyMap<string, number>;
  readonly sections: ReadonlySet<string>;
}

async function soundCases(plans: readonly Plan[]): Promise<SoundCase[]> {
  const session = new SimSession("jit", { coverage: true });
  const cases: SoundCase[] = [];
  for (const plan of plans) {
    if (plan.skip !== undefined || plan.xfail.sim !== undefined || session.missing(plan).length > 0) continue;
    try {
      const { judgement } = await observe({ plan, backend: "sim" }, session);
      const coverage = session.takeCoverage();
      if (outcomeOf(plan, "sim", judgement).kind !== "passed") continue;
      const sections = new Set(coverage.map(({ section }) => section));
      cases.push({ plan, lines: linesOf(coverage), sections });
    } catch (error) {
      if (!(error instanceof HarnessError)) throw error;
    }
  }
  return cases;
}

function linesOf(coverage: readonly FunctionCoverage[]): Map<string, number> {
  const hits = new Map<string, number>();
  for (const { lines } of coverage)
    for (const line of lines) hits.set(keyOf(line), Math.max(hits.get(keyOf(line)) ?? 0, line.hits));
  return hits;
}

function keyOf({ file, line }: { readonly file: string; readonly line: number }): string {
  return `${file}:${line}`;
}

async function isCaught(object: BpfObject, cases: readonly SoundCase[]): Promise<boolean> {
  const session = new SimSession("jit");
  for (const { plan } of cases) {
    try {
      const changed = { ...plan, object };
      if (session.missing(changed).length > 0) continue;
      const { judgement } = await observe({ plan: changed, backend: "sim" }, session);
      if (judgement.mismatches.length > 0) return true;
    } catch (error) {
      if (!(error instanceof HarnessError)) throw error;
    }
  }
  return false;
}

/** One for every set-up of maps and variables. */
function distinguishersOf(plans: readonly Plan[]): Distinguisher[] {
  const setUps = new Map<string, { plan: Plan; packets: Packet[] }>();
  for (const plan of plans) {
    const key = JSON.stringify([plan.program.name, plan.maps, plan.globals], (_, value: unknown) =>
      typeof value === "bigint" ? String(value) : value instanceof Uint8Array ? value.join() : value,
    );
    const known = setUps.get(key) ?? { plan, packets: [] };
    setUps.set(key, known);
    for (const step of plan.steps) if (step.kind === "send") known.packets.push(...step.packets);
  }
  return [...setUps.values()].flatMap(({ plan, packets }) => {
    try {
      const frames = packets.filter(({ linkType, bytes }) => linkType === "ethernet" && bytes.length <= 1514);
      return [new Distinguisher({ ...plan, before: [] }, frames)];
    } catch (error) {
      if (error instanceof HarnessError) return [];
      throw error;
    }
  });
}

function firstDifference(distinguishers: readonly Distinguisher[], object: BpfObject): Difference | undefined {
  for (const each of distinguishers) {
    const difference = each.difference(object);
    if (difference) return difference;
  }
  return undefined;
}

/** Made when it is asked for. */
class Lazy<T> {
  readonly #make: () => T;
  #made: T | undefined;

  constructor(make: () => T) {
    this.#make = make;
  }

  get value(): T {
    return (this.#made ??= this.#make());
  }
}
