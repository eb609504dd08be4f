import type { Instruction, SizeBytes } from "../isa/instruction.js";
import type { CoreAnswer } from "../object/core-relocation.js";

/** The helper that libbpf has programs call that ask for what the kernel's types do not have: there is none such. */
export const unresolvedCoreHelper = 0xbad2310;

/**
 * Puts what a CO-RE relocation came to into its instruction (bpf_core_patch_insn() of tools/lib/bpf/relo_core.c);
 * undefined for an instruction that takes no such value.
 */
export function patchCore(instruction: Instruction, answer: Exclude<CoreAnswer, "keep">): Instruction | undefined {
  if (answer === "missing") return { kind: "callHelper", helper: unresolvedCoreHelper };
  const { value, accessBytes } = answer;
  switch (instruction.kind) {
    case "constant":
      return {
        ...instruction,
        low: Number(BigInt.asIntN(32, value)),
        high: Number(BigInt.asIntN(32, value >> 32n)),
      };
    case "alu":
      return { ...instruction, operand: { kind: "immediate", value: Number(BigInt.asIntN(32, value)) } };
    case "load":
    case "store": {
      const sizeBytes = accessBytes ?? instruction.sizeBytes;
      if (!isAccessSize(sizeBytes) || value > 0x7fffn) return undefined;
      return { ...instruction, sizeBytes, offset: Number(value) };
    }
    default:
      return undefined;
  }
}

function isAccessSize(bytes: number): bytes is SizeBytes {
  return bytes === 1 || bytes === 2 || bytes === 4 || bytes === 8;
}
