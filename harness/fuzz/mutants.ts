import { decodeProgram, slotBytes } from "../isa/decode.js";
import { disassemble } from "../isa/disassemble.js";
import { encodeProgram } from "../isa/encode.js";
import type { Condition, Instruction } from "../isa/instruction.js";
import type { BpfObject, LineInfo } from "../model/object.js";
import { openObject, type ObjectFile } from "../object/object-file.js";
import type { ElfSection } from "../object/elf.js";
import { swapped } from "./draw-value.js";

/** An object with one instruction changed on purpose. */
export interface Mutant {
  /** What was done, as one says it of C: `bound off by one`. */
  readonly mistake: string;
  /** The instruction before and after, as the verifier log writes it. */
  readonly before: string;
  readonly after: string;
  readonly section: string;
  /** The C line that the instruction belongs to. */
  readonly line: Pick<LineInfo, "file" | "line" | "text">;
  /** Made when asked for: a program has hundreds. */
  readonly object: () => BpfObject;
}

type Change = readonly [mistake: string, instruction: Instruction];

const framePointer = 10;

/** `if (a > b)` turned round, and with the bound itself on the other side. */
const opposite: Readonly<Partial<Record<Condition, Condition>>> = {
  ...{ eq: "ne", ne: "eq", gt: "le", le: "gt", ge: "lt", lt: "ge" },
  ...{ sgt: "sle", sle: "sgt", sge: "slt", slt: "sge" },
};
const offByOne: Readonly<Partial<Record<Condition, Condition>>> = {
  ...{ gt: "ge", ge: "gt", lt: "le", le: "lt" },
  ...{ sgt: "sge", sge: "sgt", slt: "sle", sle: "slt" },
};

/** Helpers that change a map or tell user space something, and those that keep checksums right. */
const updates: ReadonlyMap<number, string> = new Map([
  [2, "map update skipped"],
  [3, "map deletion skipped"],
  [25, "event not sent"],
  [87, "map update skipped"],
  [88, "map update skipped"],
  [130, "event not sent"],
  [10, "checksum update dropped"],
  [11, "checksum update dropped"],
]);

/**
 * Every way to make one of the mistakes that people make: a condition turned round, a bound off by one, a byte order
 * not swapped, a wrong constant, a write to packet or map forgotten, a map update skipped. Instructions without a C
 * line, and stores to the stack, are left alone.
 */
export function mutantsOf(object: BpfObject): Mutant[] {
  const file = openObject(object.bytes);
  return file.elf.sections
    .filter(({ executable, sizeBytes }) => executable && sizeBytes > 0)
    .flatMap((section) => mutantsIn(object, file, section));
}

function mutantsIn(object: BpfObject, { elf, btfExt }: ObjectFile, section: ElfSection): Mutant[] {
  const lines = (btfExt.lines.get(section.name) ?? []).filter(({ line }) => line > 0);
  const mutants: Mutant[] = [];
  let next = 0;
  for (const { slot, instruction } of decodeProgram(section.data.bytes, elf.littleEndian)) {
    while (next < lines.length && lines[next]!.offsetBytes <= slot * slotBytes) next++;
    const line = lines[next - 1];
    if (!line) continue;
    for (const [mistake, changed] of changesOf(instruction, line.text))
      mutants.push({
        mistake,
        before: disassemble(instruction),
        after: disassemble(changed),
        section: section.name,
        line,
        object: () => withInstruction(object, section, slot, changed),
      });
  }
  return mutants;
}

function withInstruction(object: BpfObject, { data }: ElfSection, slot: number, changed: Instruction): BpfObject {
  const bytes = object.bytes.slice();
  const at = data.bytes.byteOffset - object.bytes.byteOffset + slot * slotBytes;
  bytes.set(encodeProgram([changed], data.littleEndian), at);
  return { ...object, bytes };
}

const nothing: Instruction = { kind: "goto", distance: 0, long: false };

function changesOf(instruction: Instruction, text: string): Change[] {
  switch (instruction.kind) {
    case "branch":
      return changedBranches(instruction);
    case "byteSwap":
      return instruction.to === "big" ? [["byte order not swapped", { ...instruction, to: "little" }]] : [];
    case "store":
      if (instruction.base === framePointer) return [];
      return [[/check|csum|sum/i.test(text) ? "checksum update dropped" : "write dropped", nothing]];
    case "atomic":
      return instruction.fetch ? [] : [["atomic update dropped", nothing]];
    case "callHelper": {
      const mistake = updates.get(instruction.helper);
      return mistake === undefined ? [] : [[mistake, move(0)]];
    }
    case "alu": {
      const { operation, operand } = instruction;
      // Of moves only those into r0, return values as a rule: others are more often addresses and lengths for helpers.
      const isResult = operation === "mov" && (instruction.dst === 0 || /return/.test(text));
      if (operand.kind !== "immediate" || !(isResult || operation === "and")) return [];
      const value = isResult ? operand.value ^ 1 : operand.value >> 1;
      return [["wrong constant", { ...instruction, operand: { kind: "immediate", value } }]];
    }
    default:
      return [];
  }
}

function changedBranches(branch: Extract<Instruction, { kind: "branch" }>): Change[] {
  const { condition, operand } = branch;
  const changes: Change[] = [];
  const turned = opposite[condition];
  if (turned) changes.push(["condition turned round", { ...branch, condition: turned }]);
  const beside = offByOne[condition];
  if (beside) changes.push(["bound off by one", { ...branch, condition: beside }]);
  // 0 is a null pointer or "none": any other constant stands for a case that is told apart.
  const isCase = operand.kind === "immediate" && operand.value !== 0 && (condition === "eq" || condition === "ne");
  if (isCase) {
    const turnedRound = operand.value > 0xff && operand.value <= 0xffff ? swapped(operand.value, 16) : undefined;
    const value = turnedRound ?? operand.value + 1;
    const mistake = turnedRound === undefined ? "wrong constant" : "byte order not swapped";
    changes.push([mistake, { ...branch, operand: { kind: "immediate", value } }]);
  }
  return changes;
}

function move(value: number): Instruction {
  return { kind: "alu", width: 64, operation: "mov", dst: 0, operand: { kind: "immediate", value } };
}
