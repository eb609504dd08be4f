import { harnessError } from "../model/error.js";
import type { Packet } from "../model/packet.js";
import type { BpfObject, MapSpec } from "../model/object.js";
import type { MapPatch } from "../model/plan.js";
import type { Counters } from "../sim/counters.js";
import type { EngineName } from "../sim/engine.js";
import { Fib } from "../sim/fib.js";
import { ProgramFault } from "../sim/fault.js";
import { packetHook, type PacketHook } from "../sim/hooks/packet-hook.js";
import { LinkCache } from "../sim/link-cache.js";
import type { Engine } from "../sim/machine.js";
import { MemoryPool } from "../sim/memory-pool.js";
import { SimulatedObject } from "../sim/simulated-object.js";
import { applyMapPatches } from "../sim/user-space.js";
import { World } from "../sim/world.js";
import type { Subject } from "./subject.js";
import { perform, type Answer, type ProgramMistake, type Target } from "./target.js";
import { hasFixedEntries, watchedHook, type Watch } from "./watched-hook.js";

export interface SimTargetOptions {
  readonly engine?: EngineName;
  /** Count which ways the program goes, and keep what it compares. */
  readonly counting?: boolean;
  readonly name?: string;
}

/** More than this is not compared and copied after every run: such a machine is built anew. */
const mostSnapshotBytes = 1 << 17;

/** Larger hashes take longer to make anew than a few packets could ever fill. */
const mostEntries = 256;

const nothing = new Uint8Array();

/**
 * A program in the simulator that runs hundreds of thousands of packets a second, and is put back into its first
 * state in less time than it takes to run one: memory is compared and copied, and only where entries came and went
 * is the machine built anew.
 */
export class SimTarget implements Target {
  readonly name: string;
  readonly #subject: Subject;
  readonly #options: SimTargetOptions;
  readonly #shared = { memories: new MemoryPool(), links: new LinkCache() };
  readonly #watch: Watch = { changed: false, missed: undefined };
  /** A program's change before user space last changed a map. */
  #hasRemembered = false;
  /** Memory alone does not bring back what was there. */
  #entriesChanged = false;
  #set!: SetUp;

  /** Throws HarnessError "unsupported" that names all that the program needs and that is not simulated. */
  constructor(subject: Subject, options: SimTargetOptions = {}) {
    this.#subject = { ...subject, object: withSmallMaps(subject) };
    this.#options = options;
    this.name = options.name ?? (options.engine === "interpreter" ? "sim (interpreter)" : "sim");
    this.#build();
  }

  /** Undefined unless `counting` was asked for. Another object after a `reset`, perhaps. */
  get counters(): Counters | undefined {
    return this.#set.counters;
  }

  get watch(): Watch {
    return this.#watch;
  }

  /** Whether the program may have made maps or variables other than they were; what user space did does not count. */
  get hasChanged(): boolean {
    return this.#hasRemembered || this.#remembers();
  }

  /** The same since user space last changed a map. */
  #remembers(): boolean {
    const { memory, reference } = this.#set;
    if (this.#watch.changed || !memory || !reference) return true;
    for (let i = 0; i < memory.length; i++) if (memory[i] !== reference[i]) return true;
    return false;
  }

  reset(): void {
    const { memory, snapshot, object } = this.#set;
    const isAnew = this.#watch.changed || this.#entriesChanged || !memory || !snapshot;
    this.#hasRemembered = false;
    this.#entriesChanged = false;
    if (isAnew) {
      object.release();
      this.#build();
    } else {
      memory.set(snapshot);
      this.#set.reference = snapshot;
    }
    this.#set.world.takePrinted();
  }

  /** Whether maps and variables hold what another target of the same set-up holds; true where there is too much to compare. */
  holdsTheSame(other: SimTarget): boolean {
    const [mine, theirs] = [this.#set.memory, other.#set.memory];
    if (!mine || !theirs || mine.length !== theirs.length) return true;
    for (let i = 0; i < mine.length; i++) if (mine[i] !== theirs[i]) return false;
    return true;
  }

  /** Lines that programs have printed since this was asked last, or since the last `reset`. */
  takePrinted(): readonly string[] {
    return this.#set.world.takePrinted();
  }

  /** The output is there until the next run. */
  run(packet: Packet): Answer {
    const { returned, fault } = this.runOnly(packet);
    return { returned, fault, bytes: fault ? nothing : this.output() };
  }

  /** As `run`, where nobody looks at the bytes that come out. */
  runOnly(packet: Packet): Pick<Answer, "returned" | "fault"> {
    const { object, engine } = this.#set;
    const { hook, machine } = object;
    hook.accept(packet, {});
    try {
      machine.run(engine, hook.context);
    } catch (error) {
      if (error instanceof ProgramFault) return { returned: 0, fault: mistakeOf(error) };
      throw error;
    }
    return { returned: machine.arguments.result32 | 0, fault: undefined };
  }

  output(): Uint8Array {
    return this.#set.object.hook.output() ?? nothing;
  }

  update(patches: readonly MapPatch[]): void {
    this.#hasRemembered ||= this.#remembers();
    this.#entriesChanged ||= patches.some(({ map }) => !hasFixedEntries(map.type));
    this.#apply(patches);
    this.#set.reference = this.#set.memory?.slice();
  }

  advance(durationNs: bigint): void {
    this.#hasRemembered = true;
    this.#entriesChanged = true;
    this.#set.world.clock.advance(durationNs);
  }

  close(): void {
    this.#set.object.release();
  }

  #build(): void {
    const { object: bpf, programType, program, globals, maps, seed, topology } = this.#subject;
    const make = packetHook(programType);
    if (!make) throw harnessError("unsupported", `programs of type ${programType} are not simulated`);
    const { host: name, dev } = topology.attach;
    const host = topology.hosts.find((each) => each.name === name);
    const others = (host?.interfaces ?? []).map((own) => own.dev).filter((each) => each !== dev);
    const devices = ["", dev, ...others];
    const world = new World({ seed, devices: devices.map((_, i) => i).slice(1), fib: new Fib(host, devices) });
    const { engine: engineName = "jit", counting } = this.#options;
    const object = new SimulatedObject(bpf, {
      world,
      engine: engineName,
      globals,
      hook: watchedHook(make, this.#watch),
      ...this.#shared,
      ...(counting && { counting: { compares: true } }),
    });
    const memory = memoryOf(object);
    const engine = object.program(program.name);
    this.#set = { world, object, engine, devices, counters: object.counters.get(program.name) };
    this.#apply(maps);
    for (const command of this.#subject.before) perform(this, command);
    this.#watch.changed = false;
    this.#hasRemembered = false;
    this.#entriesChanged = false;
    if (!memory) return;
    const snapshot = memory.slice();
    this.#set = { ...this.#set, memory, snapshot, reference: snapshot };
  }

  #apply(patches: readonly MapPatch[]): void {
    const { object, world, devices } = this.#set;
    applyMapPatches(object.maps, world, patches, {
      socketOf: () => undefined,
      ifindexOf: (dev) => Math.max(1, devices.indexOf(dev)),
    });
  }
}

/** What is set up has to fit, and what packets add to it. */
function withSmallMaps({ object, maps: patches }: Subject): BpfObject {
  const isLarge = ({ type, maxEntries }: MapSpec): boolean => type.endsWith("hash") && maxEntries > mostEntries;
  if (!object.maps.some(isLarge)) return object;
  const maps = object.maps.map((map) => {
    const own = patches.filter((patch) => patch.map.name === map.name).length;
    return isLarge(map) ? { ...map, maxEntries: Math.min(map.maxEntries, mostEntries + own) } : map;
  });
  return { ...object, maps };
}

interface SetUp {
  readonly world: World;
  readonly object: SimulatedObject<PacketHook>;
  readonly engine: Engine;
  readonly devices: readonly string[];
  readonly counters: Counters | undefined;
  /** Maps and global variables, and what they held at first; undefined where these are large. */
  readonly memory?: BigUint64Array;
  readonly snapshot?: BigUint64Array;
  /** What they held when user space last changed a map. */
  reference?: BigUint64Array | undefined;
}

/** Everything from the first map on: maps and global variables; undefined where that is much. */
function memoryOf({ maps, machine }: SimulatedObject<PacketHook>): BigUint64Array | undefined {
  const { arena } = machine;
  const addresses = [...maps.all].map(({ address }) => address);
  const end = arena.reserve(8, 0, "the end of what is set up");
  // Where there is no map there may still be global variables, behind the context and the stack.
  const start = (addresses.length > 0 ? Math.min(...addresses) : machine.entryFrame) & ~7;
  if (end - start > mostSnapshotBytes) return undefined;
  return new BigUint64Array(arena.memory.buffer, start, (end - start) >> 3);
}

function mistakeOf({ message, source, slot }: ProgramFault): ProgramMistake {
  return { message, place: source ?? `instruction ${slot}` };
}
