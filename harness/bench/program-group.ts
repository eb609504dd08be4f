import { gunzipSync } from "node:zlib";
import type { BenchContender, BenchGroup } from "../model/bench.js";
import type { RunFolder } from "../kernel/run-folder.js";
import type { Plan } from "../model/plan.js";
import { readObject } from "../object/read-object.js";
import type { BenchContext } from "./context.js";
import { gateGroupId } from "./gate.js";
import { measureGroup, type Contender } from "./group.js";
import { programOf } from "./load-program.js";
import { PlannedProgram } from "./planned-program.js";

export interface ProgramOptions {
  readonly rounds: number;
  readonly warmUpRounds: number;
  /** Runs of a program in a round. */
  readonly runs: number;
}

/** A program with all that it needs to be run. */
export interface ProgramContender {
  readonly id: string;
  readonly title: string;
  readonly plan: Plan;
}

interface ProgramGroupSpec {
  readonly id: string;
  readonly title: string;
  readonly programs: readonly [ProgramContender, ...ProgramContender[]];
}

/**
 * Programs by BPF_PROG_TEST_RUN, against the first of them; and, where an earlier result has a program of the same
 * group and name, a group for each in which it and its successor take turns.
 */
export async function measureProgramGroup(
  spec: ProgramGroupSpec,
  options: ProgramOptions,
  folder: RunFolder,
  context: BenchContext,
): Promise<readonly BenchGroup[]> {
  const groups = [await measure(spec, options, folder, context.seed)];
  const before = context.previous?.groups.find(({ id }) => id === spec.id);
  for (const successor of spec.programs) {
    const old = before?.contenders.find(({ id }) => id === successor.id);
    if (!old?.program) continue;
    const predecessor = { id: "before", title: `${old.title}, as it was`, plan: planBefore(successor.plan, old) };
    const programs = [predecessor, { ...successor, id: "now", title: `${successor.title}, now` }] as const;
    const id = gateGroupId(spec.id, successor.id);
    groups.push(await measure({ id, title: `${spec.title}: then and now`, programs }, options, folder, context.seed));
  }
  return groups;
}

async function measure(
  { id, title, programs }: ProgramGroupSpec,
  options: ProgramOptions,
  folder: RunFolder,
  seed: number,
): Promise<BenchGroup> {
  const loaded: PlannedProgram[] = [];
  const load = async (plan: Plan): Promise<PlannedProgram> => {
    const program = await PlannedProgram.load(plan, folder);
    loaded.push(program);
    return program;
  };
  try {
    const contenders: Contender[] = [];
    for (const { plan, ...names } of programs) {
      const program = await load(plan);
      contenders.push({
        ...names,
        measure: () => program.measure(options.runs),
        finish: () => ({ exact: program.exact, program: program.program }),
      });
    }
    const again = await load(programs[0].plan);
    return await measureGroup({
      ...options,
      id,
      title,
      method: methodOf(loaded),
      unit: "ns",
      better: "lower",
      seed,
      contenders: contenders as [Contender, ...Contender[]],
      control: { id: programs[0].id, measure: () => again.measure(options.runs) },
      skipped: [],
    });
  } finally {
    for (const program of loaded) program.close();
  }
}

function methodOf(loaded: readonly PlannedProgram[]): string {
  const fresh = loaded.filter(({ timing }) => timing === "fresh").length;
  const repeat =
    "runs follow each other in the kernel, since the simulator counts the same work on the program's own output";
  const single =
    "every run has a new copy of the packet and is timed by itself; what an empty program takes so is subtracted";
  const way = fresh === 0 ? repeat : fresh === loaded.length ? single : `${repeat}; where it does not, ${single}`;
  return `BPF_PROG_TEST_RUN, by the kernel's clock: ${way}`;
}

/** The same case with the program as it was. */
function planBefore(plan: Plan, { program }: BenchContender): Plan {
  const bytes = gunzipSync(Buffer.from(program!.object, "base64"));
  const object = readObject(new Uint8Array(bytes), plan.object.name);
  return { ...plan, object, program: programOf(object, program!.entry) };
}
