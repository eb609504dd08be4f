import { sameBytes } from "../model/hex.js";
import { isDropped, type ProgramType } from "../model/hook.js";
import type { Packet } from "../model/packet.js";
import { summary } from "../packet/print.js";
import { whyTestRunRefuses } from "../sim/hooks/test-run-input.js";
import type { Command, Input } from "./input.js";
import {
  Run,
  type AgreementProperty,
  type Property,
  type RelationProperty,
  type RunProperty,
  type Violation,
} from "./property.js";
import { fieldAt, verdictOf } from "./relation-properties.js";
import { outcome } from "./run-properties.js";
import { SimTarget } from "./sim-target.js";
import type { Subject } from "./subject.js";
import { perform, type Target } from "./target.js";

/** Another target that the lead has to agree with, packet by packet. */
export interface Peer {
  readonly target: Target;
  readonly programType: ProgramType;
  /** The property that is violated where it does not. */
  readonly property: "backends-agree" | "same-as";
  /** What it takes to put it back into its first state once a program has remembered something; undefined: next to nothing. */
  readonly loadMs?: number;
}

export interface LaboratoryOptions {
  readonly properties: readonly Property[];
  readonly peers?: readonly Peer[];
  /** Most inputs after which an object would have to be loaded into the kernel again stay without its answer. */
  readonly sparing?: boolean;
}

/** Inputs that are looked at in a millisecond: as much time again may go into loading. */
const inputsPerMs = 8;

/** Holds a program to properties: runs an input in every way that they need, and says what the first one is violated by. */
export class Laboratory {
  readonly lead: SimTarget;
  readonly #subject: Subject;
  readonly #ofRuns: readonly RunProperty[];
  readonly #relations: readonly RelationProperty[];
  readonly #agreement: readonly AgreementProperty[];
  readonly #peers: readonly Peer[];
  readonly #sparing: boolean;
  /** Inputs that the program remembered something of. */
  #remembered = 0;
  /** Inputs that were looked at. */
  inputs = 0;

  constructor(subject: Subject, options: LaboratoryOptions, lead = new SimTarget(subject)) {
    const { properties, peers = [], sparing = false } = options;
    this.#sparing = sparing;
    this.#subject = subject;
    this.lead = lead;
    this.#ofRuns = properties.filter((property) => property.kind === "run");
    this.#relations = properties.filter((property) => property.kind === "relation");
    this.#agreement = properties.filter((property) => property.kind === "agreement");
    this.#peers = peers.filter(({ property }) => property === "same-as" || this.#agreement.length > 0);
  }

  /** Undefined where every property holds. */
  examine(input: Input, thorough = false): Violation | undefined {
    this.inputs++;
    const { lead } = this;
    lead.reset();
    const runs: (Run | undefined)[] = [];
    for (const command of input) {
      const run = this.#perform(lead, command);
      runs.push(run);
      const wrong = run && this.#judge(run);
      if (wrong) return wrong;
    }
    return this.#compareWithPeers(input, runs, thorough) ?? this.#judgeRelations(input, runs);
  }

  close(): void {
    this.lead.close();
    for (const { target } of this.#peers) target.close();
  }

  /** Undefined for what gives no answer. */
  #perform(target: Target, command: Command): Run | undefined {
    const answer = perform(target, command);
    return command.kind === "packet" ? new Run(this.#subject.programType, command.packet, answer!) : undefined;
  }

  #judge(run: Run): Violation | undefined {
    for (const property of this.#ofRuns) {
      const found = property.judge(run);
      if (!found) continue;
      const place = property.name === "no-fault" ? run.answer.fault!.place : `${found.what} ${verdictOf(run)}`;
      return { details: [], ...found, property: property.name, key: `${property.name} ${place}` };
    }
    return undefined;
  }

  #compareWithPeers(input: Input, runs: readonly (Run | undefined)[], thorough: boolean): Violation | undefined {
    if (this.#peers.length === 0) return undefined;
    const remembers = this.lead.hasChanged;
    const changes = remembers || input.some(({ kind }) => kind !== "packet");
    if (remembers) this.#remembered++;
    for (const peer of this.#peers) {
      const { target } = peer;
      const apart = Math.ceil((peer.loadMs ?? 0) * inputsPerMs) + 1;
      if (remembers && this.#sparing && !thorough && this.#remembered % apart !== 0) continue;
      for (const [index, command] of input.entries()) {
        if (command.kind === "packet" && target.name === "kernel" && this.#isRefused(command.packet)) continue;
        const other = this.#perform(target, command);
        const wrong = other && compare(runs[index]!, other, peer);
        if (!wrong) continue;
        target.reset();
        return wrong;
      }
      if (target.restore && !remembers) target.restore();
      else if (changes) target.reset();
    }
    return undefined;
  }

  #isRefused(packet: Packet): boolean {
    return whyTestRunRefuses(this.#subject.programType, packet) !== undefined;
  }

  #judgeRelations(input: Input, runs: readonly (Run | undefined)[]): Violation | undefined {
    for (const relation of this.#relations) {
      for (const [index, run] of runs.entries()) {
        const variants = run && relation.variants(run);
        if (!variants) continue;
        const before = input.slice(0, index);
        const base = this.#runAfter(before, variants.base);
        for (const { packet, change } of variants.others) {
          const again = relation.name === "stateless" ? input.slice(0, index + 1) : before;
          const other = this.#runAfter(again, packet);
          const found = relation.compare(base, other);
          if (!found) continue;
          const details = [`${change}:`, ...outcome(other), "without:", ...outcome(base)];
          return { ...found, details, property: relation.name, key: `${relation.name} ${found.what}` };
        }
      }
    }
    return undefined;
  }

  #runAfter(before: Input, packet: Packet): Run {
    const { lead } = this;
    lead.reset();
    for (const command of before) this.#perform(lead, command);
    return this.#perform(lead, { kind: "packet", packet })!;
  }
}

/** What becomes of a packet, by whatever name the hook calls it. */
function fateOf({ programType, answer }: Run): string {
  if (answer.fault) return "a fault";
  if (isDropped(programType, answer.returned)) return "dropped";
  if (programType === "xdp") return ["", "", "passed", "sent back", "redirected"][answer.returned] ?? "unknown";
  return answer.returned === 7 ? "redirected" : "passed";
}

function compare(lead: Run, own: Run, { target, programType, property }: Peer): Violation | undefined {
  const other = new Run(programType, own.packet, own.answer);
  const sameHook = programType === lead.programType;
  const [expected, actual] = sameHook ? [verdictOf(other), verdictOf(lead)] : [fateOf(other), fateOf(lead)];
  const key = `${property} ${target.name}`;
  const details = (): string[] => [`on ${target.name}:`, ...outcome(other), "here:", ...outcome(lead)];
  if (expected !== actual)
    return { property, what: "verdict", expected, actual, details: details(), key: `${key} ${expected} ${actual}` };
  // A twin may well leave a packet half-written that it drops; two backends may not.
  if (property === "same-as" && isDropped(programType, other.answer.returned)) return undefined;
  const [wanted, seen] = [other.answer.bytes, lead.answer.bytes];
  if (sameBytes(wanted, seen)) return undefined;
  const at = seen.findIndex((byte, i) => byte !== wanted[i]);
  const what = at < 0 ? "length" : fieldAt(other.after, at);
  const packetOf = (run: Run): string => summary({ linkType: run.packet.linkType, bytes: run.answer.bytes });
  return {
    property,
    what,
    expected: packetOf(other),
    actual: packetOf(lead),
    details: details(),
    key: `${key} ${what}`,
  };
}
