import type { ObjectPlan } from "../model/by-object.js";
import { harnessError } from "../model/error.js";
import { isSocketHook, type ProgramType } from "../model/hook.js";
import type { Plan } from "../model/plan.js";
import { packetHook, type PacketHook } from "./hooks/packet-hook.js";
import { neededPrograms } from "./needs.js";
import { SimulatedObject, type LoadOptions, type Stage } from "./simulated-object.js";

type Options = Omit<LoadOptions<PacketHook>, "hook" | "globals" | "stages" | "replacements">;

/** The programs that swaps put in the place of the one under test, over the maps of its object. */
export function loadReplacements(main: LoadedPlan, options: Options): readonly LoadedPlan[] {
  const { plan } = main;
  return (plan.replacements ?? []).map(({ object, program }) => {
    const taken = object.maps.find(({ name, type }) => type === "prog_array" && main.object.maps.get(name));
    if (taken) throw harnessError("unsupported", `swap: the program array '${taken.name}' that a program takes over`);
    const own = { ...plan, object, program, attach: [], globals: [], maps: [], steps: [], pins: {}, replacements: [] };
    return new LoadedPlan({ name: "", plan: own }, { ...options, over: main.object });
  });
}

/** One of a plan's objects on the simulated machine, with a stage for programs of each type. */
export class LoadedPlan {
  /** "" for the object under test. */
  readonly name: string;
  readonly plan: Plan;
  readonly object: SimulatedObject<PacketHook>;
  readonly #stages = new Map<ProgramType, Stage<PacketHook>>();

  /** Throws HarnessError "unsupported" for what is not simulated, "load" where memory is used up. */
  constructor({ name, plan }: ObjectPlan, options: Options) {
    this.name = name;
    this.plan = plan;
    const hook = hookFor(plan.programType);
    const stages = typesOf(plan).size;
    const replacements = (plan.replacements ?? []).map(({ object }) => object);
    this.object = new SimulatedObject(plan.object, { ...options, hook, globals: plan.globals, stages, replacements });
    this.#stages.set(stageTypeOf(plan.programType), this.object);
  }

  /** Where programs of a type run; they share the object's maps. */
  stage(type: ProgramType): Stage<PacketHook> {
    const name = stageTypeOf(type);
    const stage = this.#stages.get(name) ?? this.object.addHook(hookFor(type));
    this.#stages.set(name, stage);
    return stage;
  }

  /** The stage that a program belongs to by its section; the object's own where that does not say. */
  stageOf(program: string): Stage<PacketHook> {
    const type = this.plan.object.programs.find(({ name }) => name === program)?.type;
    return this.stage(type && devicePrograms.has(type) ? type : this.plan.programType);
  }
}

function hookFor(type: ProgramType): LoadOptions<PacketHook>["hook"] {
  const hook = packetHook(type);
  if (!hook) throw harnessError("unsupported", `programs of type ${type} are not simulated`);
  return hook;
}

/** What is attached to packets' ways, and what that leads to; sockets have stages of their own. */
function typesOf(plan: Plan): ReadonlySet<ProgramType> {
  const attached = plan.attach.filter(({ hook }) => !isSocketHook(hook)).map((each) => each.programType);
  const needed = [...neededPrograms(plan)].map(
    (name) => plan.object.programs.find((program) => program.name === name)?.type,
  );
  const ofPackets = needed.filter((type) => type !== undefined && devicePrograms.has(type));
  return new Set([plan.programType, ...attached, ...ofPackets].map((type) => stageTypeOf(type!)));
}

const devicePrograms: ReadonlySet<ProgramType> = new Set(["xdp", "sched_cls", "sched_act"]);

function stageTypeOf(type: ProgramType): ProgramType {
  return type === "sched_act" ? "sched_cls" : type;
}
