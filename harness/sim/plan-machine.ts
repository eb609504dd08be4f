import { plansByObject } from "../model/by-object.js";
import { harnessError } from "../model/error.js";
import type { FunctionCoverage } from "../model/coverage.js";
import { isDeviceHook, isSocketHook } from "../model/hook.js";
import type { Observation } from "../model/observation.js";
import type { Plan, PlannedPing, PlannedSend, PlannedStep } from "../model/plan.js";
import { Problems } from "../model/problems.js";
import { programBefore, programsDuring } from "../model/swaps.js";
import { coverageOf } from "./coverage.js";
import type { EngineName } from "./engine.js";
import { ProgramFault } from "./fault.js";
import type { PacketHook } from "./hooks/packet-hook.js";
import type { Instruments, RunPlace } from "./instruments.js";
import { LoadedPlan, loadReplacements } from "./loaded-plan.js";
import { neededCpus, neededMaps, neededPrograms } from "./needs.js";
import { CaseNetwork } from "./network/case-network.js";
import { needsNetwork } from "./network/needs-network.js";
import { ifindexOf, sitesOf, type HostSite } from "./network/site.js";
import { StateObserver } from "./observe.js";
import { runAlone } from "./run-alone.js";
import { withScripts } from "./scripted-helpers.js";
import { runSend } from "./send.js";
import type { LoadOptions } from "./simulated-object.js";
import { socketAttachments, SocketPrograms } from "./socket-programs.js";
import { SocketNetwork } from "./sockets/network.js";
import { Tally } from "./tally.js";
import { TcpRunner } from "./tcp.js";
import { applyMapPatches } from "./user-space.js";
import { World } from "./world.js";

/** What machines share, and what looks on. */
export type MachineOptions = Pick<
  LoadOptions<PacketHook>,
  "memories" | "links" | "counting" | "clearsStack" | "kernelTypes" | "instruments"
>;

/** A machine of a plan's own, with its objects loaded: runs the plan once. */
export class PlanMachine {
  /** As it concerns the object under test. */
  readonly #plan: Plan;
  readonly #world: World;
  readonly #sites: ReadonlyMap<string, HostSite>;
  readonly #loaded: readonly [LoadedPlan, ...LoadedPlan[]];
  /** The programs that swaps put in the place of the one under test; it is the first. */
  readonly #swapped: readonly [LoadedPlan, ...LoadedPlan[]];
  /** The number of the one that is in place. */
  #inPlace = 0;
  readonly #observers: readonly StateObserver[];
  readonly #instruments: Instruments;
  readonly #tally = new Tally();
  readonly #socketPrograms: readonly SocketPrograms[];
  readonly #tcp: TcpRunner;
  /** Whether packets of `send` steps go through the network. */
  readonly #sendsThroughNetwork: boolean;

  /** Made when the first step needs it. */
  #network: CaseNetwork | undefined;
  #attached = true;

  /** Throws HarnessError "unsupported" that names all that the plan's programs need and that is not simulated. */
  constructor(whole: Plan, engine: EngineName, options: MachineOptions = {}) {
    const [first, ...others] = plansByObject(whole);
    const { seed, topology, uptimeMs } = whole;
    this.#plan = first.plan;
    this.#sendsThroughNetwork = needsNetwork(whole);
    this.#instruments = options.instruments ?? {};
    const instruments: Instruments = {
      ...this.#instruments,
      helpers: (own, maps) => {
        const counted = this.#tally.counting(withScripts(own, whole.helpers ?? []), maps);
        return this.#instruments.helpers?.(counted, maps) ?? counted;
      },
    };
    this.#sites = sitesOf(topology);
    const sockets = new SocketNetwork(seed);
    this.#tcp = new TcpRunner(sockets);
    this.#world = new World({
      seed,
      cpus: neededCpus(whole),
      sockets,
      ...(uptimeMs !== undefined && { bootNs: nanoseconds(uptimeMs) }),
    });
    this.#world.site = this.#siteOf(topology.attach.host);
    const loading = { world: this.#world, engine, ...options, instruments };
    const main = new LoadedPlan(first, loading);
    this.#loaded = [main, ...others.map((each) => new LoadedPlan(each, loading))];
    this.#swapped = [main, ...loadReplacements(main, loading)];
    this.#observers = this.#loaded.map(({ plan, object, name }) => new StateObserver(plan, object, this.#world, name));
    this.#socketPrograms = this.#loaded.map(({ object }) => new SocketPrograms(object, sockets));
    const problems = new Problems();
    this.#loaded.forEach((each, i) => linkAll(each, this.#socketPrograms[i]!, problems));
    for (const replacement of this.#swapped.slice(1)) linkAll(replacement, this.#socketPrograms[0]!, problems);
    problems.throwIfAny();
    this.#loaded.forEach(({ plan }, i) => {
      for (const { hook, program, at, map } of socketAttachments(plan))
        this.#socketPrograms[i]!.attach(hook, program.name, at.host, map);
    });
  }

  run(): Observation[] {
    for (const loaded of this.#loaded) this.#applyMaps(loaded, loaded.plan.maps);
    const seen: Observation[] = [{ kind: "load", accepted: true, log: "", errno: 0 }, ...this.#observe(-1)];
    for (const step of this.#plan.steps) {
      for (const observation of this.#runStep(step)) seen.push(observation);
      for (const observation of this.#observe(step.index)) seen.push(observation);
    }
    return seen;
  }

  /** What the programs have executed; nothing where that is not counted. */
  coverage(): FunctionCoverage[] {
    return [...this.#loaded, ...this.#swapped.slice(1)].flatMap(({ object: { object, counters } }) =>
      [...counters.values()].flatMap((each) => coverageOf(object.name, each)),
    );
  }

  /** Gives the memory back. */
  release(): void {
    for (const { object } of this.#loaded) object.release();
  }

  #observe(step: number): Observation[] {
    return this.#observers.flatMap((observer) => observer.observe(step));
  }

  #runStep(step: PlannedStep): Observation[] {
    this.#inPlace = programBefore(this.#plan, step.index);
    switch (step.kind) {
      case "send":
        return this.#send(step);
      case "maps":
        for (const each of this.#loaded) {
          const own = each.plan.steps[step.index];
          if (own?.kind === "maps") this.#applyMaps(each, own.patches);
        }
        return [];
      case "clock":
        return this.#advance(step);
      case "tcp":
        return this.#tcp.run(step);
      case "unload":
        for (const programs of this.#socketPrograms) programs.detach();
        for (const observer of this.#observers) observer.unload();
        this.#network?.detach();
        this.#attached = false;
        return [];
      case "swap":
      case "expect":
        return [];
      case "ping":
        return this.#ping(step);
      case "property":
        throw harnessError("internal", "packets that are drawn are sent by harness/fuzz");
      case "http":
      case "run":
      case "wait":
        break;
    }
    throw harnessError("unsupported", `${step.kind} steps need real sockets`, { hint: "use backend wire" });
  }

  #send(step: PlannedSend): Observation[] {
    const { programType: type, program, topology } = this.#plan;
    const network = this.#sendsThroughNetwork ? this.#networkOfCase() : undefined;
    const { devs } = this.#siteOf(topology.attach.host);
    const alone = { devices: devs, instruments: this.#instruments, tally: this.#tally };
    const programs = programsDuring(this.#plan, step);
    const runOnce = (place: RunPlace) => {
      this.#inPlace = programs[Math.floor((place.repetition * programs.length) / step.times)]!;
      return network ? network.send(step, place) : runAlone(step, place, { ...alone, loaded: this.#underTest });
    };
    const seen = runSend(step, { type, frags: program.frags, world: this.#world, runOnce });
    return [...seen, ...(network?.takeSeen() ?? [])];
  }

  get #underTest(): LoadedPlan {
    return this.#swapped[this.#inPlace]!;
  }

  #ping(step: PlannedPing): Observation[] {
    const network = this.#networkOfCase();
    return [network.ping(step), ...network.takeSeen()];
  }

  #networkOfCase(): CaseNetwork {
    if (this.#network) return this.#network;
    const { hook } = this.#plan;
    if (!isDeviceHook(hook)) throw harnessError("unsupported", `a network with a program at ${hook} is not simulated`);
    this.#network = new CaseNetwork(
      {
        plan: this.#plan,
        loaded: this.#loaded,
        underTest: () => this.#underTest,
        world: this.#world,
        sites: this.#sites,
        instruments: this.#instruments,
        tally: this.#tally,
      },
      hook,
    );
    if (!this.#attached) this.#network.detach();
    return this.#network;
  }

  /** Timers fire meanwhile; what one of them does wrong ends the case's run. */
  #advance({ index: step, advanceMs }: PlannedStep & { kind: "clock" }): Observation[] {
    try {
      this.#world.clock.advance(nanoseconds(advanceMs));
      return [...(this.#network?.takeSeen() ?? [])];
    } catch (error) {
      if (error instanceof ProgramFault) return [{ kind: "fault", step, packet: undefined, message: error.message }];
      throw error;
    }
  }

  #applyMaps({ object, plan }: LoadedPlan, patches: Plan["maps"]): void {
    const site = this.#siteOf(plan.topology.attach.host);
    applyMapPatches(object.maps, this.#world, patches, {
      socketOf: (end) => this.#tcp.socketOf(end),
      ifindexOf: (dev) => ifindexOf(site, dev),
    });
  }

  #siteOf(host: string): HostSite {
    const site = this.#sites.get(host);
    if (!site) throw harnessError("topology", `the topology has no host ${host}`);
    return site;
  }
}

/** Links all programs of an object that may run, and makes sure of its maps, so that what is not simulated is known. */
function linkAll(loaded: LoadedPlan, socketPrograms: SocketPrograms, problems: Problems): void {
  const { plan, object } = loaded;
  for (const name of neededMaps(plan)) problems.attempt(() => object.requireMap(name));
  for (const name of neededPrograms(plan)) {
    if (isSocketHook(plan.hook)) problems.attempt(() => socketPrograms.link(plan.hook, name));
    else problems.attempt(() => loaded.stageOf(name).program(name));
  }
  for (const { hook, program, programType } of plan.attach) {
    if (isSocketHook(hook)) problems.attempt(() => socketPrograms.link(hook, program.name));
    else problems.attempt(() => loaded.stage(programType).program(program.name));
  }
}

function nanoseconds(ms: number): bigint {
  return BigInt(Math.round(ms * 1e6));
}
