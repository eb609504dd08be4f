import type { InvariantName } from "../model/invariant.js";
import type { ProgramType } from "../model/hook.js";
import type { Packet } from "../model/packet.js";
import { parsePacket } from "../packet/parse.js";
import type { ParsedPacket } from "../packet/protocol.js";
import type { Answer } from "./target.js";

/** One packet that went through the program, and what became of it. */
export class Run {
  readonly programType: ProgramType;
  readonly packet: Packet;
  readonly answer: Answer;
  #before: ParsedPacket | undefined;
  #after: ParsedPacket | undefined;

  constructor(programType: ProgramType, packet: Packet, answer: Answer) {
    this.programType = programType;
    this.packet = packet;
    this.answer = answer;
  }

  get before(): ParsedPacket {
    return (this.#before ??= parsePacket(this.packet));
  }

  get after(): ParsedPacket {
    return (this.#after ??= parsePacket({ linkType: this.packet.linkType, bytes: this.answer.bytes }));
  }
}

/** What a property does not hold for. */
export interface Violation {
  readonly property: string;
  /** What differs, as one would say it: `udp.checksum`, `verdict`, `fault`. */
  readonly what: string;
  readonly expected: string;
  readonly actual: string;
  readonly details: readonly string[];
  /** Two violations with the same key are the same mistake. */
  readonly key: string;
}

type Found = Pick<Violation, "what" | "expected" | "actual"> & { readonly details?: readonly string[] };

/** A packet that has to fare like another, and how the two differ. */
export interface Variant {
  readonly packet: Packet;
  /** As messages say it: `with 0xff as padding`. */
  readonly change: string;
}

interface Named {
  /** What it says of a program is in model/invariant.ts. */
  readonly name: InvariantName | "expect";
  /** True of every correct program that we could think of, so looked at when nothing is asked for. */
  readonly byDefault: boolean;
}

/** Can be seen in one run. */
export interface RunProperty extends Named {
  readonly kind: "run";
  judge(run: Run): Found | undefined;
}

/** Takes two runs from the same state. */
export interface RelationProperty extends Named {
  readonly kind: "relation";
  /** The packet itself in the form that is compared, and what has to fare like it; undefined where it has none. */
  variants(run: Run): { readonly base: Packet; readonly others: readonly Variant[] } | undefined;
  compare(base: Run, other: Run): Found | undefined;
}

/** Takes the same run on several targets. */
export interface AgreementProperty extends Named {
  readonly kind: "agreement";
}

export type Property = RunProperty | RelationProperty | AgreementProperty;
