import type { Instruction, Register } from "../../isa/instruction.js";
import { writtenRegister } from "../../isa/written-register.js";

/** The frame pointer always points into memory. */
const always = 1 << 10;

/**
 * Which registers are known to hold an address that any offset of an instruction leads only a little out of memory
 * from: where the next access has nothing to check but the shadow.
 */
export class NearBases {
  /** A bit for each register. */
  #registers = always;

  has(register: Register): boolean {
    return (this.#registers & (1 << register)) !== 0;
  }

  add(register: Register): void {
    this.#registers |= 1 << register;
  }

  /** What is known behind an instruction. */
  pass(instruction: Instruction): void {
    const written = writtenRegister(instruction);
    if (written === undefined) return;
    if (isCopy(instruction) && this.has(instruction.operand.register)) this.add(written);
    else this.#registers &= ~(1 << written);
  }

  get known(): number {
    return this.#registers;
  }

  set known(registers: number) {
    this.#registers = registers | always;
  }
}

function isCopy(
  instruction: Instruction,
): instruction is Instruction & { kind: "alu"; operand: { readonly kind: "register" } } {
  if (instruction.kind !== "alu" || instruction.operation !== "mov" || instruction.width !== 64) return false;
  return instruction.operand.kind === "register";
}
