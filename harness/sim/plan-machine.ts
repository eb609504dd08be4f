import { plansByObject } from "../model/by-object.js";
import { harnessError } from "../model/error.js";
import type { FunctionCoverage } from "../model/coverage.js";
import { isSocketHook } from "../model/hook.js";
import type { Observation } from "../model/observation.js";
import type { Plan, PlannedStep } from "../model/plan.js";
import { Problems } from "../model/problems.js";
import { coverageOf } from "./coverage.js";
import type { EngineName } from "./engine.js";
import { ProgramFault } from "./fault.js";
import { Fib } from "./fib.js";
import { packetHook, type PacketHook } from "./hooks/packet-hook.js";
import type { Instruments } from "./instruments.js";
import { neededCpus, neededMaps, neededPrograms } from "./needs.js";
import { withNeighbours } from "./network/joints.js";
import { SimNetwork } from "./network/network.js";
import { runPing } from "./network/ping.js";
import { programUnderTest } from "./network/program-at.js";
import { StateObserver } from "./observe.js";
import { runSend } from "./send.js";
import { SimulatedObject, type LoadOptions } from "./simulated-object.js";
import { withScripts } from "./scripted-helpers.js";
import { socketAttachments, SocketPrograms } from "./socket-programs.js";
import { SocketNetwork } from "./sockets/network.js";
import { Tally } from "./tally.js";
import { TcpRunner } from "./tcp.js";
import { applyMapPatches } from "./user-space.js";
import { World } from "./world.js";

/** What machines share, and what looks on. */
export type MachineOptions = Pick<LoadOptions<PacketHook>, "memories" | "links" | "counting" | "instruments">;

/** A machine of a plan's own, with its object loaded: runs the plan once. */
export class PlanMachine {
  readonly #plan: Plan;
  readonly #world: World;
  readonly #object: SimulatedObject<PacketHook>;
  readonly #observer: StateObserver;
  /** Names of the interfaces by index; 1 is the one that the program is attached to. */
  readonly #devices: readonly string[];
  readonly #instruments: Instruments;
  readonly #tally = new Tally();
  readonly #socketPrograms: SocketPrograms;
  readonly #tcp: TcpRunner;

  /** Made when the first step needs it. */
  #network: SimNetwork | undefined;
  #attached = true;
  /** What the program did wrong while frames moved. */
  readonly #faults: string[] = [];

  /** Throws HarnessError "unsupported" that names all that the plan's programs need and that is not simulated. */
  constructor(whole: Plan, engine: EngineName, options: MachineOptions = {}) {
    const plan = plansByObject(whole)[0].plan;
    const hook = packetHook(plan.programType);
    if (!hook) throw harnessError("unsupported", `programs of type ${plan.programType} are not simulated`);
    const { seed, topology, object, globals, uptimeMs } = plan;
    this.#plan = plan;
    this.#instruments = options.instruments ?? {};
    const instruments: Instruments = {
      ...this.#instruments,
      helpers: (own, maps) => {
        const counted = this.#tally.counting(withScripts(own, plan.helpers ?? []), maps);
        return this.#instruments.helpers?.(counted, maps) ?? counted;
      },
    };
    this.#devices = ["", ...devicesOf(plan)];
    const devices = [...this.#devices.keys()].slice(1);
    const host = topology.hosts.find(({ name }) => name === topology.attach.host);
    const sockets = new SocketNetwork(seed);
    this.#tcp = new TcpRunner(sockets);
    this.#world = new World({
      seed,
      devices,
      cpus: neededCpus(plan),
      fib: new Fib(host && withNeighbours(topology, host), this.#devices),
      host: topology.attach.host,
      sockets,
      ...(uptimeMs !== undefined && { bootNs: nanoseconds(uptimeMs) }),
    });
    this.#object = new SimulatedObject(object, { world: this.#world, engine, globals, hook, ...options, instruments });
    this.#observer = new StateObserver(plan, this.#object, this.#world);
    const problems = new Problems();
    for (const name of neededMaps(plan)) problems.attempt(() => this.#object.requireMap(name));
    this.#socketPrograms = new SocketPrograms(this.#object, sockets);
    const attached = socketAttachments(plan);
    for (const name of neededPrograms(plan)) {
      if (isSocketHook(plan.hook)) problems.attempt(() => this.#socketPrograms.link(plan.hook, name));
      else problems.attempt(() => this.#object.program(name));
    }
    for (const each of attached) problems.attempt(() => this.#socketPrograms.link(each.hook, each.program.name));
    problems.throwIfAny();
    for (const each of attached) this.#socketPrograms.attach(each.hook, each.program.name, each.at.host, each.map);
  }

  run(): Observation[] {
    this.#applyMaps(this.#plan.maps);
    const seen: Observation[] = [{ kind: "load", accepted: true, log: "", errno: 0 }, ...this.#observer.observe(-1)];
    for (const step of this.#plan.steps) {
      for (const observation of this.#runStep(step)) seen.push(observation);
      for (const observation of this.#observer.observe(step.index)) seen.push(observation);
    }
    return seen;
  }

  /** What the programs have executed; nothing where that is not counted. */
  coverage(): FunctionCoverage[] {
    const { object, counters } = this.#object;
    return [...counters.values()].flatMap((each) => coverageOf(object.name, each));
  }

  /** Gives the memory back. */
  release(): void {
    this.#object.release();
  }

  #runStep(step: PlannedStep): Observation[] {
    switch (step.kind) {
      case "send":
        return runSend(step, {
          plan: this.#plan,
          object: this.#object,
          world: this.#world,
          devices: this.#devices,
          instruments: this.#instruments,
          tally: this.#tally,
        });
      case "maps":
        this.#applyMaps(step.patches);
        return [];
      case "clock":
        return this.#advance(step);
      case "tcp":
        return this.#tcp.run(step);
      case "unload":
        this.#socketPrograms.detach();
        this.#observer.unload();
        this.#attached = false;
        return [];
      case "expect":
        return [];
      case "ping":
        return this.#ping(step);
      case "property":
        throw harnessError("internal", "packets that are drawn are sent by harness/fuzz");
      case "swap":
      case "http":
      case "run":
      case "wait":
        break;
    }
    throw harnessError("unsupported", `${step.kind} steps need real sockets`, { hint: "use backend wire" });
  }

  #ping(step: PlannedStep & { kind: "ping" }): Observation[] {
    this.#faults.length = 0;
    const seen = runPing((this.#network ??= this.#makeNetwork()), step);
    const faults = this.#faults.map((message): Observation => {
      return { kind: "fault", step: step.index, packet: undefined, message };
    });
    return [seen, ...faults];
  }

  #makeNetwork(): SimNetwork {
    const program = programUnderTest({
      plan: this.#plan,
      object: this.#object,
      devices: this.#devices,
      isAttached: () => this.#attached,
      onFault: (message) => this.#faults.push(message),
    });
    return new SimNetwork(this.#plan.topology, [program]);
  }

  /** Timers fire meanwhile; what one of them does wrong ends the case's run. */
  #advance({ index: step, advanceMs }: PlannedStep & { kind: "clock" }): Observation[] {
    try {
      this.#world.clock.advance(nanoseconds(advanceMs));
      return [];
    } catch (error) {
      if (error instanceof ProgramFault) return [{ kind: "fault", step, packet: undefined, message: error.message }];
      throw error;
    }
  }

  #applyMaps(patches: Plan["maps"]): void {
    applyMapPatches(this.#object.maps, this.#world, patches, {
      socketOf: (end) => this.#tcp.socketOf(end),
      ifindexOf: (dev) => Math.max(1, this.#devices.indexOf(dev)),
    });
  }
}

function nanoseconds(ms: number): bigint {
  return BigInt(Math.round(ms * 1e6));
}

/** The interface that the program is attached to, then the host's others. */
function devicesOf({ topology }: Plan): string[] {
  const { host, dev } = topology.attach;
  const others = topology.hosts.find(({ name }) => name === host)?.interfaces ?? [];
  return [dev, ...others.map((own) => own.dev).filter((name) => name !== dev)];
}
