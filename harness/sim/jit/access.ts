import type { Instruction, Operand, SizeBytes } from "../../isa/instruction.js";
import type { Access } from "../access-fault.js";
import { farthestOffset, readable, writable } from "../arena.js";
import { frameBytes } from "../code.js";
import type { NearBases } from "./near-bases.js";
import { registerLocals, local } from "./locals.js";
import type { FunctionWriter } from "./function-writer.js";
import { noResult, op } from "./wasm.js";

const loads = { 1: op.i64Load8U, 2: op.i64Load16U, 4: op.i64Load32U, 8: op.i64Load } as const;
const signedLoads = { 1: op.i64Load8S, 2: op.i64Load16S, 4: op.i64Load32S, 8: op.i64Load } as const;
const stores = { 1: op.i64Store8, 2: op.i64Store16, 4: op.i64Store32, 8: op.i64Store } as const;

/** What an access is written with beside the instruction. */
export interface AccessParts {
  /** Puts a `br_if` to the function's fault exit. */
  readonly fault: () => void;
  readonly bases: NearBases;
}

const narrowLoads = { 1: op.i32Load8U, 2: op.i32Load16U, 4: op.i32Load } as const;
const narrowStores = { 1: op.i32Store8, 2: op.i32Store16, 4: op.i32Store } as const;

/** Wholly in the function's own frame, which is known when the program is compiled. */
function isFrameSlot(base: number, offset: number, sizeBytes: number): boolean {
  return base === 10 && offset >= -frameBytes && offset + sizeBytes <= 0;
}

/** Says what to tell of a fault, and sees that the base register is near enough to memory for any offset. */
function checkBase(out: FunctionWriter, slot: number, base: number, { fault, bases }: AccessParts): void {
  out.const32(slot).set(local.slot).register(base).set(local.address);
  if (bases.has(base)) return;
  out
    .get(local.address)
    .const64(farthestOffset)
    .byte(op.i64Sub)
    .const64(out.highestBase - farthestOffset)
    .byte(op.i64GtU);
  fault();
  bases.add(base);
}

/** The shadow of the bytes at base + offset, as one number. */
function pushShadow(out: FunctionWriter, base: number, offset: number, sizeBytes: SizeBytes): void {
  const opcode = sizeBytes === 8 ? op.i64Load : narrowLoads[sizeBytes];
  out.register(base, 32).memory(opcode, out.capacityBytes + offset);
}

/** Compares a word of shadow with a permission in every byte. */
function pushPermission(out: FunctionWriter, permission: number, sizeBytes: SizeBytes): void {
  if (sizeBytes === 8) out.repeated64(permission);
  else out.const32((0x0101_0101 * permission) >>> (32 - 8 * sizeBytes));
}

function checkShadow(
  out: FunctionWriter,
  { base, offset, sizeBytes }: Access,
  permission: number,
  { fault }: AccessParts,
): void {
  pushShadow(out, base, offset, sizeBytes);
  pushPermission(out, permission, sizeBytes);
  out.byte(sizeBytes === 8 ? op.i64And : op.i32And);
  pushPermission(out, permission, sizeBytes);
  out.byte(sizeBytes === 8 ? op.i64Ne : op.i32Ne);
  fault();
}

function markWritten(out: FunctionWriter, sizeBytes: SizeBytes, offset: number): void {
  pushPermission(out, readable | writable, sizeBytes);
  out.memory(sizeBytes === 8 ? op.i64Store : narrowStores[sizeBytes], offset);
}

/** Leaves the address on the stack, without the part of it that is returned: that belongs into the access. */
function pushAddress(out: FunctionWriter, base: number, offset: number): number {
  out.register(base, 32);
  if (offset >= 0) return offset;
  out.const32(offset).byte(op.i32Add);
  return 0;
}

export function writeLoad(
  out: FunctionWriter,
  slot: number,
  instruction: Instruction & { kind: "load" },
  parts: AccessParts,
): void {
  const { sizeBytes, signed, dst, base, offset } = instruction;
  checkBase(out, slot, base, parts);
  checkShadow(out, instruction, readable, parts);
  const at = pushAddress(out, base, offset);
  out.memory((signed ? signedLoads : loads)[sizeBytes], at).assign(dst);
}

export function writeStore(
  out: FunctionWriter,
  slot: number,
  instruction: Instruction & { kind: "store" },
  parts: AccessParts,
): void {
  const { sizeBytes, base, offset, operand } = instruction;
  if (isFrameSlot(base, offset, sizeBytes)) {
    const at = frameBytes + offset;
    out.get(local.frame).operand(operand, 64).memory(stores[sizeBytes], at);
    out.get(local.frame);
    markWritten(out, sizeBytes, out.capacityBytes + at);
    return;
  }
  checkBase(out, slot, base, parts);
  // Almost always all of it may be read already. Else it is a first write to the stack, or forbidden.
  pushShadow(out, base, offset, sizeBytes);
  pushPermission(out, readable | writable, sizeBytes);
  out.byte(sizeBytes === 8 ? op.i64Ne : op.i32Ne, op.if, noResult);
  out.nested(() => {
    checkShadow(out, instruction, writable, parts);
    out.register(base, 32);
    markWritten(out, sizeBytes, out.capacityBytes + offset);
  });
  const at = pushAddress(out, base, offset);
  out.operand(operand, 64).memory(stores[sizeBytes], at);
}

const updates = { add: op.i64Add, or: op.i64Or, and: op.i64And, xor: op.i64Xor } as const;

/** There is one thread, so that any sequence of instructions is atomic. */
export function writeAtomic(
  out: FunctionWriter,
  slot: number,
  instruction: Instruction & { kind: "atomic" },
  parts: AccessParts,
): void {
  const { operation, sizeBytes, fetch, base, offset, src } = instruction;
  if (operation === "loadAcquire") {
    writeLoad(out, slot, { kind: "load", sizeBytes, signed: false, dst: src, base, offset }, parts);
    return;
  }
  const operand: Operand = { kind: "register", register: src };
  if (operation === "storeRelease") {
    writeStore(out, slot, { kind: "store", sizeBytes, base, offset, operand }, parts);
    return;
  }
  checkBase(out, slot, base, parts);
  checkShadow(out, instruction, readable | writable, parts);
  const at = pushAddress(out, base, offset);
  out.memory(loads[sizeBytes], at).set(local.temporary);
  if (operation === "cmpxchg") {
    out.get(local.temporary).register(0);
    if (sizeBytes === 4) out.const64(0xffff_ffff).byte(op.i64And);
    out.byte(op.i64Eq, op.if, noResult);
    pushAddress(out, base, offset);
    out.register(src).memory(stores[sizeBytes], at).byte(op.end);
    out.get(local.temporary).assign(0);
    return;
  }
  pushAddress(out, base, offset);
  if (operation === "xchg") out.register(src);
  else out.get(local.temporary).register(src).byte(updates[operation]);
  out.memory(stores[sizeBytes], at);
  if (fetch) out.get(local.temporary).set(registerLocals[src]!);
}
