import type { Instruction, Operand } from "../../isa/instruction.js";
import { readable, writable } from "../arena.js";
import { callArea } from "../call.js";
import { frameBytes, isFunctionAddress, type Code, type FunctionBody } from "../code.js";
import { frameStrideBytes, functionAddresses, type Machine } from "../machine.js";
import { loadPacketOutside, tailCallHelper } from "../special.js";
import { writeAtomic, writeLoad, writeStore, type AccessParts } from "./access.js";
import { writeAlu, writeByteSwap, writeCondition, writeMoveSigned, writeNegate } from "./arithmetic.js";
import { wordsPerCompare, type Counters } from "../counters.js";
import { layOut, predecessorsOf, type Block, type Construct, type Layout } from "./control-flow.js";
import { FunctionWriter, type Imports } from "./function-writer.js";
import { local } from "./locals.js";
import { NearBases } from "./near-bases.js";
import { noResult, op } from "./wasm.js";

type Branch = Instruction & { readonly kind: "branch" };

/** What is open around the instruction at hand, outermost first; its place counts for `br`. */
type Label = { readonly kind: "fault" | "if" | "dispatch" } | Construct;

/** What a function is written from. */
export interface BodyParts {
  readonly code: Code;
  readonly body: FunctionBody;
  readonly machine: Machine;
  readonly imports: Imports;
  /** WebAssembly function index of the BPF function that begins at an instruction. */
  readonly functionIndex: (first: number) => number;
  /** What runs are counted in, if they are. */
  readonly counters: Counters | undefined;
}

/** Writes one function of a program as the body of a WebAssembly function. */
export class BodyWriter {
  readonly #code: Code;
  readonly #body: FunctionBody;
  readonly #clearsStack: boolean;
  readonly #layout: Layout;
  readonly #imports: Imports;
  readonly #functionIndex: (first: number) => number;
  readonly #counters: Counters | undefined;
  readonly #out: FunctionWriter;
  readonly #labels: Label[] = [];
  readonly #predecessors: readonly (readonly number[])[];
  /** What is known of bases at the ends of the blocks that are written. */
  readonly #knownBehind = new Map<number, number>();
  /** Block number → place in the order of writing. */
  readonly #position: ReadonlyMap<number, number>;

  constructor({ code, body, machine, imports, functionIndex, counters }: BodyParts) {
    this.#code = code;
    this.#body = body;
    this.#clearsStack = machine.clearsStack;
    this.#imports = imports;
    this.#functionIndex = functionIndex;
    this.#counters = counters;
    this.#layout = layOut(code, body);
    this.#predecessors = predecessorsOf(this.#layout);
    this.#position = new Map(this.#layout.order.map((block, at) => [block, at]));
    this.#out = new FunctionWriter(machine.arena, this.#nested);
  }

  write(): Uint8Array {
    const out = this.#out;
    this.#writePrologue();
    this.#open({ kind: "fault" }, op.block);
    const { constructs } = this.#layout;
    if (constructs) this.#writeStructured(constructs);
    else this.#writeDispatched();
    out.byte(op.unreachable);
    this.#close();
    out.get(local.slot).get(local.address).call(this.#imports.memoryFault).byte(op.unreachable);
    return out.bytes;
  }

  readonly #nested = (write: () => void): void => {
    this.#labels.push({ kind: "if" });
    write();
    this.#close();
  };

  #open(label: Label, opcode: number): void {
    this.#labels.push(label);
    this.#out.byte(opcode, noResult);
  }

  #close(): void {
    this.#labels.pop();
    this.#out.byte(op.end);
  }

  /** Counts how many constructs lie between here and a label. */
  #depthOf(isLabel: (label: Label) => boolean): number {
    const index = this.#labels.findLastIndex(isLabel);
    if (index < 0) throw new RangeError("a jump has no label to go to");
    return this.#labels.length - 1 - index;
  }

  readonly #accessParts: AccessParts = {
    fault: () => {
      // The fault exit encloses everything.
      this.#out.byte(op.brIf).unsigned(this.#labels.length - 1);
    },
    bases: new NearBases(),
  };

  /** Makes the part of the frame that is used what `Machine.openFrame` makes of it. */
  #writePrologue(): void {
    const out = this.#out;
    const { stackBytes } = this.#body;
    const clears = this.#clearsStack;
    out.register(10, 32).const32(frameBytes).byte(op.i32Sub).set(local.frame).reloadBudget();
    for (let at = frameBytes - stackBytes; at < frameBytes; at += 8) {
      out
        .get(local.frame)
        .repeated64(clears ? readable | writable : writable)
        .memory(op.i64Store, out.capacityBytes + at);
      if (clears) out.get(local.frame).const64(0).memory(op.i64Store, at);
    }
    this.#count(this.#counters?.map.ofFunction.get(this.#body.first));
  }

  /** Adds 1 to a counter, if there is one. */
  #count(counter: number | undefined): void {
    if (!this.#counters || counter === undefined) return;
    const at = this.#counters.address + 4 * counter;
    this.#out.const32(0).const32(0).memory(op.i32Load, at).const32(1).byte(op.i32Add).memory(op.i32Store, at);
  }

  /** Counts the way on from an instruction that is not a conditional jump. */
  #countWayOn(index: number): void {
    this.#count(this.#counters?.map.ofInstruction.get(index));
  }

  /** Leaves a conditional jump's condition on the stack; counts which way it goes, without a jump of its own. */
  #writeCondition(index: number, instruction: Branch): void {
    const out = this.#out;
    const counters = this.#counters;
    if (counters) this.#keepOperands(counters, index, instruction);
    writeCondition(out, instruction);
    if (!counters) return;
    const notTaken = counters.address + 4 * counters.map.ofInstruction.get(index)!;
    // Some conditions are any number but 0.
    out.byte(op.i32Eqz, op.i32Eqz).const32(2).byte(op.i32Shl).tee(local.condition);
    out.get(local.condition).memory(op.i32Load, notTaken).const32(1).byte(op.i32Add).memory(op.i32Store, notTaken);
    out.get(local.condition);
  }

  #keepOperands({ comparesAddress, map }: Counters, index: number, { width, dst, operand }: Branch): void {
    if (comparesAddress === undefined) return;
    const at = comparesAddress + 4 * wordsPerCompare * map.branches.indexOf(index);
    const sides: readonly Operand[] = [{ kind: "register", register: dst }, operand];
    sides.forEach((side, i) => {
      const out = this.#out.const32(0).operand(side, width);
      if (width === 32) out.byte(op.i64ExtendI32U);
      out.memory(op.i64Store, at + 8 * i);
    });
  }

  #writeStructured(constructs: readonly Construct[]): void {
    const { order, blocks } = this.#layout;
    const beginning = groupBy(constructs, ({ begin }) => begin);
    order.forEach((block, at) => {
      this.#closeAll(at);
      // Those that were placed last enclose the others.
      for (const construct of beginning.get(at)?.toReversed() ?? [])
        this.#open(construct, construct.kind === "loop" ? op.loop : op.block);
      const isLoop = beginning.get(at)?.some(({ kind }) => kind === "loop") ?? false;
      this.#accessParts.bases.known = this.#knownBefore(block);
      this.#writeBlock(blocks[block]!, isLoop || at === 0);
      this.#knownBehind.set(block, this.#accessParts.bases.known);
      this.#writeEnd(blocks[block]!, at);
    });
    this.#closeAll(order.length);
  }

  /** Of bases: where a block can be reached from one other block only, what is known at that one's end. */
  #knownBefore(block: number): number {
    const [before, another] = this.#predecessors[block]!;
    if (before === undefined || another !== undefined || block === 0) return 0;
    return this.#knownBehind.get(before) ?? 0;
  }

  #closeAll(position: number): void {
    for (let top = this.#labels.at(-1); top && "end" in top && top.end === position; top = this.#labels.at(-1))
      this.#close();
  }

  /** For irreducible control flow: a loop around a table of jumps to all blocks. */
  #writeDispatched(): void {
    const out = this.#out;
    const { order, blocks } = this.#layout;
    this.#open({ kind: "dispatch" }, op.loop);
    order.toReversed().forEach((_, i) => {
      this.#open({ kind: "block", begin: 0, end: order.length - 1 - i }, op.block);
    });
    out
      .get(local.label)
      .byte(op.brTable)
      .unsigned(order.length - 1);
    for (let depth = 0; depth < order.length; depth++) out.unsigned(depth);
    order.forEach((block, at) => {
      this.#closeAll(at);
      this.#accessParts.bases.known = 0;
      this.#writeBlock(blocks[block]!, true);
      this.#writeEnd(blocks[block]!, at);
    });
    out.byte(op.unreachable);
    this.#close();
  }

  #writeBlock({ first, end }: Block, mayRepeat: boolean): void {
    const out = this.#out;
    out
      .get(local.budget)
      .const32(end - first)
      .byte(op.i32Sub)
      .set(local.budget);
    if (mayRepeat) {
      out.get(local.budget).const32(0).byte(op.i32LtS, op.if, noResult);
      out.const32(this.#code.instructions[first]!.slot).call(this.#imports.budgetFault).byte(op.end);
    }
    const { bases } = this.#accessParts;
    for (let index = first; index < end; index++) {
      this.#writeInstruction(index);
      bases.pass(this.#code.instructions[index]!.instruction);
    }
  }

  /** What follows a block: a jump, or nothing where the block to go to is written next. */
  #writeEnd({ end, taken, next }: Block, at: number): void {
    const { instruction } = this.#code.instructions[end - 1]!;
    if (instruction.kind === "exit") return;
    if (instruction.kind === "goto") this.#countWayOn(end - 1);
    if (instruction.kind === "branch" && taken !== undefined && next !== undefined && taken !== next) {
      this.#writeCondition(end - 1, instruction);
      if (this.#position.get(taken) === at + 1) {
        this.#out.byte(op.i32Eqz);
        this.#jumpIf(next);
      } else {
        this.#jumpIf(taken);
        this.#jump(next, at);
      }
    } else {
      if (instruction.kind === "branch" && this.#counters) {
        this.#writeCondition(end - 1, instruction);
        this.#out.byte(op.drop);
      }
      this.#jump((taken ?? next)!, at);
    }
  }

  #jump(block: number, from: number): void {
    const to = this.#position.get(block)!;
    if (to === from + 1) return;
    if (!this.#layout.constructs) this.#out.const32(to).set(local.label);
    this.#out.byte(op.br).unsigned(this.#depthTo(to));
  }

  /** Takes the condition off the stack. */
  #jumpIf(block: number): void {
    const to = this.#position.get(block)!;
    if (this.#layout.constructs) {
      this.#out.byte(op.brIf).unsigned(this.#depthTo(to));
      return;
    }
    this.#out.byte(op.if, noResult);
    this.#nested(() => {
      this.#out.const32(to).set(local.label).byte(op.br).unsigned(this.#depthTo(to));
    });
  }

  #depthTo(position: number): number {
    if (!this.#layout.constructs) return this.#depthOf((label) => label.kind === "dispatch");
    return this.#depthOf(
      (label) =>
        (label.kind === "block" && label.end === position) || (label.kind === "loop" && label.begin === position),
    );
  }

  #writeInstruction(index: number): void {
    const out = this.#out;
    const { slot, instruction } = this.#code.instructions[index]!;
    switch (instruction.kind) {
      case "alu":
        writeAlu(out, instruction);
        break;
      case "negate":
        writeNegate(out, instruction);
        break;
      case "moveSigned":
        writeMoveSigned(out, instruction);
        break;
      case "byteSwap":
        writeByteSwap(out, instruction);
        break;
      case "constant":
        this.#writeConstant(slot, instruction);
        break;
      case "load":
        writeLoad(out, slot, instruction, this.#accessParts);
        break;
      case "store":
        writeStore(out, slot, instruction, this.#accessParts);
        break;
      case "atomic":
        writeAtomic(out, slot, instruction, this.#accessParts);
        break;
      case "loadPacket":
        this.#writeLoadPacket(instruction);
        this.#countWayOn(index);
        break;
      case "callHelper":
        this.#writeHelperCall(slot, instruction.helper);
        this.#countWayOn(index);
        break;
      case "callFunction":
        this.#writeFunctionCall(slot, index);
        this.#countWayOn(index);
        break;
      case "callRegister":
        out.spillArguments(slot).spillBudget().register(instruction.register, 32).call(this.#imports.callRegister);
        out.reloadBudget().loadResult();
        this.#countWayOn(index);
        break;
      case "callKernel":
        throw new RangeError("no code calls kernel functions by number");
      case "exit":
        out.leave();
        break;
      // Written by #writeEnd; `may_goto` never jumps (see the interpreter).
      case "branch":
      case "goto":
      case "mayGoto":
        break;
    }
  }

  #writeConstant(slot: number, instruction: Instruction & { kind: "constant" }): void {
    const { dst, low, high } = instruction;
    // Most are addresses of maps and data, which need no BigInt.
    if (isFunctionAddress(instruction)) this.#out.const64(BigInt(functionAddresses + slot + 1 + low));
    else this.#out.const64(high === low >> 31 ? low : (BigInt(high) << 32n) | BigInt(low >>> 0));
    this.#out.assign(dst);
  }

  #writeLoadPacket({ sizeBytes, index, offset }: Instruction & { kind: "loadPacket" }): void {
    const out = this.#out;
    out.const32(offset);
    if (index !== undefined) out.register(index, 32).byte(op.i32Add);
    out.const32(sizeBytes).call(this.#imports.loadPacket).byte(op.i32Eqz, op.if, noResult);
    out.const64(loadPacketOutside).assign(0).leave().byte(op.end);
    out.loadResult();
  }

  #writeHelperCall(slot: number, helper: number): void {
    const out = this.#out;
    out.spillArguments(slot).spillBudget();
    if (helper === tailCallHelper) {
      out.register(10, 32).call(this.#imports.tailCall).byte(op.if, noResult);
      out.const32(0).memory(op.i64Load, callArea.address).byte(op.return, op.end);
      return;
    }
    out.call(this.#imports.helpers.get(helper)!).reloadBudget().loadResult();
  }

  #writeFunctionCall(slot: number, index: number): void {
    const out = this.#out;
    out.register(10).const32(0).memory(op.i64Load32U, callArea.lowestFrame).byte(op.i64LeU, op.if, noResult);
    out.const32(slot).call(this.#imports.depthFault).byte(op.end).spillBudget();
    for (let register = 1; register <= 5; register++) out.register(register);
    out.register(10).const64(frameStrideBytes).byte(op.i64Sub);
    out
      .call(this.#functionIndex(this.#code.targetOf(index)))
      .assign(0)
      .reloadBudget();
  }
}

function groupBy<T>(items: readonly T[], key: (item: T) => number): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}
