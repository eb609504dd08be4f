import { HarnessError } from "../model/error.js";
import { sameBytes } from "../model/hex.js";
import { isDropped, verdictName } from "../model/hook.js";
import type { BpfObject } from "../model/object.js";
import type { Packet } from "../model/packet.js";
import { summary } from "../packet/print.js";
import { FastChance, oneOf } from "./chance.js";
import { constantsOf } from "./constants.js";
import { GuidedSearch } from "./guided-search.js";
import { load, mutate, newScratch } from "./mutate-bytes.js";
import { anyPacket } from "./packet-source.js";
import { packetYaml } from "./packet-yaml.js";
import { fieldAt } from "./relation-properties.js";
import { SimTarget } from "./sim-target.js";
import type { Subject } from "./subject.js";
import { parsePacket } from "../packet/parse.js";
import type { Answer } from "./target.js";

/** What shows that two programs are not the same. */
export interface Difference {
  /** As layers of a scenario. */
  readonly layers: string;
  /** `the verdict is XDP_DROP instead of XDP_PASS`. */
  readonly what: string;
}

const searchRuns = 20_000;
const changedRuns = 4000;

/** Packets that go every way through a program that a search finds, to tell others from it. */
export class Distinguisher {
  readonly #subject: Subject;
  readonly #packets: readonly Packet[];
  readonly #original: SimTarget;

  /** @param known packets to begin with */
  constructor(subject: Subject, known: readonly Packet[]) {
    this.#subject = subject;
    const constants = constantsOf(subject.object, subject.maps, subject.globals);
    const packets = anyPacket(constants);
    const search = new GuidedSearch(subject, { seed: subject.seed, constants, packets, examine: () => {} });
    search.plant(known);
    search.search(searchRuns);
    this.#packets = [...known, ...search.corpus.map((bytes): Packet => ({ linkType: "ethernet", bytes }))];
    search.close();
    this.#original = new SimTarget(subject);
  }

  /** A packet that another version of the program treats otherwise; undefined where none was found. */
  difference(object: BpfObject): Difference | undefined {
    const other = new SimTarget({ ...this.#subject, object });
    try {
      for (const packet of this.#tries()) {
        const what = this.#compare(other, packet);
        if (what !== undefined) return { layers: packetYaml(packet), what };
      }
      return undefined;
    } catch (error) {
      // What a changed program asks for need not be simulated.
      if (error instanceof HarnessError) return undefined;
      throw error;
    } finally {
      other.close();
    }
  }

  close(): void {
    this.#original.close();
  }

  *#tries(): Generator<Packet> {
    yield* this.#packets;
    const chance = new FastChance(this.#subject.seed);
    const constants = constantsOf(this.#subject.object, this.#subject.maps, this.#subject.globals);
    const scratch = newScratch();
    for (let run = 0; run < changedRuns; run++) {
      load(scratch, oneOf(chance, this.#packets).bytes);
      mutate(scratch, chance, constants, oneOf(chance, this.#packets).bytes, "ethernet");
      yield { linkType: "ethernet", bytes: scratch.bytes.slice(0, scratch.size) };
    }
  }

  /** Twice in a row: what a program remembers often shows only then. */
  #compare(other: SimTarget, packet: Packet): string | undefined {
    const targets = [this.#original, other] as const;
    for (const target of targets) target.reset();
    for (let time = 0; time < 2; time++) {
      const [expected, actual] = targets.map((target) => target.run(packet)) as [Answer, Answer];
      const what = this.#differs(packet, expected, actual);
      if (what !== undefined) return time === 0 ? what : `${what}, the second time`;
    }
    const [wanted, printed] = targets.map((target) => target.takePrinted().join("\n"));
    if (wanted !== printed) return `'${printed}' is printed instead of '${wanted}'`;
    return this.#original.holdsTheSame(other) ? undefined : "maps or variables hold something else";
  }

  #differs(packet: Packet, expected: Answer, actual: Answer): string | undefined {
    const { programType } = this.#subject;
    const [wanted, seen] = [expected, actual].map(({ fault, returned }) =>
      fault ? "a fault" : verdictName(programType, returned),
    );
    if (wanted !== seen) return `the verdict is ${seen} instead of ${wanted}`;
    if (expected.fault || isDropped(programType, expected.returned)) return undefined;
    if (sameBytes(expected.bytes, actual.bytes)) return undefined;
    const at = actual.bytes.findIndex((byte, i) => byte !== expected.bytes[i]);
    const after = { ...packet, bytes: actual.bytes };
    return at < 0 ? `the packet is ${summary(after)}` : `${fieldAt(parsePacket(after), at)} is another`;
  }
}
