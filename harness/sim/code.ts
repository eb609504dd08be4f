import { harnessError } from "../model/error.js";
import type { LineInfo } from "../model/object.js";
import { disassemble } from "../isa/disassemble.js";
import type { PlacedInstruction } from "../isa/decode.js";
import { slotsOf, type Instruction } from "../isa/instruction.js";
import { writtenRegister } from "../isa/written-register.js";
import { ProgramFault } from "./fault.js";
import { stackBytesOf } from "./stack-use.js";
import { calleeName } from "./kernel-functions.js";

/** Bytes of a function's stack frame (MAX_BPF_STACK of the kernel). */
export const frameBytes = 512;

const framePointer = 10;

/** A function of a program: instructions `first` up to, without, `end`. */
export interface FunctionBody {
  readonly first: number;
  readonly end: number;
  readonly slot: number;
  /** The C function's name, and the ELF section that it comes from. */
  readonly name: string;
  readonly section: string;
  /** Bytes below the frame pointer that it may use: so many start as uninitialised. */
  readonly stackBytes: number;
}

/** What is known of a function beside its instructions. */
export type FunctionOrigin = Pick<FunctionBody, "name" | "section">;

/**
 * A linked program, ready for an engine: an entry and the functions it calls, one after the other, as
 * libbpf hands them to the kernel. Instructions are counted by index here; distances are resolved.
 */
export class Code {
  readonly name: string;
  readonly instructions: readonly PlacedInstruction[];
  /** Ascending; the first is the entry. */
  readonly functions: readonly FunctionBody[];
  readonly #lines: readonly LineInfo[];
  readonly #origins: ReadonlyMap<number, FunctionOrigin>;
  readonly #indexOfSlot: ReadonlyMap<number, number>;

  /**
   * @param origins of functions by slot; the entry's is the program's name, unless given
   * @throws HarnessError "object" for jumps and calls that lead nowhere, and ends that are none
   */
  constructor(
    name: string,
    instructions: readonly PlacedInstruction[],
    lines: readonly LineInfo[] = [],
    origins: ReadonlyMap<number, FunctionOrigin> = new Map(),
  ) {
    this.name = name;
    this.instructions = instructions;
    // Line 0 is what the compiler made up: the code belongs to the line before.
    this.#lines = lines.filter(({ line }) => line > 0);
    this.#origins = origins;
    this.#indexOfSlot = new Map(instructions.map(({ slot }, index) => [slot, index]));
    if (instructions.length === 0) throw harnessError("object", `program '${name}' has no instructions`);
    this.functions = this.#findFunctions();
    for (const body of this.functions) this.#checkFunction(body);
  }

  /** The function that begins at a slot. */
  functionAt(slot: number): FunctionBody | undefined {
    return this.functions.find((body) => body.slot === slot);
  }

  /** Index of the instruction at a slot. */
  indexAt(slot: number): number {
    const index = this.#indexOfSlot.get(slot);
    if (index === undefined) throw new RangeError(`no instruction begins at slot ${slot}`);
    return index;
  }

  /** Index of the instruction that a jump or call of the one at `index` leads to. */
  targetOf(index: number): number {
    const { slot, instruction } = this.instructions[index]!;
    if (!("distance" in instruction)) throw new RangeError(`instruction ${slot} does not jump`);
    const target = this.#indexOfSlot.get(slot + slotsOf(instruction) + instruction.distance);
    if (target === undefined)
      throw this.#error(slot, `leads to slot ${slot + 1 + instruction.distance}, where no instruction begins`);
    return target;
  }

  /** C source line of a slot: the last record at or before it. */
  lineOf(slot: number): LineInfo | undefined {
    return this.#lines.findLast((line) => line.instruction <= slot);
  }

  /** A fault with its place: `file.c:41: reads … (instruction 17: (61) r1 = *(u32 *)(r2 +0))`. */
  faultAt(slot: number, message: string): ProgramFault {
    const line = this.lineOf(slot);
    const source = line && `${line.file}:${line.line}`;
    const index = this.#indexOfSlot.get(slot);
    const text =
      index === undefined ? "" : `: ${disassemble(this.instructions[index]!.instruction, { helper: calleeName })}`;
    return new ProgramFault(`${source ?? this.name}: ${message} (instruction ${slot}${text})`, slot, source);
  }

  #error(slot: number, message: string) {
    return harnessError("object", `program '${this.name}', instruction ${slot}: ${message}`);
  }

  #findFunctions(): FunctionBody[] {
    const starts = new Set([0]);
    this.instructions.forEach(({ slot, instruction }, index) => {
      if (instruction.kind === "callFunction") starts.add(this.targetOf(index));
      if (isFunctionAddress(instruction)) starts.add(this.#functionTarget(slot, instruction.low));
    });
    const sorted = [...starts].sort((a, b) => a - b);
    return sorted.map((first, i) => {
      const end = sorted[i + 1] ?? this.instructions.length;
      const body = this.instructions.slice(first, end).map(({ instruction }) => instruction);
      const { slot } = this.instructions[first]!;
      const unknown = { name: first === 0 ? this.name : `function at ${slot}`, section: "" };
      return { ...(this.#origins.get(slot) ?? unknown), first, end, slot, stackBytes: stackBytesOf(body, frameBytes) };
    });
  }

  /** `low` of a function's address is, as for calls, the distance from the next slot. */
  #functionTarget(slot: number, distance: number): number {
    const target = this.#indexOfSlot.get(slot + 1 + distance);
    if (target === undefined) throw this.#error(slot, "takes the address of a function that does not exist");
    return target;
  }

  #checkFunction({ first, end }: FunctionBody): void {
    for (let index = first; index < end; index++) {
      const { slot, instruction } = this.instructions[index]!;
      if (instruction.kind === "callKernel")
        throw this.#error(slot, `calls kernel function ${instruction.btfId} by a number that only a loader can know`);
      if (writtenRegister(instruction) === framePointer)
        throw this.#error(slot, "writes r10, the frame pointer is read-only");
      if (!isJump(instruction)) continue;
      const target = this.targetOf(index);
      if (target < first || target >= end) throw this.#error(slot, "jumps out of its function");
    }
    const last = this.instructions[end - 1]!;
    if (last.instruction.kind !== "exit" && last.instruction.kind !== "goto")
      throw this.#error(last.slot, "the last instruction of a function is neither exit nor a jump");
  }
}

type FunctionAddress = Instruction & { readonly kind: "constant"; readonly meaning: "function" };

export function isFunctionAddress(instruction: Instruction): instruction is FunctionAddress {
  return instruction.kind === "constant" && instruction.meaning === "function";
}

export function isJump(instruction: Instruction): instruction is Instruction & { kind: "goto" | "branch" | "mayGoto" } {
  return instruction.kind === "goto" || instruction.kind === "branch" || instruction.kind === "mayGoto";
}
