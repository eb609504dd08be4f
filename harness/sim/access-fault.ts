import type { Instruction } from "../isa/instruction.js";
import { readable, writable, type Arena } from "./arena.js";
import type { Fault } from "./fault.js";

export type Access = Extract<Instruction, { kind: "load" | "store" | "atomic" }>;

/** What an instruction needs of the bytes that it accesses. */
export function permissionOf(instruction: Access): number {
  if (instruction.kind === "load") return readable;
  if (instruction.kind === "store") return writable;
  if (instruction.operation === "loadAcquire") return readable;
  return instruction.operation === "storeRelease" ? writable : readable | writable;
}

/** What to say of an access that is not allowed. */
export function accessFault(arena: Arena, instruction: Access, address: number): Fault {
  const permission = permissionOf(instruction);
  return arena.fault(permission === readable ? "reads" : "writes", address, instruction.sizeBytes, permission);
}
