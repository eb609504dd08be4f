import { sameBytes } from "../model/hex.js";
import type { Packet } from "../model/packet.js";
import { FastChance, oneOf } from "./chance.js";
import type { Constants } from "./constants.js";
import { CoverageMap, pathOf } from "./coverage-map.js";
import type { Input } from "./input.js";
import { comparedReplacements, keyReplacements, type Replacement } from "./input-to-state.js";
import { ethernetBytes, load, mutate, newScratch, repair } from "./mutate-bytes.js";
import type { PacketSource } from "./packet-source.js";
import { packetOf } from "./recipe.js";
import { isSuspicious } from "./run-properties.js";
import { SimTarget } from "./sim-target.js";
import type { Watch } from "./watched-hook.js";
import type { Subject } from "./subject.js";

export interface GuidedOptions {
  readonly seed: number;
  readonly constants: Constants;
  readonly packets: PacketSource;
  /** Looks at an input in every way there is; for those few that show something new. */
  readonly examine: (input: Input) => void;
}

/** Programs that remember start afresh after so many packets. */
const epochPackets = 64;
/** Packets that go a new way are also tried cut off after every byte up to here. */
const longestTruncated = 200;
/** A program that was never seen to remember is asked again. */
const runsBetweenChecks = 4096;
const mostPaths = 200_000;
const examineEvery = 512;
const runsBetweenVisits = 1000;
const attemptsToDiverge = 12;
const mostKeys = 8;
const mostReplacements = 300;
const freeLooks = 256;
const looksApart = 64;
const noBytes = new Uint8Array();

/** Packets that are changed at random, kept where they go a way that none went before, and changed further. */
export class GuidedSearch {
  readonly #subject: Subject;
  readonly #options: GuidedOptions;
  readonly #chance: FastChance;
  readonly #target: SimTarget;
  readonly #scratch = newScratch();
  readonly #coverage: CoverageMap;
  readonly #paths = new Set<number>();
  readonly #corpus: Uint8Array[] = [];
  /** What the program has seen since it started afresh, where it remembers. */
  #history: Uint8Array[] | undefined;
  #suspicions = 0;
  executions = 0;

  constructor(subject: Subject, options: GuidedOptions) {
    this.#subject = subject;
    this.#options = options;
    this.#chance = new FastChance(options.seed);
    this.#target = new SimTarget(subject, { counting: true });
    this.#coverage = new CoverageMap(this.#target.counters!.sites.length);
  }

  get edges(): number {
    return this.#coverage.edges;
  }

  /** Both ways out of every conditional jump, and the ways on from calls. */
  get allEdges(): number {
    return this.#target.counters!.sites.length;
  }

  get corpus(): readonly Uint8Array[] {
    return this.#corpus;
  }

  /** Takes packets to begin with. */
  plant(packets: readonly Packet[]): void {
    for (const { bytes } of packets) {
      load(this.#scratch, bytes);
      this.#execute();
    }
  }

  /** Runs about so many packets. */
  search(runs: number): void {
    const { packets, constants } = this.#options;
    const chance = this.#chance;
    const corpus = this.#corpus;
    for (let run = 0; run < runs; run++) {
      if (corpus.length === 0 || chance.below(24) === 0) load(this.#scratch, packetOf(packets.draw(chance)).bytes);
      else {
        const recent = chance.below(2) === 0 ? Math.max(0, corpus.length - 12) : 0;
        load(this.#scratch, corpus[recent + chance.below(corpus.length - recent)]!);
        mutate(this.#scratch, chance, constants, oneOf(chance, corpus), "ethernet");
      }
      this.#execute();
      if (run % runsBetweenVisits === runsBetweenVisits - 1) this.#revisit();
    }
  }

  close(): void {
    this.#target.close();
  }

  /** The fewest packets that go all the ways that were gone. */
  minimised(): Uint8Array[] {
    const covered = new CoverageMap(this.allEdges);
    const kept: Uint8Array[] = [];
    for (const bytes of this.#corpus.toSorted((a, b) => a.length - b.length)) {
      this.#target.reset();
      this.#count({ linkType: "ethernet", bytes });
      if (covered.add(this.#target.counters!.values)) kept.push(bytes);
    }
    return kept;
  }

  #count(packet: Packet): ReturnType<SimTarget["runOnly"]> {
    this.executions++;
    this.#target.counters!.values.fill(0);
    return this.#target.runOnly(packet);
  }

  #execute(): void {
    const { bytes: buffer, size } = this.#scratch;
    const bytes = buffer.subarray(0, size);
    if (this.#history || this.executions % runsBetweenChecks === 0) this.#remember(bytes);
    const packet: Packet = { linkType: "ethernet", bytes };
    const { fault, returned } = this.#count(packet);
    const answer = { returned, fault, bytes: fault ? noBytes : this.#target.output() };
    const wrong =
      (fault !== undefined || isSuspicious(this.#subject.programType, packet, answer)) && this.#isWorthALook();
    const { values } = this.#target.counters!;
    const isNew = this.#coverage.add(values);
    const path = pathOf(values);
    const isNewPath = this.#paths.size < mostPaths && !this.#paths.has(path);
    if (isNewPath) this.#paths.add(path);
    if (!isNew && !isNewPath && !wrong && this.executions % examineEvery !== 0) return;
    const own = bytes.slice();
    if (isNew) this.#corpus.push(own);
    this.#examine(own, wrong);
    if (isNew) this.#follow(own);
  }

  /** What was found once shows itself again and again, and must not take all of the time. */
  #isWorthALook(): boolean {
    this.#suspicions++;
    return this.#suspicions <= freeLooks || this.#suspicions % looksApart === 0;
  }

  #remember(bytes: Uint8Array): void {
    if (this.#history) this.#history.push(bytes.slice());
    else if (this.#target.hasChanged) this.#history = [];
    if (!this.#history || this.#history.length < epochPackets) return;
    this.#target.reset();
    this.#history = [bytes.slice()];
  }

  /** The packet alone, and where something is wrong that may need what went before, all of it. */
  #examine(bytes: Uint8Array, wrong: boolean): void {
    const { examine } = this.#options;
    examine([packetCommand(bytes)]);
    // What is said of valid packets can be seen of this one only when it is one.
    load(this.#scratch, bytes);
    repair(this.#scratch, "ethernet", true);
    const valid = this.#scratch.bytes.slice(0, this.#scratch.size);
    if (!sameBytes(valid, bytes)) examine([packetCommand(valid)]);
    if (wrong && this.#history && this.#history.length > 1) examine(this.#history.map(packetCommand));
  }

  /** Tries what the program's own comparisons and look-ups suggest for a packet that goes a new way. */
  #follow(bytes: Uint8Array): void {
    this.#tryKeys(bytes, this.#missedBy(bytes));
    this.#tryCompared(bytes);
    this.#truncate(bytes);
  }

  /**
   * The same for a packet of old, with other bytes wherever the program does not care: a number that it compares is
   * found in the packet only where nothing else looks like it.
   */
  #revisit(): void {
    const bytes = this.#diverse(oneOf(this.#chance, this.#corpus));
    const known = this.#missedBy(bytes).length;
    for (const replaced of this.#tryCompared(bytes)) {
      const missed = this.#missedBy(replaced);
      if (missed.length > known) this.#tryKeys(replaced, missed);
    }
  }

  /** A packet that goes the same way, with parts of it at random. */
  #diverse(start: Uint8Array): Uint8Array {
    const { values } = this.#target.counters!;
    this.#count({ linkType: "ethernet", bytes: start });
    const path = pathOf(values);
    let best = start;
    for (let attempt = 0; attempt < attemptsToDiverge; attempt++) {
      const bytes = best.slice();
      const from = this.#chance.below(bytes.length);
      const to = Math.min(bytes.length, from + 1 + this.#chance.below(16));
      for (let at = from; at < to; at++) bytes[at] = this.#chance.below(256);
      this.#count({ linkType: "ethernet", bytes });
      if (pathOf(values) === path) best = bytes;
    }
    return best;
  }

  #missedBy(bytes: Uint8Array): NonNullable<Watch["missed"]> {
    const { watch } = this.#target;
    const missed: NonNullable<Watch["missed"]> = [];
    watch.missed = missed;
    this.#count({ linkType: "ethernet", bytes });
    watch.missed = undefined;
    return missed;
  }

  /** Keys that are there instead of those that are not; a sum over the key may have to follow before it is looked up. */
  #tryKeys(bytes: Uint8Array, missed: NonNullable<Watch["missed"]>): void {
    for (const replacements of this.#some(keyReplacements(bytes, missed, this.#subject.maps), mostKeys))
      for (const repaired of [false, true]) this.#tryCompared(this.#tryReplaced(bytes, replacements, repaired));
  }

  /** Has a packet's comparisons come out the other way, one by one. */
  #tryCompared(bytes: Uint8Array): Uint8Array[] {
    this.#count({ linkType: "ethernet", bytes });
    const all = comparedReplacements(bytes, this.#target.counters!);
    return this.#some(all, mostReplacements).flatMap((replacement) =>
      [false, true].map((repaired) => this.#tryReplaced(bytes, [replacement], repaired)),
    );
  }

  /** Not more than so many, any of them. */
  #some<T>(items: readonly T[], most: number): readonly T[] {
    return items.length <= most ? items : Array.from({ length: most }, () => oneOf(this.#chance, items));
  }

  /** Cut off after every byte: with lengths that say so, and as it came. */
  #truncate(bytes: Uint8Array): void {
    for (let size = Math.min(bytes.length, longestTruncated) - 1; size >= ethernetBytes; size--) {
      for (const repaired of [true, false]) {
        load(this.#scratch, bytes.subarray(0, size));
        if (repaired) repair(this.#scratch, "ethernet", true);
        this.#execute();
      }
    }
  }

  #tryReplaced(bytes: Uint8Array, replacements: readonly Replacement[], repaired: boolean): Uint8Array {
    const scratch = this.#scratch;
    load(scratch, bytes);
    for (const { at, bytes: part } of replacements) scratch.bytes.set(part, at);
    if (repaired) repair(scratch, "ethernet", false);
    const replaced = scratch.bytes.slice(0, scratch.size);
    this.#execute();
    return replaced;
  }
}

function packetCommand(bytes: Uint8Array): Input[number] {
  return { kind: "packet", packet: { linkType: "ethernet", bytes } };
}
