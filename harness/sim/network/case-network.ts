import { expectationsOn, mayMissProgram } from "../../model/expectations.js";
import { isDeviceHook, isEgress, type DeviceHook } from "../../model/hook.js";
import type { Observation, PacketObservation, PingObservation } from "../../model/observation.js";
import type { Plan, PlannedPing, PlannedSend } from "../../model/plan.js";
import { sameBytes } from "../../model/hex.js";
import { neighboursOf, samePlace } from "../../model/segments.js";
import { formatPlace, type Place } from "../../model/topology.js";
import { whereaboutsIn, type WhereaboutsOf } from "../../model/whereabouts.js";
import type { ProgramFault } from "../fault.js";
import type { Instruments, RunPlace } from "../instruments.js";
import type { LoadedPlan } from "../loaded-plan.js";
import type { Outcome } from "../send.js";
import type { Tally } from "../tally.js";
import type { World } from "../world.js";
import {
  runCpumapProgram,
  runDevmapProgram,
  runProgram,
  type InterfaceProgram,
  type ProgramParts,
  type ProgramRun,
} from "./interface-program.js";
import { SimNetwork } from "./network.js";
import { runPing } from "./ping.js";
import type { HostSite } from "./site.js";
import { freshSkb, wholeFrame, type Skb } from "./skb.js";

/** What a case's network is made of; the first of `loaded` is the object under test. */
export interface NetworkParts {
  readonly plan: Plan;
  readonly loaded: readonly [LoadedPlan, ...LoadedPlan[]];
  /** What is in the place of the program under test. */
  readonly underTest: () => LoadedPlan;
  readonly world: World;
  readonly sites: ReadonlyMap<string, HostSite>;
  readonly instruments: Instruments;
  readonly tally: Tally;
}

/** A packet of a step on its way, until it has met the program under test. */
interface Errand {
  readonly step: PlannedSend;
  readonly place: RunPlace;
  outcome: Outcome | undefined;
  /** Interfaces on the sender's segment that have heard the packet itself. */
  readonly heardAt: Set<string>;
}

/** The network of a case, with all programs attached: packets are sent into it, and what comes of them is seen. */
export class CaseNetwork {
  readonly #parts: NetworkParts;
  readonly #network: SimNetwork;
  readonly #hook: DeviceHook;
  readonly #whereabouts: WhereaboutsOf;
  #isAttached = true;
  #errand: Errand | undefined;
  /** What the current step has brought to light. */
  #seen: Observation[] = [];
  #step = 0;
  /** Whether the step wants to know which programs its packet meets. */
  #followsPath = false;

  constructor(parts: NetworkParts, hook: DeviceHook) {
    const { plan, sites } = parts;
    const { topology } = plan;
    this.#parts = parts;
    this.#hook = hook;
    this.#whereabouts = whereaboutsIn(topology, hook);
    const tapped = hook.startsWith("tc") && !isEgress(hook) ? topology.attach : undefined;
    this.#network = new SimNetwork(
      topology,
      sites,
      { arrived: (at, skb) => this.#arrived(at, skb) },
      tapped,
      parts.world.clock,
    );
    this.#network.programs = parts.loaded.flatMap((each) => this.#programsOf(each));
  }

  /** Nothing is attached any more. */
  detach(): void {
    this.#isAttached = false;
    this.#network.programs = [];
  }

  /** Sends one of a step's packets. */
  send(step: PlannedSend, place: RunPlace): Outcome | undefined {
    this.#step = step.index;
    this.#followsPath = expectationsOn("sim", step.expect).some(({ path }) => path !== undefined);
    this.#errand = { step, place, outcome: undefined, heardAt: new Set() };
    const { host, dev } = step.from;
    const frame = step.packets[place.packet]!.bytes;
    this.#network.send(host, [{ dev, skb: freshSkb(frame, { packet: place.packet, isOutput: false }) }]);
    const { outcome } = this.#errand;
    this.#errand = undefined;
    if (outcome || !this.#isAttached || mayMissProgram("sim", this.#parts.plan, step)) return outcome;
    return { fault: `the program never ran: nothing reached ${formatPlace(this.#parts.plan.topology.attach)}` };
  }

  ping(step: PlannedPing): PingObservation {
    this.#followsPath = false;
    this.#step = step.index;
    return runPing(this.#network, step);
  }

  /** Frames at interfaces, and what programs elsewhere did wrong, since the last time. */
  takeSeen(): readonly Observation[] {
    const seen = this.#seen;
    this.#seen = [];
    return seen;
  }

  #programsOf(loaded: LoadedPlan): InterfaceProgram[] {
    const { plan, name } = loaded;
    const own = { hook: plan.hook, at: plan.topology.attach, program: plan.program };
    return [own, ...plan.attach].flatMap(({ hook, at, program }, i): InterfaceProgram[] => {
      if (!isDeviceHook(hook)) return [];
      const isUnderTest = name === "" && i === 0;
      const parts: ProgramParts = {
        inPlace: () => {
          const placed = isUnderTest ? this.#parts.underTest() : loaded;
          const stage = placed.stage(hook.startsWith("xdp") ? "xdp" : "sched_cls");
          return { stage, program: isUnderTest ? placed.plan.program.name : program.name };
        },
        world: this.#parts.world,
        site: this.#parts.sites.get(at.host)!,
        around: (skb, run) => (isUnderTest ? this.#around(skb, run) : run()),
        given: (skb) => (isUnderTest && this.#isErrand(skb) ? this.#errand!.step.context : {}),
        onFault: (error) => this.#fault(error, isUnderTest),
      };
      const place = { hook, at };
      return [
        {
          ...place,
          run: (skb) => {
            const run = isUnderTest ? this.#runUnderTest(parts, place, skb) : runProgram(parts, place, skb);
            if (run && this.#followsPath) this.#hop(place, parts.inPlace().program, run);
            return run;
          },
          runOnTheWayOut: (entry, dev, skb) => runDevmapProgram(parts, entry, dev, skb),
          runOnCpu: (entry, cpu, skb) => runCpumapProgram(parts, entry, cpu, skb),
        },
      ];
    });
  }

  #runUnderTest(parts: ProgramParts, place: Pick<InterfaceProgram, "hook" | "at">, skb: Skb) {
    const isErrand = this.#isErrand(skb);
    const run = runProgram(parts, place, skb);
    if (!run || !skb.origin || skb.origin.isOutput) return run;
    if (isErrand && this.#errand)
      this.#errand.outcome = {
        returned: run.returned,
        bytes: run.skb.frame,
        fields: run.fields,
        targets: run.redirects.map(({ dev }) => dev),
        cost: this.#parts.tally.read(parts.inPlace().stage.machine),
      };
    // Whatever it lets out is its doing.
    const out = (of: Skb): Skb => ({ ...of, origin: { ...skb.origin!, isOutput: true } });
    return {
      ...run,
      skb: out(run.skb),
      redirects: run.redirects.map((each) => ({ ...each, skb: out(each.skb) })),
      clones: run.clones.map((each) => ({ ...each, skb: out(each.skb) })),
    };
  }

  /** Whether a packet is the one that is sent just now, and has not met the program before. */
  #isErrand({ origin }: Skb): boolean {
    const errand = this.#errand;
    return origin?.isOutput === false && errand !== undefined && errand.outcome === undefined;
  }

  #hop({ hook, at }: Pick<InterfaceProgram, "hook" | "at">, program: string, run: ProgramRun): void {
    const { verdict, fields, skb } = run;
    const timestampNs = this.#parts.world.clock.nowNs;
    this.#seen.push({
      kind: "hop",
      step: this.#step,
      at,
      hook,
      program,
      verdict,
      fields,
      bytes: wholeFrame(skb),
      timestampNs,
    });
  }

  #around(skb: Skb, run: () => void): void {
    const { tally, instruments, underTest } = this.#parts;
    tally.start();
    if (this.#isErrand(skb) && instruments.around) instruments.around(this.#errand!.place, underTest().object, run);
    else run();
  }

  #fault({ message }: ProgramFault, isUnderTest: boolean): void {
    if (isUnderTest && this.#errand && !this.#errand.outcome) this.#errand.outcome = { fault: message };
    else this.#seen.push({ kind: "fault", step: this.#step, packet: undefined, message });
  }

  #arrived(at: Place, skb: Skb): void {
    if (!this.#errand || this.#isHeard(at, skb)) return;
    const inStack = samePlace(at, this.#parts.plan.topology.attach) && !isEgress(this.#hook);
    const seen: PacketObservation = {
      kind: "packet",
      step: this.#step,
      packet: this.#packetOf(at, skb),
      place: { at, direction: inStack ? "stack" : "received" },
      bytes: wholeFrame(skb),
      timestampNs: this.#parts.world.clock.nowNs,
    };
    this.#seen.push(seen);
  }

  /** What others on the sender's segment hear of the sent packet itself does not come by the program. */
  #isHeard(at: Place, skb: Skb): boolean {
    const { step, place, heardAt } = this.#errand!;
    const { topology } = this.#parts.plan;
    if (samePlace(at, step.from) || samePlace(at, topology.attach)) return false;
    if (isEgress(this.#hook) && samePlace(step.from, topology.attach)) return false;
    if (!neighboursOf(topology, step.from).some((end) => samePlace(end, at))) return false;
    if (heardAt.has(formatPlace(at)) || !sameBytes(wholeFrame(skb), step.packets[place.packet]!.bytes)) return false;
    heardAt.add(formatPlace(at));
    return true;
  }

  /** The sent packet of which this is what the program made; undefined for others' doing. */
  #packetOf(at: Place, { origin }: Skb): number | undefined {
    if (!origin) return undefined;
    const where = this.#whereabouts(at);
    if (where.kind === "passed") return origin.packet;
    if (!origin.isOutput || where.kind === "elsewhere") return undefined;
    return where.kind === "entered" && this.#hook.startsWith("xdp") ? undefined : origin.packet;
  }
}
