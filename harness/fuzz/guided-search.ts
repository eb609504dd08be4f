import { sameBytes } from "../model/hex.js";
import type { Packet } from "../model/packet.js";
import { FastChance, oneOf } from "./chance.js";
import type { Constants } from "./constants.js";
import { CoverageMap, pathOf } from "./coverage-map.js";
import type { Input } from "./input.js";
import { comparedReplacements, keyReplacements, type Replacement } from "./input-to-state.js";
import { load, mutate, newScratch, repair } from "./mutate-bytes.js";
import type { PacketSource } from "./packet-source.js";
import { packetOf } from "./recipe.js";
import { SimTarget } from "./sim-target.js";
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
/** A program that was never seen to remember is asked again. */
const runsBetweenChecks = 4096;
const mostPaths = 200_000;
const examineEvery = 512;

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
    const { fault } = this.#count({ linkType: "ethernet", bytes });
    const { values } = this.#target.counters!;
    const isNew = this.#coverage.add(values);
    const path = pathOf(values);
    const isNewPath = this.#paths.size < mostPaths && !this.#paths.has(path);
    if (isNewPath) this.#paths.add(path);
    if (!isNew && !isNewPath && !fault && this.executions % examineEvery !== 0) return;
    const own = bytes.slice();
    if (isNew) this.#corpus.push(own);
    this.#examine(own, fault !== undefined);
    if (isNew) this.#follow(own);
  }

  #remember(bytes: Uint8Array): void {
    if (this.#history) this.#history.push(bytes.slice());
    else if (this.#target.hasChanged) this.#history = [];
    if (!this.#history || this.#history.length < epochPackets) return;
    this.#target.reset();
    this.#history = [bytes.slice()];
  }

  /** The packet alone, and where that fault needs what went before, all of it. */
  #examine(bytes: Uint8Array, faulted: boolean): void {
    const { examine } = this.#options;
    examine([packetCommand(bytes)]);
    // What is said of valid packets can be seen of this one only when it is one.
    load(this.#scratch, bytes);
    repair(this.#scratch, "ethernet", true);
    const valid = this.#scratch.bytes.slice(0, this.#scratch.size);
    if (!sameBytes(valid, bytes)) examine([packetCommand(valid)]);
    if (faulted && this.#history && this.#history.length > 1) examine(this.#history.map(packetCommand));
  }

  /** Tries what the program's own comparisons suggest. */
  #follow(bytes: Uint8Array): void {
    const target = this.#target;
    target.watch.missed = [];
    this.#count({ linkType: "ethernet", bytes });
    const { missed } = target.watch;
    target.watch.missed = undefined;
    const single = comparedReplacements(bytes, target.counters!).map((replacement) => [replacement]);
    for (const replacements of [...keyReplacements(bytes, missed, this.#subject.maps), ...single]) {
      this.#tryReplaced(bytes, replacements, false);
      this.#tryReplaced(bytes, replacements, true);
    }
  }

  #tryReplaced(bytes: Uint8Array, replacements: readonly Replacement[], repaired: boolean): void {
    const scratch = this.#scratch;
    load(scratch, bytes);
    for (const { at, bytes: part } of replacements) scratch.bytes.set(part, at);
    if (repaired) repair(scratch, "ethernet", false);
    this.#execute();
  }
}

function packetCommand(bytes: Uint8Array): Input[number] {
  return { kind: "packet", packet: { linkType: "ethernet", bytes } };
}
