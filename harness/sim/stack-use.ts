import type { Instruction } from "../isa/instruction.js";

const framePointer = 10;

/**
 * How many bytes below the frame pointer a function uses, rounded up to 8: from accesses through r10
 * and from `rX = r10; rX += -N`, which is how compilers take addresses of locals. Anything else that is
 * done with r10 makes it the whole frame.
 */
export function stackBytesOf(instructions: readonly Instruction[], frameBytes: number): number {
  let deepest = 0;
  instructions.forEach((instruction, index) => {
    deepest = Math.max(deepest, depthOf(instruction, instructions[index + 1], frameBytes));
  });
  return Math.min(frameBytes, (deepest + 7) & ~7);
}

function depthOf(instruction: Instruction, next: Instruction | undefined, frameBytes: number): number {
  switch (instruction.kind) {
    case "load":
      return instruction.base === framePointer ? -instruction.offset : 0;
    case "atomic":
      if (instruction.src === framePointer) return frameBytes;
      return instruction.base === framePointer ? -instruction.offset : 0;
    case "store":
      if (uses(instruction.operand)) return frameBytes;
      return instruction.base === framePointer ? -instruction.offset : 0;
    case "alu":
      return uses(instruction.operand) ? addressDepth(instruction, next, frameBytes) : 0;
    case "branch":
      return uses(instruction.operand) || instruction.dst === framePointer ? frameBytes : 0;
    case "moveSigned":
      return instruction.src === framePointer ? frameBytes : 0;
    default:
      return 0;
  }
}

function uses(operand: { readonly kind: "register"; readonly register: number } | { readonly kind: "immediate" }) {
  return operand.kind === "register" && operand.register === framePointer;
}

/** `rX = r10` followed by `rX += -N`. */
function addressDepth(move: Instruction & { kind: "alu" }, next: Instruction | undefined, frameBytes: number): number {
  if (move.operation !== "mov" || next?.kind !== "alu" || next.operation !== "add") return frameBytes;
  if (next.width !== 64 || next.dst !== move.dst || next.operand.kind !== "immediate") return frameBytes;
  return Math.max(0, -next.operand.value);
}
