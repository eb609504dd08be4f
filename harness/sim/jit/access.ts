import type { Instruction, Operand, SizeBytes } from "../../isa/instruction.js";
import { readable, writable } from "../arena.js";
import { frameBytes } from "../code.js";
import { registerLocals, local } from "./locals.js";
import type { FunctionWriter } from "./function-writer.js";
import { noResult, op } from "./wasm.js";

const loads = { 1: op.i64Load8U, 2: op.i64Load16U, 4: op.i64Load32U, 8: op.i64Load } as const;
const signedLoads = { 1: op.i64Load8S, 2: op.i64Load16S, 4: op.i64Load32S, 8: op.i64Load } as const;
const stores = { 1: op.i64Store8, 2: op.i64Store16, 4: op.i64Store32, 8: op.i64Store } as const;

/** Puts a `br_if` to the function's fault exit. */
export type BranchToFault = () => void;

/** A permission in every byte of a word. */
function mask(permission: number, sizeBytes: SizeBytes): bigint {
  return BigInt.asUintN(8 * sizeBytes, 0x0101_0101_0101_0101n * BigInt(permission));
}

/** Wholly in the function's own frame, which is known when the program is compiled. */
function isFrameSlot(base: number, offset: number, sizeBytes: number): boolean {
  return base === 10 && offset >= -frameBytes && offset + sizeBytes <= 0;
}

/** Leaves base + offset in `address`, and sees that its shadow can be looked at. */
function writeAddress(out: FunctionWriter, slot: number, base: number, offset: number, fault: BranchToFault): void {
  out.register(base);
  if (offset !== 0) out.const64(offset).byte(op.i64Add);
  out.set(local.address).const32(slot).set(local.slot);
  if (isFrameSlot(base, offset, 1)) return;
  out
    .get(local.address)
    .const64(out.capacityBytes - 8)
    .byte(op.i64GtU);
  fault();
}

function pushAddress(out: FunctionWriter): FunctionWriter {
  return out.get(local.address).byte(op.i32WrapI64);
}

/** Permissions of the bytes at `address`, each byte masked, compared with what they have to be. */
function checkShadow(out: FunctionWriter, sizeBytes: SizeBytes, permission: number, fault: BranchToFault): void {
  const needed = BigInt.asIntN(64, mask(permission, sizeBytes));
  pushAddress(out).memory(loads[sizeBytes], out.capacityBytes);
  out.const64(needed).byte(op.i64And).const64(needed).byte(op.i64Ne);
  fault();
}

export function writeLoad(
  out: FunctionWriter,
  slot: number,
  instruction: Instruction & { kind: "load" },
  fault: BranchToFault,
): void {
  const { sizeBytes, signed, dst, base, offset } = instruction;
  writeAddress(out, slot, base, offset, fault);
  checkShadow(out, sizeBytes, readable, fault);
  pushAddress(out)
    .memory((signed ? signedLoads : loads)[sizeBytes], 0)
    .assign(dst);
}

export function writeStore(
  out: FunctionWriter,
  slot: number,
  instruction: Instruction & { kind: "store" },
  fault: BranchToFault,
): void {
  const { sizeBytes, base, offset, operand } = instruction;
  const both = BigInt.asIntN(64, mask(readable | writable, sizeBytes));
  if (isFrameSlot(base, offset, sizeBytes)) {
    const at = frameBytes + offset;
    out.get(local.frame).operand(operand, 64).memory(stores[sizeBytes], at);
    out
      .get(local.frame)
      .const64(both)
      .memory(stores[sizeBytes], out.capacityBytes + at);
    return;
  }
  writeAddress(out, slot, base, offset, fault);
  // Almost always all of it may be read already. Else it is a first write to the stack, or forbidden.
  pushAddress(out).memory(loads[sizeBytes], out.capacityBytes).const64(both).byte(op.i64Ne, op.if, noResult);
  out.nested(() => {
    checkShadow(out, sizeBytes, writable, fault);
    pushAddress(out).const64(both).memory(stores[sizeBytes], out.capacityBytes);
  });
  pushAddress(out).operand(operand, 64).memory(stores[sizeBytes], 0);
}

const updates = { add: op.i64Add, or: op.i64Or, and: op.i64And, xor: op.i64Xor } as const;

/** There is one thread, so that any sequence of instructions is atomic. */
export function writeAtomic(
  out: FunctionWriter,
  slot: number,
  instruction: Instruction & { kind: "atomic" },
  fault: BranchToFault,
): void {
  const { operation, sizeBytes, fetch, base, offset, src } = instruction;
  if (operation === "loadAcquire") {
    writeLoad(out, slot, { kind: "load", sizeBytes, signed: false, dst: src, base, offset }, fault);
    return;
  }
  const operand: Operand = { kind: "register", register: src };
  if (operation === "storeRelease") {
    writeStore(out, slot, { kind: "store", sizeBytes, base, offset, operand }, fault);
    return;
  }
  writeAddress(out, slot, base, offset, fault);
  checkShadow(out, sizeBytes, readable | writable, fault);
  pushAddress(out).memory(loads[sizeBytes], 0).set(local.temporary);
  if (operation === "cmpxchg") {
    out.get(local.temporary).register(0);
    if (sizeBytes === 4) out.const64(0xffff_ffff).byte(op.i64And);
    out.byte(op.i64Eq, op.if, noResult);
    pushAddress(out).register(src).memory(stores[sizeBytes], 0).byte(op.end);
    out.get(local.temporary).assign(0);
    return;
  }
  pushAddress(out);
  if (operation === "xchg") out.register(src);
  else out.get(local.temporary).register(src).byte(updates[operation]);
  out.memory(stores[sizeBytes], 0);
  if (fetch) out.get(local.temporary).set(registerLocals[src]!);
}
