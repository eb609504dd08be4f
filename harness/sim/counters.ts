import type { CounterSite, FunctionCounts, ProgramCounts } from "../model/coverage.js";
import type { Instruction } from "../isa/instruction.js";
import type { Arena } from "./arena.js";
import { isJump, type Code, type FunctionBody } from "./code.js";

export interface CounterOptions {
  /** Keep the operands of every conditional jump, too. */
  readonly compares?: boolean;
}

/** Words of `Counters.compares` for one conditional jump: both operands, lower half first. */
export const wordsPerCompare = 4;

const counterBytes = 4;
const compareBytes = 4 * wordsPerCompare;

/** The counters of a program, where each counted thing has its own. */
export interface CounterMap {
  readonly sites: readonly CounterSite[];
  /** Of the function that begins at an instruction. */
  readonly ofFunction: ReadonlyMap<number, number>;
  /** Of the way on from an instruction; of conditional jumps the `notTaken` one, behind which `taken` follows. */
  readonly ofInstruction: ReadonlyMap<number, number>;
  /** Instructions that are conditional jumps, in order: their operands lie in this order in `Counters.compares`. */
  readonly branches: readonly number[];
}

/**
 * Counters of a program's runs, in the memory of its machine and out of the program's reach; both engines add to
 * them. They are 32 bits wide, wrap around, and are never reset by a run: whoever reads them does that.
 *
 * For a fuzzer: `values` is a view of the memory itself, the same one for the machine's whole life. Call
 * `values.fill(0)` before a run and look at the words after it; word `i` belongs to `sites[i]`, and the order is the
 * same in every machine that loads the same program. Both ways out of a conditional jump have a word of their own, so
 * that whether something new was reached is seen without any arithmetic. With `compares: true`, `compares` holds the
 * operands that the i-th conditional jump (`compareSlots[i]`) had when it last ran, as four words: the left one, then
 * the right one, lower half first; those of 32-bit jumps have zero upper halves. They are not reset either, and mean
 * something where the jump's counters are not 0. `counts` works out everything else, and is not for every run.
 */
export class Counters {
  readonly code: Code;
  readonly map: CounterMap;
  readonly values: Uint32Array;
  readonly compares: Uint32Array | undefined;
  /** Byte offsets in the arena, for engines. */
  readonly address: number;
  readonly comparesAddress: number | undefined;
  /** By slot: how often the program did something there that ended the run. */
  readonly #faults = new Map<number, number>();

  constructor(code: Code, arena: Arena, { compares = false }: CounterOptions = {}) {
    this.code = code;
    this.map = counterMapOf(code);
    const { sites, branches } = this.map;
    this.address = arena.reserve(sites.length * counterBytes, 0, "the counters");
    this.values = new Uint32Array(arena.memory.buffer, this.address, sites.length);
    if (!compares) return;
    this.comparesAddress = arena.reserve(branches.length * compareBytes, 0, "the compared operands");
    this.compares = new Uint32Array(arena.memory.buffer, this.comparesAddress, branches.length * wordsPerCompare);
  }

  get sites(): readonly CounterSite[] {
    return this.map.sites;
  }

  /** Slots of the conditional jumps, in the order of `compares`. */
  get compareSlots(): readonly number[] {
    return this.map.branches.map((index) => this.code.instructions[index]!.slot);
  }

  /** For engines: the run ends at a slot, with what lies behind it in its block left undone. */
  fault(slot: number): void {
    this.#faults.set(slot, (this.#faults.get(slot) ?? 0) + 1);
  }

  reset(): void {
    this.values.fill(0);
    this.#faults.clear();
  }

  counts(): ProgramCounts {
    const { code } = this;
    return { program: code.name, functions: code.functions.map((body) => this.#countsOf(body)) };
  }

  /**
   * Follows the flow through a function. What is not counted are steps forward without a condition; as all others are,
   * the hits of every instruction are known when it is come to in the program's order.
   */
  #countsOf(body: FunctionBody): FunctionCounts {
    const { instructions } = this.code;
    const { ofFunction, ofInstruction } = this.map;
    const arriving = new Map<number, number>();
    const arrive = (index: number, hits: number) => arriving.set(index, (arriving.get(index) ?? 0) + hits);
    // Counted jumps back have to be known before their targets are come to.
    for (let index = body.first; index < body.end; index++) {
      const counter = ofInstruction.get(index);
      const { instruction } = instructions[index]!;
      if (counter === undefined) continue;
      if (instruction.kind === "branch") {
        arrive(index + 1, this.values[counter]!);
        arrive(this.code.targetOf(index), this.values[counter + 1]!);
      } else arrive(isJump(instruction) ? this.code.targetOf(index) : index + 1, this.values[counter]!);
    }
    const called = this.values[ofFunction.get(body.first)!]!;
    arrive(body.first, called);

    const leaders = leadersOf(this.code, body);
    const blocks: { slot: number; hits: number }[] = [];
    const executed: { slot: number; hits: number }[] = [];
    const branches = [];
    let hits = 0;
    for (let index = body.first; index < body.end; index++) {
      const { slot, instruction } = instructions[index]!;
      hits += arriving.get(index) ?? 0;
      if (leaders.has(index)) blocks.push({ slot, hits });
      executed.push({ slot, hits });
      hits -= this.#faults.get(slot) ?? 0;
      const counter = ofInstruction.get(index);
      if (instruction.kind === "branch")
        branches.push({ slot, notTaken: this.values[counter!]!, taken: this.values[counter! + 1]! });
      else if (instruction.kind === "goto" && counter === undefined) arrive(this.code.targetOf(index), hits);
      if (counter !== undefined || instruction.kind === "goto" || instruction.kind === "exit") hits = 0;
    }
    const { name, section, slot } = body;
    return { name, section, slot, hits: called, blocks, branches, instructions: executed };
  }
}

const maps = new WeakMap<Code, CounterMap>();

function counterMapOf(code: Code): CounterMap {
  const known = maps.get(code);
  if (known) return known;
  const sites: CounterSite[] = [];
  const ofFunction = new Map<number, number>();
  const ofInstruction = new Map<number, number>();
  const branches: number[] = [];
  for (const { first, end } of code.functions) {
    ofFunction.set(first, sites.push({ kind: "function", slot: code.instructions[first]!.slot }) - 1);
    for (let index = first; index < end; index++) {
      const { slot, instruction } = code.instructions[index]!;
      const kind = kindOf(code, index);
      if (!kind) continue;
      ofInstruction.set(index, sites.push({ kind, slot }) - 1);
      if (instruction.kind !== "branch") continue;
      sites.push({ kind: "taken", slot });
      branches.push(index);
    }
  }
  const map = { sites, ofFunction, ofInstruction, branches };
  maps.set(code, map);
  return map;
}

function kindOf(code: Code, index: number): CounterSite["kind"] | undefined {
  const { instruction } = code.instructions[index]!;
  if (instruction.kind === "branch") return "notTaken";
  if (mayNotComeBack(instruction)) return "after";
  return instruction.kind === "goto" && code.targetOf(index) <= index ? "back" : undefined;
}

/** Calls, whose callee may end the run, and what may end the function. */
function mayNotComeBack({ kind }: Instruction): boolean {
  return kind === "callHelper" || kind === "callRegister" || kind === "callFunction" || kind === "loadPacket";
}

/** First instructions of basic blocks. */
function leadersOf(code: Code, { first, end }: FunctionBody): ReadonlySet<number> {
  const leaders = new Set([first]);
  for (let index = first; index < end; index++) {
    const { instruction } = code.instructions[index]!;
    if (isJump(instruction)) leaders.add(code.targetOf(index));
    if (isJump(instruction) || mayNotComeBack(instruction) || instruction.kind === "exit") leaders.add(index + 1);
  }
  return leaders;
}
