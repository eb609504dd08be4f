import type { Session } from "../model/backend.js";
import { harnessError } from "../model/error.js";
import { verdictName, type ProgramType } from "../model/hook.js";
import type { MapObservation, Observation } from "../model/observation.js";
import type { Plan, PlannedSend, PlannedStep } from "../model/plan.js";
import { toHex } from "../model/hex.js";
import type { EngineName } from "./engine.js";
import { ProgramFault } from "./fault.js";
import { Fib } from "./fib.js";
import { packetHook, type PacketHook } from "./hooks/packet-hook.js";
import type { MapStore } from "./maps/map-store.js";
import { PerfEventArrayStore } from "./maps/perf-event-array.js";
import { ReferenceStore } from "./maps/reference.js";
import { RingBufferStore } from "./maps/ring-buffer.js";
import { missingFor } from "./missing.js";
import { SimulatedObject } from "./simulated-object.js";
import { applyMapPatches } from "./user-space.js";
import { World } from "./world.js";

/** Runs plans on simulated machines, a new one for each: on any operating system, without privileges. */
export class SimSession implements Session {
  readonly #engine: EngineName;

  constructor(engine: EngineName) {
    this.#engine = engine;
  }

  missing(plan: Plan): readonly string[] {
    return missingFor(plan, () => new PlanRun(plan, this.#engine));
  }

  run(plan: Plan): Promise<readonly Observation[]> {
    return new Promise((resolve) => resolve(new PlanRun(plan, this.#engine).run()));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** What repeated runs of one packet came to. */
interface Result {
  readonly returned: number;
  readonly observations: readonly Observation[];
  /** Equal for runs that cannot be told apart. */
  readonly fingerprint: string;
  runs: number;
}

/** One plan on one machine. */
class PlanRun {
  readonly #plan: Plan;
  readonly #world: World;
  readonly #object: SimulatedObject<PacketHook>;
  /** Names of the interfaces by index; 1 is the one that the program is attached to. */
  readonly #devices: readonly string[];
  #unloaded = false;

  constructor(plan: Plan, engine: EngineName) {
    const hook = packetHook(plan.programType);
    if (!hook) throw harnessError("unsupported", `programs of type ${plan.programType} are not simulated`);
    this.#plan = plan;
    this.#devices = ["", ...devicesOf(plan)];
    const devices = [...this.#devices.keys()].slice(1);
    const host = plan.topology.hosts.find(({ name }) => name === plan.topology.attach.host);
    this.#world = new World({ seed: plan.seed, devices, fib: new Fib(host, this.#devices) });
    this.#object = new SimulatedObject(plan.object, { world: this.#world, engine, globals: plan.globals, hook });
    this.#object.program(plan.program.name);
  }

  run(): Observation[] {
    this.#applyMaps(this.#plan.maps);
    const seen: Observation[] = [{ kind: "load", accepted: true, log: "", errno: 0 }, ...this.#observeState(-1)];
    for (const step of this.#plan.steps) {
      for (const observation of this.#runStep(step)) seen.push(observation);
      for (const observation of this.#observeState(step.index)) seen.push(observation);
    }
    return seen;
  }

  #runStep(step: PlannedStep): Observation[] {
    switch (step.kind) {
      case "send":
        return step.packets.flatMap((_, packet) => this.#send(step, packet));
      case "maps":
        this.#applyMaps(step.patches);
        return [];
      case "unload":
        this.#unloaded = true;
        return [];
      case "expect":
        return [];
      case "ping":
      case "http":
      case "run":
        break;
    }
    throw harnessError("unsupported", `${step.kind} steps need real sockets`, { hint: "use backend wire" });
  }

  #applyMaps(patches: Plan["maps"]): void {
    applyMapPatches(this.#object.maps, this.#world, patches, {
      program: (name) => this.#object.program(name),
      ifindexOf: (dev) => Math.max(1, this.#devices.indexOf(dev)),
    });
  }

  /** One observation for each different result of a packet's runs. */
  #send(step: PlannedSend, packet: number): Observation[] {
    const results = new Map<string, Result>();
    for (let run = 0; run < step.times; run++) {
      this.#world.cpu = (run % step.senders) % this.#world.cpus;
      const result = this.#runPacket(step, packet);
      const known = results.get(result.fingerprint);
      if (known) known.runs++;
      else results.set(result.fingerprint, result);
    }
    return [...results.values()].flatMap(({ observations, returned, runs }) => {
      const evidence = step.times === 1 ? `retval ${returned}` : `retval ${returned} in ${runs} of ${step.times} runs`;
      return observations.map((seen) => (seen.kind === "verdict" ? { ...seen, evidence } : seen));
    });
  }

  #runPacket(step: PlannedSend, packet: number): Result {
    const { hook, machine } = this.#object;
    const { programType: type, program } = this.#plan;
    const { index } = step;
    hook.accept(step.packets[packet]!, step.context);
    try {
      machine.run(this.#object.program(program.name), hook.context);
    } catch (error) {
      if (!(error instanceof ProgramFault)) throw error;
      const { message } = error;
      return {
        returned: 0,
        observations: [{ kind: "fault", step: index, packet, message }],
        fingerprint: message,
        runs: 1,
      };
    }
    const returned = machine.arguments.result32 | 0;
    const name = verdictName(type, returned);
    const observations: Observation[] = [
      { kind: "verdict", step: index, packet, possible: [name], evidence: "", returned, durationNs: undefined },
    ];
    const bytes = hook.output();
    if (!isDropped(type, name, returned))
      observations.push({ kind: "packet", step: index, packet, place: "output", bytes, timestampNs: undefined });
    observations.push({ kind: "context", step: index, packet, fields: hook.outputFields() });
    for (const dev of /REDIRECT/.test(name) ? this.#redirectedTo() : [])
      observations.push({ kind: "redirect", step: index, packet, dev });
    const fingerprint = `${returned} ${toHex(bytes)} ${JSON.stringify(hook.outputFields(), bigintAsText)}`;
    return { returned, observations, fingerprint, runs: 1 };
  }

  /** Interfaces that a redirected packet goes to; none for another CPU or a socket. */
  #redirectedTo(): string[] {
    const { redirect } = this.#object.hook;
    if (!redirect) return [];
    if (!("map" in redirect)) return [this.#devices[redirect.ifindex] ?? `ifindex ${redirect.ifindex}`];
    const map = this.#object.maps.get(redirect.map);
    if (!(map instanceof ReferenceStore)) return [];
    const targets = redirect.broadcast ? map.targets() : [map.get(redirect.key)];
    return targets.flatMap((target) => (target?.kind === "device" ? [target.dev] : []));
  }

  #observeState(step: number): Observation[] {
    const seen: Observation[] = [];
    for (const store of this.#object.maps.all) {
      seen.push(...eventsOf(store, step));
      if (this.#isWatched(store)) seen.push(...contentsOf(store, step));
    }
    const printed = this.#world.takePrinted().join("").split("\n");
    for (const text of printed) if (text !== "") seen.push({ kind: "printk", step, text });
    return seen;
  }

  /** Maps that some step expects something of, as long as there is someone who holds them. */
  #isWatched({ spec }: MapStore): boolean {
    if (this.#unloaded && !spec.pinByName && this.#plan.pins[spec.name] === undefined) return false;
    return this.#plan.steps.some(({ expect }) =>
      [...expect.maps, ...(expect.on.sim?.maps ?? [])].some(({ map }) => map.name === spec.name),
    );
  }
}

function eventsOf(store: MapStore, step: number): Observation[] {
  const map = store.spec.name;
  if (store instanceof RingBufferStore)
    return store.consume().map((bytes) => ({ kind: "event", step, map, bytes, cpu: undefined, lost: 0 }));
  if (store instanceof PerfEventArrayStore)
    return store.consume().map(({ bytes, cpu }) => ({ kind: "event", step, map, bytes, cpu, lost: 0 }));
  return [];
}

/** A map's contents, and those of the maps in it by the outer key. */
function contentsOf(store: MapStore, step: number): MapObservation[] {
  const { name } = store.spec;
  const inner = store instanceof ReferenceStore ? store.innerMaps() : [];
  return [{ name, store }, ...inner.map(({ key, store }) => ({ name: `${name}[0x${toHex(key)}]`, store }))].map(
    (map) => ({ kind: "map", step, map: map.name, entries: [...map.store.entries()] }),
  );
}

/** The interface that the program is attached to, then the host's others. */
function devicesOf({ topology }: Plan): string[] {
  const { host, dev } = topology.attach;
  const others = topology.hosts.find(({ name }) => name === host)?.interfaces ?? [];
  return [dev, ...others.map((own) => own.dev).filter((name) => name !== dev)];
}

/** Nothing comes out of a program that drops its packet. */
function isDropped(type: ProgramType, verdict: string, returned: number): boolean {
  return type === "socket_filter" ? returned === 0 : /DROP|ABORTED|SHOT/.test(verdict);
}

function bigintAsText(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
