import { slotBytes } from "./decode.js";
import { constantKinds, slotsOf, type Instruction, type Operand } from "./instruction.js";
import { aluCodes, atomicCodes, atomicFetch, classes, jumpCodes, modes, sizeCode, sourceRegister } from "./opcode.js";

interface SlotFields {
  readonly opcode: number;
  readonly dst?: number;
  readonly src?: number;
  readonly offset?: number;
  readonly imm?: number;
}

/** The reverse of `decodeProgram`. */
export function encodeProgram(instructions: readonly Instruction[], littleEndian = true): Uint8Array {
  const slots = instructions.reduce((sum, instruction) => sum + slotsOf(instruction), 0);
  const bytes = new Uint8Array(slots * slotBytes);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const instruction of instructions) {
    writeSlot(view, at, fieldsOf(instruction), littleEndian);
    if (instruction.kind === "constant") view.setInt32(at + 12, instruction.high, littleEndian);
    at += slotsOf(instruction) * slotBytes;
  }
  return bytes;
}

function writeSlot(view: DataView, at: number, fields: SlotFields, littleEndian: boolean): void {
  const { opcode, dst = 0, src = 0, offset = 0, imm = 0 } = fields;
  view.setUint8(at, opcode);
  view.setUint8(at + 1, littleEndian ? (src << 4) | dst : (dst << 4) | src);
  view.setInt16(at + 2, offset, littleEndian);
  view.setInt32(at + 4, imm, littleEndian);
}

function operandFields(operand: Operand): { readonly bit: number; readonly src?: number; readonly imm?: number } {
  if (operand.kind === "register") return { bit: sourceRegister, src: operand.register };
  return { bit: 0, imm: operand.value };
}

function fieldsOf(instruction: Instruction): SlotFields {
  switch (instruction.kind) {
    case "alu": {
      const { width, operation, dst, operand } = instruction;
      const { bit, ...fields } = operandFields(operand);
      const offset = operation === "sdiv" || operation === "smod" ? 1 : 0;
      return { opcode: aluClass(width) | aluCodes[operation] | bit, dst, offset, ...fields };
    }
    case "negate":
      return { opcode: aluClass(instruction.width) | aluCodes.neg, dst: instruction.dst };
    case "moveSigned": {
      const { width, bits, dst, src } = instruction;
      return { opcode: aluClass(width) | aluCodes.mov | sourceRegister, dst, src, offset: bits };
    }
    case "byteSwap": {
      const { to, bits, dst } = instruction;
      const opcode = aluClass(to === "swap" ? 64 : 32) | aluCodes.end | (to === "big" ? sourceRegister : 0);
      return { opcode, dst, imm: bits };
    }
    case "constant": {
      const { dst, meaning, low } = instruction;
      return { opcode: classes.ld | modes.imm | sizeCode(8), dst, src: constantKinds.indexOf(meaning), imm: low };
    }
    case "loadPacket": {
      const { sizeBytes, index, offset } = instruction;
      const mode = index === undefined ? modes.abs : modes.ind;
      return { opcode: classes.ld | mode | sizeCode(sizeBytes), src: index ?? 0, imm: offset };
    }
    case "load": {
      const { sizeBytes, signed, dst, base, offset } = instruction;
      const opcode = classes.ldx | (signed ? modes.memsx : modes.mem) | sizeCode(sizeBytes);
      return { opcode, dst, src: base, offset };
    }
    case "store": {
      const { sizeBytes, base, offset, operand } = instruction;
      const { bit, ...fields } = operandFields(operand);
      const instructionClass = bit === 0 ? classes.st : classes.stx;
      return { opcode: instructionClass | modes.mem | sizeCode(sizeBytes), dst: base, offset, ...fields };
    }
    case "atomic":
      return atomicFields(instruction);
    case "goto":
    case "mayGoto":
    case "branch":
    case "callHelper":
    case "callRegister":
    case "callFunction":
    case "callKernel":
    case "exit":
      break;
  }
  return jumpFields(instruction);
}

function aluClass(width: 32 | 64): number {
  return width === 64 ? classes.alu64 : classes.alu;
}

function atomicFields(instruction: Instruction & { kind: "atomic" }): SlotFields {
  const { operation, sizeBytes, fetch, base, offset, src } = instruction;
  const opcode = classes.stx | modes.atomic | sizeCode(sizeBytes);
  const imm = atomicCodes[operation] | (fetch ? atomicFetch : 0);
  return operation === "loadAcquire"
    ? { opcode, dst: src, src: base, offset, imm }
    : { opcode, dst: base, src, offset, imm };
}

type Jump = Extract<
  Instruction,
  { kind: "goto" | "mayGoto" | "branch" | "callHelper" | "callRegister" | "callFunction" | "callKernel" | "exit" }
>;

function jumpFields(instruction: Jump): SlotFields {
  const call = classes.jmp | jumpCodes.call;
  switch (instruction.kind) {
    case "goto":
      if (instruction.long) return { opcode: classes.jmp32 | jumpCodes.ja, imm: instruction.distance };
      return { opcode: classes.jmp | jumpCodes.ja, offset: instruction.distance };
    case "mayGoto":
      return { opcode: classes.jmp | jumpCodes.cond, offset: instruction.distance };
    case "branch": {
      const { width, condition, dst, operand, distance } = instruction;
      const { bit, ...fields } = operandFields(operand);
      const opcode = (width === 64 ? classes.jmp : classes.jmp32) | jumpCodes[condition] | bit;
      return { opcode, dst, offset: distance, ...fields };
    }
    case "callHelper":
      return { opcode: call, imm: instruction.helper };
    case "callRegister":
      return { opcode: call | sourceRegister, dst: instruction.register };
    case "callFunction":
      return { opcode: call, src: 1, imm: instruction.distance };
    case "callKernel":
      return { opcode: call, src: 2, offset: instruction.module, imm: instruction.btfId };
    case "exit":
      break;
  }
  return { opcode: classes.jmp | jumpCodes.exit };
}
