import { HarnessError } from "../model/error.js";
import type { Packet } from "../model/packet.js";
import type { MapPatch } from "../model/plan.js";
import type { Command } from "./input.js";

/** What a program made of one packet. */
export interface Answer {
  /** The return value, signed 32-bit; 0 where the program did not get so far. */
  readonly returned: number;
  /** The packet as the program left it, also where it was dropped. */
  readonly bytes: Uint8Array;
  readonly fault: ProgramMistake | undefined;
}

/** The program did what it may not do. */
export interface ProgramMistake {
  readonly message: string;
  /** `file.c:41`, or else the instruction: what tells one mistake from another. */
  readonly place: string;
}

/** A loaded program with its maps, that runs packets one after the other. */
export interface Target {
  /** As reports call it: `sim`, `sim (interpreter)`, `kernel`, or the name of another program. */
  readonly name: string;
  /** Everything as before the first command of an input. */
  reset(): void;
  /** Takes back what `update` did since then; enough where the program itself has changed nothing. */
  restore?(): void;
  run(packet: Packet): Answer;
  /** Map entries set or deleted, as user space does. */
  update(patches: readonly MapPatch[]): void;
  advance(durationNs: bigint): void;
  close(): void;
}

/** User space that is told "no", because a map is full, goes on. */
function update(target: Target, patches: readonly MapPatch[]): void {
  try {
    target.update(patches);
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
  }
}

/** The answer to a packet; undefined for what has none. */
export function perform(target: Target, command: Command): Answer | undefined {
  if (command.kind === "packet") return target.run(command.packet);
  if (command.kind === "update") update(target, command.patches);
  else target.advance(command.durationNs);
  return undefined;
}
