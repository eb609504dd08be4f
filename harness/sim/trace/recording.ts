import { disassemble } from "../../isa/disassemble.js";
import { toHex } from "../../model/hex.js";
import type { BpfObject } from "../../model/object.js";
import type { HelperCall, MemoryChange, SourceLine, TracedInstruction, TraceStep } from "../../model/trace.js";
import type { Arena } from "../arena.js";
import type { Call } from "../call.js";
import type { Code } from "../code.js";
import type { Registers } from "../interpreter/alu.js";
import { frameStrideBytes } from "../machine.js";
import type { MapTable } from "../maps/map-table.js";
import { describeCall, describeResult } from "./calls.js";
import { Places } from "./places.js";
import { calleeName } from "../kernel-functions.js";

/** Beyond this many steps, further ones are counted and not kept. */
const mostSteps = 200_000;

const registerCount = 11;

/** An executed instruction with its place in the program, for whoever asks why it ran. */
export interface Executed {
  readonly code: Code;
  readonly index: number;
  readonly depth: number;
  readonly taken: boolean | undefined;
}

type Draft = { -readonly [Name in keyof TraceStep]: TraceStep[Name] };

/** Writes down one run while it happens: at each instruction, what the one before it has changed. */
export class Recording {
  readonly steps: Draft[] = [];
  readonly executed: Executed[] = [];
  readonly instructions: TracedInstruction[] = [];
  readonly lines: SourceLine[] = [];
  registers: string[] = [];
  omittedSteps = 0;
  readonly #arena: Arena;
  readonly #places: Places;
  readonly #maps: MapTable;
  readonly #known = new Map<Code, Map<number, number>>();
  readonly #knownLines = new Map<string, number>();
  /** Memory as it was when the last instruction began. */
  #image: Uint8Array;
  /** Registers then. */
  #last: Int32Array | undefined;
  #entryFrame = 0;
  /** What the last instruction writes by itself. */
  #store: { readonly address: number; readonly sizeBytes: number } | undefined;
  /** A helper ran since the last instruction began: it may have written anywhere. */
  #helperRan = false;

  constructor(arena: Arena, object: BpfObject, maps: MapTable) {
    this.#arena = arena;
    this.#places = new Places(arena, object);
    this.#maps = maps;
    this.#image = arena.bytes.slice(0, arena.end);
  }

  /** An instruction is about to run. */
  see(code: Code, slot: number, registers: Registers): void {
    this.#finishLast(registers);
    const framePointer = registers[20]! >>> 0;
    if (!this.#last) {
      this.#entryFrame = framePointer;
      this.registers = Array.from({ length: registerCount }, (_, i) => valueText(registers, i));
    }
    this.#last = registers.slice(0, 2 * registerCount);
    const index = code.indexAt(slot);
    this.#decide(code, index);
    if (this.steps.length === mostSteps) {
      this.omittedSteps++;
      return;
    }
    const depth = (this.#entryFrame - framePointer) / frameStrideBytes;
    const { instruction } = code.instructions[index]!;
    this.steps.push({ instruction: this.#instruction(code, index), depth });
    this.executed.push({ code, index, depth, taken: undefined });
    if (instruction.kind === "store" || instruction.kind === "atomic") {
      const { base, offset, sizeBytes } = instruction;
      const address = registers[2 * base + 1]! * 2 ** 32 + (registers[2 * base]! >>> 0) + offset;
      this.#store = { address, sizeBytes };
    }
  }

  /** Whether the last instruction, a conditional jump, jumps. */
  #decide(code: Code, next: number): void {
    const last = this.executed.at(-1);
    if (!last || this.omittedSteps > 0 || last.code.instructions[last.index]!.instruction.kind !== "branch") return;
    const taken = next === code.targetOf(last.index);
    this.executed[this.executed.length - 1] = { ...last, taken };
    this.steps.at(-1)!.taken = taken;
  }

  callBegins(helper: number, call: Call): HelperCall {
    this.#helperRan = true;
    const described = describeCall(helper, call, this.#maps, this.#places);
    const step = this.steps.at(-1);
    if (step && this.omittedSteps === 0) step.call = described;
    return described;
  }

  callEnds(described: HelperCall, result: number | bigint): void {
    this.#helperRan = true;
    const framePointer = this.#last ? this.#last[20]! >>> 0 : 0;
    (described as { result: string }).result = describeResult(result, framePointer, this.#places);
  }

  /** The run is over. */
  end(): void {
    if (this.#last) this.#finishLast(this.#last);
  }

  #finishLast(registers: Registers): void {
    const last = this.#last;
    if (!last) return;
    const step = this.omittedSteps === 0 ? this.steps.at(-1) : undefined;
    const memory = [...this.#takeStore(), ...this.#takeHelperWrites()];
    if (!step) return;
    if (memory.length > 0) step.memory = memory;
    const changed = [];
    for (let i = 0; i < registerCount; i++) {
      if (registers[2 * i] === last[2 * i] && registers[2 * i + 1] === last[2 * i + 1]) continue;
      changed.push([i, valueText(last, i), valueText(registers, i)] as const);
    }
    if (changed.length > 0) step.registers = changed;
  }

  #takeStore(): MemoryChange[] {
    const store = this.#store;
    this.#store = undefined;
    if (!store || !(store.address >= this.#arena.start && store.address + store.sizeBytes <= this.#arena.end))
      return [];
    return [this.#change(store.address, store.sizeBytes)];
  }

  /** What is not as it was. */
  #takeHelperWrites(): MemoryChange[] {
    if (!this.#helperRan) return [];
    this.#helperRan = false;
    const { bytes, start, end } = this.#arena;
    if (end > this.#image.length) {
      const longer = new Uint8Array(end);
      longer.set(this.#image);
      this.#image = longer;
    }
    const changes: MemoryChange[] = [];
    const [now, was] = [wordsOf(bytes, end), wordsOf(this.#image, end)];
    for (let word = start / 4; word < now.length; word++) {
      if (now[word] === was[word]) continue;
      const from = word;
      while (word < now.length && now[word] !== was[word]) word++;
      changes.push(this.#change(from * 4, (word - from) * 4));
    }
    return changes;
  }

  #change(address: number, sizeBytes: number): MemoryChange {
    const after = this.#arena.bytes.slice(address, address + sizeBytes);
    const before = toHex(this.#image.subarray(address, address + sizeBytes));
    this.#image.set(after, address);
    const place = this.#places.nameOf(address, this.#last![20]! >>> 0) ?? `0x${address.toString(16)}`;
    return { place, before, after: toHex(after) };
  }

  #instruction(code: Code, index: number): number {
    const indexes = this.#known.get(code) ?? new Map<number, number>();
    this.#known.set(code, indexes);
    const known = indexes.get(index);
    if (known !== undefined) return known;
    const { slot, instruction } = code.instructions[index]!;
    const body = code.functions.findLast(({ first }) => first <= index)!;
    const number =
      this.instructions.push({
        function: body.name,
        slot,
        text: disassemble(instruction, { helper: calleeName }),
        line: this.#line(code, slot),
      }) - 1;
    indexes.set(index, number);
    return number;
  }

  #line(code: Code, slot: number): number | undefined {
    const found = code.lineOf(slot);
    if (!found) return undefined;
    const { file, line, text } = found;
    const key = `${file}:${line}`;
    const known = this.#knownLines.get(key);
    if (known !== undefined) return known;
    const number = this.lines.push({ file, line, text: text.trim() }) - 1;
    this.#knownLines.set(key, number);
    return number;
  }
}

function wordsOf({ buffer, byteOffset }: Uint8Array, sizeBytes: number): Int32Array {
  return new Int32Array(buffer, byteOffset, sizeBytes >> 2);
}

/** A register's 64 bits. */
function valueText(registers: Registers, register: number): string {
  const high = registers[2 * register + 1]! >>> 0;
  const low = registers[2 * register]! >>> 0;
  return high === 0 ? `0x${low.toString(16)}` : `0x${high.toString(16)}${low.toString(16).padStart(8, "0")}`;
}
