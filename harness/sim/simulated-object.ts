import { HarnessError, harnessError, type Diagnostic } from "../model/error.js";
import { slotBytes } from "../isa/decode.js";
import type { BpfObject, GlobalSpec, MapSpec, ProgramSpec } from "../model/object.js";
import type { GlobalPatch } from "../model/plan.js";
import type { KernelTypes } from "../object/core-types.js";
import type { ObjectFile } from "../object/object-file.js";
import { Arena } from "./arena.js";
import type { Call } from "./call.js";
import type { Code } from "./code.js";
import { Counters, type CounterOptions } from "./counters.js";
import type { Instruments } from "./instruments.js";
import { createEngine, type EngineName } from "./engine.js";
import { Fault } from "./fault.js";
import { coreHelpers } from "./helpers/core.js";
import { objectHelpers } from "./helpers/objects.js";
import { mergeHelpers, type HelperTable } from "./helpers/table.js";
import { linkProgram } from "./link.js";
import { LinkCache } from "./link-cache.js";
import type { MemoryPool } from "./memory-pool.js";
import { Machine, type Engine, type Helper, type PacketLoader } from "./machine.js";
import { u32Key } from "./maps/array.js";
import { bytesNeeded, MapTable } from "./maps/map-table.js";
import { ReferenceStore } from "./maps/reference.js";
import { dataBytes, DataSections } from "./sections.js";
import { tailCallHelper } from "./special.js";
import type { World } from "./world.js";
import { calleeName, isKernelFunction } from "./kernel-functions.js";

/** What the programs of an object meet: the hook's context and packets, and the helpers that work on them. */
export interface HookWorld {
  readonly helpers: ReadonlyMap<number, Helper>;
  /** What legacy packet loads read; undefined where there are none. */
  readonly loader: PacketLoader | undefined;
}

export interface LoadOptions<H extends HookWorld> {
  readonly world: World;
  readonly engine: EngineName;
  /** Globals set before loading. */
  readonly globals: readonly GlobalPatch[];
  readonly hook: (arena: Arena, maps: MapTable, world: World) => H;
  /** Where the memory comes from, and goes to at `release`. */
  readonly memories?: MemoryPool;
  /** Programs of the object that other machines have linked. */
  readonly links?: LinkCache;
  /** Count what programs do, see `counters`. */
  readonly counting?: CounterOptions | undefined;
  /** What CO-RE relocations are resolved against; undefined = the object's own types. */
  readonly kernelTypes?: KernelTypes | undefined;
  /** Let programs read of the stack what they have not written: zeroes. */
  readonly clearsStack?: boolean;
  readonly instruments?: Instruments;
  /** How many hooks programs of the object are at, `hook` included; 1, if nothing is said. */
  readonly stages?: number;
  /** Objects that are to be loaded over this one: its memory has room for them. */
  readonly replacements?: readonly BpfObject[];
  /** The object in whose memory this one is, and whose maps of the same names it has. */
  readonly over?: SimulatedObject<HookWorld> | undefined;
}

/** Room for a hook's packet and context, and for the stack. */
const stageBytes = 1 << 19;

/** Two counters and the operands of a conditional jump. */
const mostCounterBytesPerInstruction = 24;

/** Behind both allocations of a program's counters. */
const redZonesBytes = 128;

/** No machine gets more than this. */
const mostBytes = 2 ** 30 - 2 ** 20;

/** Where the programs of one hook run, on the memory and maps of their object. */
export interface Stage<H extends HookWorld> {
  readonly hook: H;
  readonly machine: Machine;
  /** Of the object. */
  readonly maps: MapTable;
  /** As `SimulatedObject.program`, for this hook. */
  program(name: string): Engine;
}

/** An object on a simulated machine: maps made, globals set, programs linked when they are first needed. */
export class SimulatedObject<H extends HookWorld> {
  readonly object: BpfObject;
  readonly maps: MapTable;
  readonly machine: Machine;
  readonly hook: H;
  readonly #arena: Arena;
  readonly #world: World;
  /** By name: of every program that was linked so far; empty unless `counting` was asked for. */
  readonly counters = new Map<string, Counters>();
  readonly #counting: CounterOptions | undefined;
  readonly #instruments: Instruments;
  readonly #clearsStack: boolean;
  readonly #kernelTypes: KernelTypes | undefined;
  readonly #engineName: EngineName;
  readonly #file: ObjectFile;
  readonly #sections: DataSections;
  /** Lists and trees that all programs of the object share. */
  readonly #objectHelpers: HelperTable;
  readonly #program: (name: string) => Engine;
  readonly #links: LinkCache;
  /** Why maps are missing, by name: it matters to the programs that refer to them. */
  readonly #refusals = new Map<string, HarnessError>();

  /** Throws HarnessError "unsupported" for what is not simulated, "load" where memory is used up. */
  constructor(object: BpfObject, options: LoadOptions<H>) {
    const {
      world,
      engine,
      globals,
      hook,
      memories,
      links = new LinkCache(),
      counting,
      instruments = {},
      stages = 1,
      replacements = [],
      over,
    } = options;
    this.object = object;
    this.#instruments = instruments;
    this.#counting = counting;
    this.#clearsStack = options.clearsStack ?? false;
    this.#kernelTypes = options.kernelTypes;
    this.#engineName = engine;
    this.#links = links;
    this.#file = links.file(object);
    const specs = object.maps.map((spec) => withDefaults(spec, world.cpus));
    const needed = [object, ...replacements].reduce((sum, each) => sum + this.#bytesFor(each, world.cpus), 0);
    const roomBytes = (stages + replacements.length) * stageBytes + needed;
    const arena = over ? over.#arena : new Arena(Math.min(mostBytes, roomBytes), memories);
    this.#arena = arena;
    this.#world = world;
    this.maps = new MapTable(arena, world.cpus, over?.maps);
    this.#objectHelpers = objectHelpers(arena, (id) => structSize(this.#file, id));
    const stage = this.addHook(hook);
    this.hook = stage.hook;
    this.machine = stage.machine;
    this.#program = stage.program;
    for (const spec of specs) {
      const kept = over?.maps.get(spec.name);
      if (kept) this.maps.adopt(kept);
      else this.#createMap(spec);
    }
    this.#sections = new DataSections(this.#file.elf, object, globals, arena);
    // What is taken over stays as it is.
    for (const spec of specs) if (!over?.maps.get(spec.name)) this.#fillSlots(spec);
  }

  /** Memory for the maps, variables and counters of an object. */
  #bytesFor(object: BpfObject, cpus: number): number {
    const file = this.#links.file(object);
    const specs = object.maps.map((spec) => withDefaults(spec, cpus));
    const needed = specs.reduce((sum, spec) => sum + bytesNeeded(spec, cpus), dataBytes(file.elf));
    return 2 * needed + (this.#counting ? object.programs.length * mostCounterBytes(file) : 0);
  }

  /**
   * The engine that runs a program of the object.
   *
   * @throws HarnessError "unsupported" naming every helper that it calls and that is not simulated
   */
  program(name: string): Engine {
    return this.#program(name);
  }

  /** Room for programs of another hook, which share the object's memory and maps. */
  addHook<Other extends HookWorld>(make: LoadOptions<Other>["hook"]): Stage<Other> {
    const hook = make(this.#arena, this.maps, this.#world);
    const all = mergeHelpers(Object.fromEntries(hook.helpers), this.#objectHelpers, coreHelpers);
    const helpers = this.#instruments.helpers?.(all, this.maps) ?? all;
    const machine = new Machine(this.#arena, helpers, {
      tailCalls: this.object.maps.some(({ type }) => type === "prog_array"),
      clearsStack: this.#clearsStack,
    });
    const engines = new Map<string, Engine>();
    const program = (name: string): Engine => {
      const engine = engines.get(name) ?? this.#engineFor(name, machine);
      engines.set(name, engine);
      return engine;
    };
    machine.packet = hook.loader;
    machine.tailCallTarget = (call) => {
      const name = this.#tailCallTarget(call);
      return name === undefined ? undefined : program(name);
    };
    return { hook, machine, maps: this.maps, program };
  }

  #engineFor(name: string, machine: Machine): Engine {
    const spec = this.object.programs.find((program) => program.name === name);
    if (!spec) throw harnessError("object", `there is no program '${name}' in ${this.object.name}`);
    const code = this.#links.code(this.object, name, this.#layout, () => this.#link(spec));
    refuseMissingHelpers(code, machine.helpers);
    const engine = createEngine(this.#engineName, machine, code, this.#countersOf(code));
    this.#instruments.watch?.(engine);
    return engine;
  }

  #countersOf(code: Code): Counters | undefined {
    if (!this.#counting) return undefined;
    const counters = new Counters(code, this.#arena, this.#counting);
    this.counters.set(code.name, counters);
    return counters;
  }

  /** What a global variable holds now. */
  global({ name, section, offsetBytes, sizeBytes }: GlobalSpec): Uint8Array {
    const start = this.#sections.addressOf(section);
    if (start === undefined) throw harnessError("object", `variable '${name}' is in ${section}, which is not there`);
    return this.machine.arena.bytes.slice(start + offsetBytes, start + offsetBytes + sizeBytes);
  }

  /** Throws HarnessError "unsupported" for a map of a type that is not simulated. */
  requireMap(name: string): void {
    const refusal = this.#refusals.get(name);
    if (refusal) throw refusal;
  }

  #createMap(spec: MapSpec): void {
    try {
      this.maps.create(spec);
    } catch (error) {
      if (!(error instanceof HarnessError) || error.code !== "unsupported") throw error;
      this.#refusals.set(spec.name, error);
    }
  }

  /** Gives the machine's memory back; the object is gone with it, and whatever was loaded over it. */
  release(): void {
    this.#arena.release();
  }

  /** All addresses that linking puts into programs. */
  get #layout(): string {
    return [...[...this.maps.all].map(({ address }) => address), ...this.#sections.addresses].join();
  }

  #link({ section, name }: ProgramSpec): Code {
    return linkProgram(this.#file, section, name, {
      mapAddress: (map) => {
        this.requireMap(map);
        return this.maps.get(map)?.address;
      },
      sectionAddress: (data) => this.#sections.addressOf(data),
      externAddress: (extern) => this.#sections.addressOfExtern(extern),
      kernelTypes: this.#kernelTypes,
    });
  }

  #tailCallTarget(call: Call): string | undefined {
    const map = this.maps.at(call.address(2));
    if (!(map instanceof ReferenceStore)) throw new Fault(`takes map '${map.spec.name}' for an array of programs`);
    const target = map.get(u32Key(call.u32(3)));
    return target?.kind === "program" ? target.name : undefined;
  }

  /** What the object itself puts into arrays of programs and maps of maps. */
  #fillSlots({ name, slots }: MapSpec): void {
    const map = this.maps.get(name);
    if (!(map instanceof ReferenceStore)) return;
    for (const { index, target } of slots) {
      const store = this.maps.get(target);
      if (store) map.put(u32Key(index), { kind: "map", store });
      else map.put(u32Key(index), { kind: "program", name: target });
    }
  }
}

function refuseMissingHelpers(code: Code, helpers: HookWorld["helpers"]): void {
  const missing = code.instructions.flatMap(({ slot, instruction }): Diagnostic[] => {
    if (instruction.kind !== "callHelper" || instruction.helper === tailCallHelper) return [];
    if (helpers.has(instruction.helper)) return [];
    const line = code.lineOf(slot);
    const place = line ? `${line.file}:${line.line}` : `instruction ${slot} of '${code.name}'`;
    const name = calleeName(instruction.helper) ?? "unknown";
    const what = isKernelFunction(instruction.helper)
      ? `kernel function '${name}'`
      : `helper ${name} (#${instruction.helper})`;
    return [{ code: "unsupported", message: `${what} at ${place} is not simulated` }];
  });
  const [first, ...rest] = missing;
  if (first) throw new HarnessError([first, ...rest]);
}

/** What the counters of one program may take, with its functions from all sections. */
function mostCounterBytes({ elf }: ObjectFile): number {
  const codeBytes = elf.sections.reduce((sum, { executable, sizeBytes }) => sum + (executable ? sizeBytes : 0), 0);
  return (codeBytes / slotBytes) * mostCounterBytesPerInstruction + redZonesBytes;
}

/** Size of a struct by its BTF id. */
function structSize({ types }: ObjectFile, id: number): number | undefined {
  const type = types?.resolve(id);
  return type?.kind === "struct" ? type.sizeBytes : undefined;
}

/** A perf buffer without a size has a slot for every CPU (libbpf's `map_set_def_max_entries`). */
function withDefaults(spec: MapSpec, cpus: number): MapSpec {
  return spec.type === "perf_event_array" && spec.maxEntries === 0 ? { ...spec, maxEntries: cpus } : spec;
}
