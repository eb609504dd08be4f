import type { Instruction, Register } from "./instruction.js";

/** The register that an instruction gives a value to; calls leave r1 to r5 without one, too (RFC 9669 §2). */
export function writtenRegister(instruction: Instruction): Register | undefined {
  switch (instruction.kind) {
    case "alu":
    case "negate":
    case "moveSigned":
    case "byteSwap":
    case "constant":
    case "load":
      return instruction.dst;
    case "loadPacket":
    case "callHelper":
    case "callRegister":
    case "callFunction":
    case "callKernel":
      return 0;
    case "atomic":
      if (instruction.operation === "cmpxchg") return 0;
      return instruction.fetch || instruction.operation === "loadAcquire" ? instruction.src : undefined;
    case "store":
    case "goto":
    case "mayGoto":
    case "branch":
    case "exit":
      return undefined;
  }
}
