import { Fault, ProgramFault } from "../fault.js";
import { accessFault } from "../access-fault.js";
import { pageBytes } from "../arena.js";
import { callArea } from "../call.js";
import type { Code } from "../code.js";
import type { Counters } from "../counters.js";
import { maxFrames, type Engine, type Machine } from "../machine.js";
import { tailCallHelper } from "../special.js";
import type { Imports } from "./function-writer.js";
import { localTypes, parameters } from "./locals.js";
import {
  i32,
  i64,
  encodeModule,
  op,
  Writer,
  type DefinedFunction,
  type FunctionType,
  type ImportedFunction,
} from "./wasm.js";
import { BodyWriter } from "./write-function.js";

type Entry = (framePointer: number) => void;

/**
 * The fast engine: a program becomes one WebAssembly module, each function a function, registers 64-bit
 * locals, jumps structured. Every access is checked as in the interpreter, every instruction counted;
 * only a program that runs too long is noticed at the next loop or function, not at once.
 */
export class Jit implements Engine {
  readonly machine: Machine;
  readonly code: Code;
  readonly #entries: ReadonlyMap<number, Entry>;
  /** The one at slot 0, which each run begins with. */
  readonly #main: Entry | undefined;
  readonly #words: Int32Array;
  readonly #counters: Counters | undefined;

  constructor(machine: Machine, code: Code, counters?: Counters) {
    this.machine = machine;
    this.code = code;
    this.#counters = counters;
    this.#words = new Int32Array(machine.arena.memory.buffer, 0, 64);
    const helpers = helpersOf(code);
    const { exports } = new WebAssembly.Instance(translate(machine, code, helpers, counters), {
      machine: this.#imports(helpers),
    });
    this.#entries = new Map(code.functions.map(({ slot }) => [slot, exports[entryName(slot)] as Entry]));
    this.#main = this.#entries.get(0);
  }

  call(slot: number, framePointer: number): void {
    const entry = slot === 0 ? this.#main : this.#entries.get(slot);
    if (!entry) throw new Fault(`calls slot ${slot}, where no function begins`);
    try {
      entry(framePointer);
    } catch (error) {
      if (!(error instanceof Fault) || error instanceof ProgramFault) throw error;
      throw this.#faultAt(this.#words[callArea.slot >> 2]!, error.message);
    }
  }

  #imports(helpers: readonly number[]): Record<string, WebAssembly.ImportValue> {
    const { machine } = this;
    const imports: Record<string, WebAssembly.ImportValue> = {
      memory: machine.arena.memory,
      memoryFault: (slot: number, base: bigint) => {
        throw this.#memoryFault(slot, base);
      },
      budgetFault: (slot: number) => {
        throw this.#faultAt(slot, "runs for more instructions than it may");
      },
      depthFault: (slot: number) => {
        throw this.#faultAt(slot, `nests more than ${maxFrames} function calls`);
      },
      tailCall: (framePointer: number) => Number(machine.tailCall(framePointer)),
      loadPacket: (offset: number, sizeBytes: 1 | 2 | 4) => {
        const value = machine.packet?.load(offset, sizeBytes);
        if (value !== undefined) machine.arguments.set(0, value >>> 0);
        return Number(value !== undefined);
      },
    };
    imports["callRegister"] = (number: number) => machine.callHelper(number >>> 0);
    for (const number of helpers) {
      const helper = machine.helpers.get(number);
      if (!helper) throw new Fault(`helper #${number} is not simulated`);
      imports[helperImport(number)] = () => machine.arguments.set(0, helper(machine.arguments, machine));
    }
    return imports;
  }

  #memoryFault(slot: number, base: bigint): ProgramFault {
    const { instruction } = this.code.instructions.find((placed) => placed.slot === slot)!;
    if (instruction.kind !== "load" && instruction.kind !== "store" && instruction.kind !== "atomic")
      throw new RangeError(`instruction ${slot} accesses no memory`);
    const fault = accessFault(
      this.machine.arena,
      instruction,
      Number(BigInt.asIntN(64, base + BigInt(instruction.offset))),
    );
    return this.#faultAt(slot, fault.message);
  }

  #faultAt(slot: number, message: string): ProgramFault {
    this.#counters?.fault(slot);
    return this.code.faultAt(slot, message);
  }
}

interface Translation {
  readonly module: WebAssembly.Module;
  readonly capacityBytes: number;
  readonly clearsStack: boolean;
  readonly counters: CounterPlaces;
}

/** Where the counters are that a translation adds to; undefined where nothing is counted. */
type CounterPlaces = readonly [number | undefined, number | undefined];

const translations = new WeakMap<Code, Translation>();

/** A translation holds numbers of the machine that it was made for, and serves others that are laid out alike. */
function translate(
  machine: Machine,
  code: Code,
  helpers: readonly number[],
  counters: Counters | undefined,
): WebAssembly.Module {
  const { clearsStack } = machine;
  const { capacityBytes } = machine.arena;
  const places: CounterPlaces = [counters?.address, counters?.comparesAddress];
  const known = translations.get(code);
  const isAlike = known?.capacityBytes === capacityBytes && known.clearsStack === clearsStack;
  if (isAlike && known.counters.every((place, i) => place === places[i])) return known.module;
  const module = new WebAssembly.Module(compile(machine, code, helpers, counters));
  translations.set(code, { module, capacityBytes, clearsStack, counters: places });
  return module;
}

/** Numbers of the helpers that are called out to. */
function helpersOf(code: Code): number[] {
  const numbers = code.instructions.flatMap(({ instruction }) =>
    instruction.kind === "callHelper" && instruction.helper !== tailCallHelper ? [instruction.helper] : [],
  );
  return [...new Set(numbers)];
}

function helperImport(number: number): string {
  return `helper${number}`;
}

function entryName(slot: number): string {
  return `function${slot}`;
}

const types = {
  bpf: 0,
  entry: 1,
  memoryFault: 2,
  fault: 1,
  callRegister: 1,
  tailCall: 3,
  loadPacket: 4,
  helper: 5,
} as const;
const signatures: readonly FunctionType[] = [
  { parameters, results: [i64] },
  { parameters: [i32], results: [] },
  { parameters: [i32, i64], results: [] },
  { parameters: [i32], results: [i32] },
  { parameters: [i32, i32], results: [i32] },
  { parameters: [], results: [] },
];

/** A program as a WebAssembly module that exports one entry for each of its functions. */
function compile(
  machine: Machine,
  code: Code,
  helpers: readonly number[],
  counters: Counters | undefined,
): Uint8Array<ArrayBuffer> {
  const fixed: readonly ImportedFunction[] = [
    { name: "memoryFault", type: types.memoryFault },
    { name: "budgetFault", type: types.fault },
    { name: "depthFault", type: types.fault },
    { name: "tailCall", type: types.tailCall },
    { name: "loadPacket", type: types.loadPacket },
    { name: "callRegister", type: types.callRegister },
  ];
  const imports: Imports = {
    memoryFault: 0,
    budgetFault: 1,
    depthFault: 2,
    tailCall: 3,
    loadPacket: 4,
    callRegister: 5,
    helpers: new Map(helpers.map((number, i) => [number, fixed.length + i])),
  };
  const importCount = fixed.length + helpers.length;
  const indexes = new Map(code.functions.map(({ first }, i) => [first, importCount + i]));
  const indexOf = (first: number) => indexes.get(first)!;
  const bodies = code.functions.map((body): DefinedFunction => {
    const text = new BodyWriter({ code, body, machine, imports, functionIndex: indexOf, counters }).write();
    return { type: types.bpf, locals: localTypes, body: text };
  });
  const entries = code.functions.map(({ first, slot }): DefinedFunction => {
    const body = entryBody(indexOf(first));
    return { type: types.entry, locals: [], body, exportName: entryName(slot) };
  });
  return encodeModule({
    types: signatures,
    imports: [...fixed, ...helpers.map((number) => ({ name: helperImport(number), type: types.helper }))],
    functions: [...bodies, ...entries],
    memoryPages: machine.arena.memory.buffer.byteLength / pageBytes,
  });
}

/** Calls a function with r1 to r5 from the call area and the frame pointer it is given, and leaves r0 there. */
function entryBody(functionIndex: number): Uint8Array {
  const out = new Writer().byte(op.i32Const, 0);
  for (let register = 1; register <= 5; register++)
    out.byte(op.i32Const, 0, op.i64Load, 0).unsigned(callArea.address + 8 * register);
  out.byte(op.localGet, 0, op.i64ExtendI32U, op.call).unsigned(functionIndex);
  return out.byte(op.i64Store, 0).unsigned(callArea.address).bytes;
}
