import type { MapChange } from "./evidence.js";

export const traceSchemaVersion = 1;

/** What `packetproof trace --json FILE` holds: every run of a program that one packet led to, instruction by instruction. */
export interface Trace {
  readonly schemaVersion: number;
  readonly file: string;
  readonly scenario: string;
  readonly case: string;
  /** The step's label. */
  readonly step: string;
  /** 1-based, among the step's packets. */
  readonly packet: number;
  /** One line: addresses and ports, protocol by protocol. */
  readonly sent: string;
  readonly runs: readonly TracedRun[];
}

/**
 * One run as its changes: each step says what was before and what was after, so that one can go through it forwards
 * and backwards from either end. All numbers of 64 bits and all bytes are in hex.
 */
export interface TracedRun {
  readonly program: string;
  readonly packetHex: string;
  /** r0 to r10 before the first instruction. */
  readonly registers: readonly string[];
  /** Each instruction that was executed, once. */
  readonly instructions: readonly TracedInstruction[];
  /** Each C line that was come to, once. */
  readonly lines: readonly SourceLine[];
  readonly steps: readonly TraceStep[];
  /** Steps beyond those that are kept. */
  readonly omittedSteps: number;
  /** The conditional jump without which the program would have returned something else; undefined where there is none. */
  readonly decision: Decision | undefined;
  /** The return value, signed, 32 bits, and its name; undefined where the run ended in a fault. */
  readonly returned: number | undefined;
  readonly verdict: string | undefined;
  readonly fault: string | undefined;
  /** Values are typed by BTF, as scenarios write them. */
  readonly maps: readonly MapChange[];
}

export interface TracedInstruction {
  readonly function: string;
  /** 8-byte slot in the linked program. */
  readonly slot: number;
  /** As the verifier log writes it. */
  readonly text: string;
  /** Index into `lines`; undefined where the object has no line for it. */
  readonly line: number | undefined;
}

export interface SourceLine {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

export interface TraceStep {
  /** Index into `instructions`. */
  readonly instruction: number;
  /** Calls that are open around it. */
  readonly depth: number;
  /** Register, before and after. */
  readonly registers?: readonly (readonly [register: number, before: string, after: string])[];
  readonly memory?: readonly MemoryChange[];
  readonly call?: HelperCall;
  /** Of a conditional jump. */
  readonly taken?: boolean;
}

/** Bytes that were written, also where they stay the same. */
export interface MemoryChange {
  /** `packet+14`, `stack-8`, `value of map 'counter'+0`, `hits+0` for a global variable. */
  readonly place: string;
  readonly before: string;
  readonly after: string;
}

export interface HelperCall {
  readonly name: string;
  readonly arguments: readonly string[];
  /** Undefined where it never came back. */
  readonly result: string | undefined;
}

export interface Decision {
  /** Index into `steps`. */
  readonly step: number;
  readonly source: SourceLine | undefined;
  /** `if w1 != 0x1 goto pc+3: not taken, w1 = 0x1`. */
  readonly condition: string;
}
