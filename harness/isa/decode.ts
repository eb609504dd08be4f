import { harnessError, type HarnessError } from "../model/error.js";
import {
  constantKinds,
  slotsOf,
  type AluOperation,
  type AtomicOperation,
  type Instruction,
  type Operand,
  type Width,
} from "./instruction.js";
import {
  aluCodes,
  atomicCodes,
  atomicFetch,
  classes,
  jumpCodes,
  modes,
  nameOfCode,
  sizeOfCode,
  sourceRegister,
} from "./opcode.js";

export const slotBytes = 8;

/** An instruction with its place in the program. */
export interface PlacedInstruction {
  /** Index of its first 8-byte slot, as distances and line info count. */
  readonly slot: number;
  readonly instruction: Instruction;
}

/** The fields of one 8-byte slot (RFC 9669 §3). */
interface Slot {
  readonly index: number;
  readonly opcode: number;
  readonly dst: number;
  readonly src: number;
  readonly offset: number;
  readonly imm: number;
}

/**
 * Reads a whole program. Fields that an instruction does not use have to be zero, as the kernel
 * demands, so that encoding gives the same bytes again.
 *
 * @throws HarnessError "object" with the number of the instruction.
 */
export function decodeProgram(bytes: Uint8Array, littleEndian = true): PlacedInstruction[] {
  if (bytes.length % slotBytes !== 0)
    throw harnessError("object", `${bytes.length} bytes are not a whole number of 8-byte instructions`);
  const program: PlacedInstruction[] = [];
  for (let slot = 0; slot < bytes.length / slotBytes;) {
    const instruction = decodeInstruction(bytes, slot, littleEndian);
    program.push({ slot, instruction });
    slot += slotsOf(instruction);
  }
  return program;
}

/** Reads the instruction at a slot. Throws HarnessError "object". */
export function decodeInstruction(bytes: Uint8Array, index: number, littleEndian = true): Instruction {
  const slot = readSlot(bytes, index, littleEndian);
  if (slot.dst > 10) throw fault(slot, `register r${slot.dst} does not exist`);
  switch (slot.opcode & 7) {
    case classes.alu:
      return decodeAlu(slot, 32);
    case classes.alu64:
      return decodeAlu(slot, 64);
    case classes.jmp:
      return decodeJump(slot, 64);
    case classes.jmp32:
      return decodeJump(slot, 32);
    case classes.ld:
      return decodeLd(slot, bytes, littleEndian);
    case classes.ldx:
      return decodeLoad(slot);
    case classes.st:
      return decodeStore(slot);
    default:
      return decodeStx(slot);
  }
}

function readSlot(bytes: Uint8Array, index: number, littleEndian: boolean): Slot {
  const view = new DataView(bytes.buffer, bytes.byteOffset + index * slotBytes, slotBytes);
  const registers = view.getUint8(1);
  return {
    index,
    opcode: view.getUint8(0),
    dst: littleEndian ? registers & 0xf : registers >> 4,
    src: littleEndian ? registers >> 4 : registers & 0xf,
    offset: view.getInt16(2, littleEndian),
    imm: view.getInt32(4, littleEndian),
  };
}

function fault(slot: Slot, message: string): HarnessError {
  return harnessError("object", `instruction ${slot.index}: ${message}`);
}

function unknown(slot: Slot): HarnessError {
  const { opcode, src, offset, imm } = slot;
  const fields = `src ${src}, offset ${offset}, imm ${imm}`;
  return fault(slot, `unknown opcode 0x${opcode.toString(16).padStart(2, "0")} (${fields})`);
}

/** Refuses an instruction that has anything in fields that it does not use. */
function unused(slot: Slot, ...fields: readonly ("dst" | "src" | "offset" | "imm")[]): void {
  const used = fields.find((field) => slot[field] !== 0);
  if (used === undefined) return;
  const opcode = slot.opcode.toString(16).padStart(2, "0");
  throw fault(slot, `opcode 0x${opcode} does not use its ${used} field, which is ${slot[used]} and has to be 0`);
}

function sourceOf(slot: Slot): number {
  if (slot.src > 10) throw fault(slot, `register r${slot.src} does not exist`);
  return slot.src;
}

function operandOf(slot: Slot): Operand {
  if ((slot.opcode & sourceRegister) === 0) {
    unused(slot, "src");
    return { kind: "immediate", value: slot.imm };
  }
  unused(slot, "imm");
  return { kind: "register", register: sourceOf(slot) };
}

function decodeAlu(slot: Slot, width: Width): Instruction {
  const { dst, opcode, offset } = slot;
  const name = nameOfCode(aluCodes, opcode & 0xf0);
  if (name === undefined) throw unknown(slot);
  if (name === "end") return decodeByteSwap(slot, width);
  if (name === "neg") {
    if ((opcode & sourceRegister) !== 0) throw unknown(slot);
    unused(slot, "src", "offset", "imm");
    return { kind: "negate", width, dst };
  }
  const operand = operandOf(slot);
  if (name === "mov" && offset !== 0 && operand.kind === "register") {
    if ((offset !== 8 && offset !== 16 && offset !== 32) || offset === width) throw unknown(slot);
    return { kind: "moveSigned", width, bits: offset, dst, src: operand.register };
  }
  if (offset === 0) return { kind: "alu", width, operation: name, dst, operand };
  const signed: Partial<Record<AluOperation, AluOperation>> = { div: "sdiv", mod: "smod" };
  const operation = signed[name];
  if (offset !== 1 || operation === undefined) throw unknown(slot);
  return { kind: "alu", width, operation, dst, operand };
}

function decodeByteSwap(slot: Slot, width: Width): Instruction {
  const { dst, opcode, imm } = slot;
  unused(slot, "src", "offset");
  const big = (opcode & sourceRegister) !== 0;
  if ((imm !== 16 && imm !== 32 && imm !== 64) || (width === 64 && big)) throw unknown(slot);
  return { kind: "byteSwap", to: width === 64 ? "swap" : big ? "big" : "little", bits: imm, dst };
}

function decodeJump(slot: Slot, width: Width): Instruction {
  const { opcode, dst, offset } = slot;
  const name = nameOfCode(jumpCodes, opcode & 0xf0);
  if (name === undefined) throw unknown(slot);
  if (name === "ja") return decodeGoto(slot, width);
  if (name !== "call" && name !== "exit" && name !== "cond")
    return { kind: "branch", width, condition: name, dst, operand: operandOf(slot), distance: offset };
  if (name === "call" && width === 64 && (opcode & sourceRegister) !== 0) return decodeCallRegister(slot);
  if (width === 32 || (opcode & sourceRegister) !== 0) throw unknown(slot);
  if (name === "call") return decodeCall(slot);
  if (name === "exit") {
    unused(slot, "dst", "src", "offset", "imm");
    return { kind: "exit" };
  }
  unused(slot, "dst", "src", "imm");
  return { kind: "mayGoto", distance: offset };
}

function decodeGoto(slot: Slot, width: Width): Instruction {
  if ((slot.opcode & sourceRegister) !== 0) throw unknown(slot);
  if (width === 64) {
    unused(slot, "dst", "src", "imm");
    return { kind: "goto", distance: slot.offset, long: false };
  }
  unused(slot, "dst", "src", "offset");
  return { kind: "goto", distance: slot.imm, long: true };
}

function decodeCall(slot: Slot): Instruction {
  unused(slot, "dst");
  switch (slot.src) {
    case 0:
      unused(slot, "offset");
      return { kind: "callHelper", helper: slot.imm };
    case 1:
      unused(slot, "offset");
      return { kind: "callFunction", distance: slot.imm };
    case 2:
      return { kind: "callKernel", btfId: slot.imm, module: slot.offset };
    default:
      throw unknown(slot);
  }
}

/** LLVM had the register in the immediate before version 19. */
function decodeCallRegister(slot: Slot): Instruction {
  unused(slot, "src", "offset");
  if (slot.imm === 0) return { kind: "callRegister", register: slot.dst };
  unused(slot, "dst");
  if (slot.imm < 0 || slot.imm > 10) throw unknown(slot);
  return { kind: "callRegister", register: slot.imm };
}

function decodeLd(slot: Slot, bytes: Uint8Array, littleEndian: boolean): Instruction {
  const mode = slot.opcode & 0xe0;
  const sizeBytes = sizeOfCode(slot.opcode);
  if (mode === modes.imm) {
    if (sizeBytes !== 8) throw unknown(slot);
    return decodeConstant(slot, bytes, littleEndian);
  }
  if ((mode !== modes.abs && mode !== modes.ind) || sizeBytes === 8) throw unknown(slot);
  unused(slot, "dst", "offset");
  if (mode === modes.abs) unused(slot, "src");
  return { kind: "loadPacket", sizeBytes, index: mode === modes.ind ? sourceOf(slot) : undefined, offset: slot.imm };
}

function decodeConstant(slot: Slot, bytes: Uint8Array, littleEndian: boolean): Instruction {
  if ((slot.index + 2) * slotBytes > bytes.length)
    throw fault(slot, "a 64-bit immediate needs two slots, but the program ends after its first");
  const second = readSlot(bytes, slot.index + 1, littleEndian);
  if (second.opcode !== 0 || second.dst !== 0 || second.src !== 0 || second.offset !== 0)
    throw fault(second, "the second slot of a 64-bit immediate may hold nothing but its upper half");
  unused(slot, "offset");
  const meaning = constantKinds[slot.src];
  if (meaning === undefined) throw unknown(slot);
  return { kind: "constant", dst: slot.dst, meaning, low: slot.imm, high: second.imm };
}

function decodeLoad(slot: Slot): Instruction {
  const mode = slot.opcode & 0xe0;
  const sizeBytes = sizeOfCode(slot.opcode);
  const signed = mode === modes.memsx;
  if ((mode !== modes.mem && !signed) || (signed && sizeBytes === 8)) throw unknown(slot);
  unused(slot, "imm");
  return { kind: "load", sizeBytes, signed, dst: slot.dst, base: sourceOf(slot), offset: slot.offset };
}

function decodeStore(slot: Slot): Instruction {
  if ((slot.opcode & 0xe0) !== modes.mem) throw unknown(slot);
  unused(slot, "src");
  return {
    kind: "store",
    sizeBytes: sizeOfCode(slot.opcode),
    base: slot.dst,
    offset: slot.offset,
    operand: { kind: "immediate", value: slot.imm },
  };
}

function decodeStx(slot: Slot): Instruction {
  const { dst: base, offset } = slot;
  const sizeBytes = sizeOfCode(slot.opcode);
  const mode = slot.opcode & 0xe0;
  if (mode === modes.atomic) return decodeAtomic(slot);
  if (mode !== modes.mem) throw unknown(slot);
  unused(slot, "imm");
  return { kind: "store", sizeBytes, base, offset, operand: { kind: "register", register: sourceOf(slot) } };
}

function decodeAtomic(slot: Slot): Instruction {
  const { dst, offset, imm } = slot;
  const sizeBytes = sizeOfCode(slot.opcode);
  const plain = nameOfCode(atomicCodes, imm);
  const operation: AtomicOperation | undefined = plain ?? nameOfCode(atomicCodes, imm & ~atomicFetch);
  if (operation === undefined) throw unknown(slot);
  const ordered = operation === "loadAcquire" || operation === "storeRelease";
  if (!ordered && sizeBytes < 4) throw unknown(slot);
  if (plain === undefined && !takesFetchBit(operation)) throw unknown(slot);
  const fetch = plain === undefined || operation === "xchg" || operation === "cmpxchg";
  // A load's destination is in the field that stores use for the address.
  if (operation === "loadAcquire")
    return { kind: "atomic", operation, sizeBytes, fetch, base: sourceOf(slot), offset, src: dst };
  return { kind: "atomic", operation, sizeBytes, fetch, base: dst, offset, src: sourceOf(slot) };
}

function takesFetchBit(operation: AtomicOperation): boolean {
  return operation === "add" || operation === "or" || operation === "and" || operation === "xor";
}
