import type { Packet } from "../model/packet.js";
import type { Plan, PlannedProperty } from "../model/plan.js";
import { whyUnsettable } from "../model/map-access.js";
import { FastChance } from "./chance.js";
import { sourceOf } from "./check-property.js";
import { drawDraft, inputOf, type InputSource } from "./draft.js";
import { propertiesOf } from "./expectation.js";
import { GuidedSearch } from "./guided-search.js";
import type { Input } from "./input.js";
import { Laboratory, type Peer } from "./laboratory.js";
import { interpreterPeer, twinPeer } from "./peers.js";
import type { Violation } from "./property.js";
import { reduceInput } from "./reduce.js";
import { subjectOf } from "./subject.js";

/** A mistake, with the simplest input that shows it. */
export interface Finding {
  readonly plan: Plan;
  readonly step: PlannedProperty;
  readonly violation: Violation;
  readonly input: Input;
  /** Inputs that were run before it was found. */
  readonly executions: number;
}

export interface CampaignOptions {
  readonly seed: number;
  /** Another target that has to agree: the kernel. */
  readonly kernel?: Peer | undefined;
  /** Packets to begin with, of an earlier campaign. */
  readonly corpus?: readonly Uint8Array[];
  readonly onFinding?: (finding: Finding) => void;
}

export interface Progress {
  readonly executions: number;
  readonly edges: number;
  readonly allEdges: number;
  readonly corpus: number;
  readonly findings: number;
}

/** Of one slice: counts, not times, so that a seed decides all of it. What is drawn takes longer, being judged each time. */
const guidedRuns = 4000;
const drawnRuns = 64;

/** Finds what a case's program does wrong, by guided search and drawn inputs in turn. */
export class Campaign {
  readonly #plan: Plan;
  readonly #step: PlannedProperty;
  readonly #laboratory: Laboratory;
  readonly #search: GuidedSearch;
  readonly #source: InputSource;
  readonly #chance: FastChance;
  readonly #found = new Map<string, Finding>();
  readonly #onFinding: ((finding: Finding) => void) | undefined;
  #drawn = 0;

  constructor(plan: Plan, step: PlannedProperty, options: CampaignOptions) {
    const { seed, kernel, corpus = [] } = options;
    this.#onFinding = options.onFinding;
    this.#plan = plan;
    this.#step = step;
    const subject = subjectOf(plan, step);
    const chosen = propertiesOf(plan, step, kernel ? "kernel" : "sim");
    const peers = [
      ...(step.twin ? [twinPeer(subject, step.twin)] : []),
      ...(chosen.some(({ kind }) => kind === "agreement") ? [interpreterPeer(subject)] : []),
      ...(kernel ? [kernel] : []),
    ];
    this.#laboratory = new Laboratory(subject, { properties: chosen, peers, sparing: true });
    this.#source = sourceOf(plan, step);
    this.#chance = new FastChance(seed);
    const { packets, constants } = this.#source;
    this.#search = new GuidedSearch(subject, { seed, constants, packets, examine: (input) => this.#examine(input) });
    const known = corpus.map((bytes): Packet => ({ linkType: "ethernet", bytes }));
    this.#search.plant([...sentBy(plan), ...known]);
    for (let i = 0; i < 64; i++) this.#search.plant(packetsOf(drawDraft(this.#chance, this.#source)));
  }

  get progress(): Progress {
    const { executions, edges, allEdges, corpus } = this.#search;
    return {
      executions: executions + this.#drawn,
      edges,
      allEdges,
      corpus: corpus.length,
      findings: this.#found.size,
    };
  }

  get findings(): readonly Finding[] {
    return [...this.#found.values()];
  }

  /** A few milliseconds' worth. */
  slice(): void {
    // Where a scenario describes packets, changed bytes would be others.
    if (!this.#step.generate) this.#search.search(guidedRuns);
    for (let run = 0; run < drawnRuns; run++) this.#examine(inputOf(drawDraft(this.#chance, this.#source)));
    this.#drawn += drawnRuns;
  }

  corpus(): readonly Uint8Array[] {
    return this.#search.minimised();
  }

  close(): void {
    this.#search.close();
    this.#laboratory.close();
  }

  #examine(input: Input): void {
    const violation = this.#laboratory.examine(input);
    if (!violation || this.#found.has(violation.key)) return;
    const { executions } = this.progress;
    const shows = (candidate: Input): boolean => this.#laboratory.examine(candidate, true)?.key === violation.key;
    const reduced = reduceInput(input, shows);
    const simplest = this.#laboratory.examine(reduced, true) ?? violation;
    const finding = { plan: this.#plan, step: this.#step, violation: simplest, input: reduced, executions };
    this.#found.set(violation.key, finding);
    this.#onFinding?.(finding);
  }
}

function packetsOf(draft: ReturnType<typeof drawDraft>): Packet[] {
  return inputOf(draft).flatMap((command) => (command.kind === "packet" ? [command.packet] : []));
}

/** Packets that the case's steps send. */
function sentBy({ steps }: Plan): Packet[] {
  return steps.flatMap((step) =>
    step.kind === "send" ? step.packets.filter(({ linkType }) => linkType === "ethernet") : [],
  );
}

/** A property of every packet there could be, for a case that names none; maps are filled where nothing says with what. */
export function anyProperty(plan: Plan, fillMaps: boolean): PlannedProperty {
  const update = fillMaps
    ? plan.object.maps.filter((map) => whyUnsettable(map) === undefined && hasPlainValues(map.type))
    : [];
  const { span } = plan;
  // What is said of some packets does not hold for others.
  const expect = { ...plan.steps[0]!.expect, verdict: undefined, packet: undefined };
  const packets = [1, update.length > 0 ? 4 : 1] as const;
  const drawn = { runs: 1, generate: undefined, packets, update, clockNs: 0n, invariants: undefined, twin: undefined };
  return { kind: "property", index: 0, label: "step 1", span, expect, ...drawn };
}

function hasPlainValues(type: string): boolean {
  return ["array", "hash", "lru_hash", "lpm_trie", "percpu_array", "percpu_hash"].includes(type);
}
