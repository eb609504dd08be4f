import type { Instruction } from "../../isa/instruction.js";
import { writtenRegister } from "../../isa/written-register.js";
import type { Code } from "../code.js";
import type { Executed } from "./recording.js";

/**
 * Which conditional jump decided what a run returned: the last one that, had it gone the other way, could have led to
 * a return without the instruction that made the returned value, or to another one that makes it.
 *
 * The value is followed backwards through moves, spills to the stack and calls of functions to where it was made. A
 * jump behind that place matters where its other way can come to another instruction that sets the value on its way
 * to the exit; a jump before it, where its other way can come to an exit around that place.
 *
 * @returns index of the executed jump; undefined where the return value hangs on none
 */
export function decisionOf(executed: readonly Executed[]): number | undefined {
  const last = executed.length - 1;
  const kind = last < 0 ? undefined : instructionOf(executed[last]!).kind;
  // A legacy load outside the packet ends the program, too.
  if (kind === "loadPacket") return decisionAround(executed, last);
  if (kind !== "exit") return undefined;
  return decisionBefore(executed, last, { kind: "register", register: 0 });
}

/** Where the value is that will be returned. */
type Value =
  { readonly kind: "register"; readonly register: number } | { readonly kind: "stack"; readonly offset: number };

function decisionBefore(executed: readonly Executed[], exit: number, returned: Value): number | undefined {
  const { code, depth } = executed[exit]!;
  let value = returned;
  for (let at = exit - 1; at >= 0; at--) {
    const step = executed[at]!;
    // What a callee does to the caller's value shows at the call; a program that made a tail call is the caller.
    if (step.depth > depth) continue;
    if (step.depth < depth || step.code !== code) return decisionAround(executed, at + 1);
    const instruction = instructionOf(step);
    if (instruction.kind === "branch" && canSetElsewhere(step, value)) return at;
    const source = sourceOf(instruction, value);
    if (source === "kept") continue;
    if (source !== "made") {
      value = source;
      continue;
    }
    if (instruction.kind !== "callFunction") return decisionAround(executed, at);
    // The callee's exit is the step before the caller goes on.
    const calleeExit = lastDeeper(executed, at, depth);
    return calleeExit === undefined
      ? decisionAround(executed, at)
      : (decisionBefore(executed, calleeExit, { kind: "register", register: 0 }) ?? decisionAround(executed, at));
  }
  return undefined;
}

/** The last jump before a step whose other way could have gone around it; then the same for the call that led there. */
function decisionAround(executed: readonly Executed[], made: number): number | undefined {
  let { code, depth, index } = executed[made]!;
  for (let at = made - 1; at >= 0; at--) {
    const step = executed[at]!;
    if (step.depth > depth) continue;
    if (step.depth < depth || step.code !== code) ({ code, depth, index } = step);
    else if (instructionOf(step).kind === "branch" && canExitWithout(code, otherWay(step), index)) return at;
  }
  return undefined;
}

/** What an instruction does to a value: keeps it, makes it, or has it from somewhere else. */
function sourceOf(instruction: Instruction, value: Value): "kept" | "made" | Value {
  if (value.kind === "stack") {
    const isStore = instruction.kind === "store" && instruction.base === 10 && instruction.offset === value.offset;
    if (!isStore) return "kept";
    const { operand } = instruction;
    return operand.kind === "register" ? { kind: "register", register: operand.register } : "made";
  }
  const { register } = value;
  if (writtenRegister(instruction) !== register) return "kept";
  if (instruction.kind === "alu" && instruction.operation === "mov" && instruction.operand.kind === "register")
    return { kind: "register", register: instruction.operand.register };
  if (instruction.kind === "load" && instruction.base === 10) return { kind: "stack", offset: instruction.offset };
  return "made";
}

/** Whether the way that a jump did not go can come to an instruction that sets the value. */
function canSetElsewhere(step: Executed, value: Value): boolean {
  const { instructions } = step.code;
  return reaches(step.code, otherWay(step), step.index, (index) => {
    return sourceOf(instructions[index]!.instruction, value) !== "kept";
  });
}

function canExitWithout(code: Code, from: number, without: number): boolean {
  return reaches(code, from, without, (index) => code.instructions[index]!.instruction.kind === "exit");
}

/** Whether some way leads from an instruction to a wanted one, around another. */
function reaches(code: Code, from: number, without: number, isWanted: (index: number) => boolean): boolean {
  const seen = new Set<number>();
  const open = [from];
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    if (index === without || seen.has(index)) continue;
    if (isWanted(index)) return true;
    seen.add(index);
    const { kind } = code.instructions[index]!.instruction;
    if (kind === "exit") continue;
    if (kind === "branch" || kind === "goto") open.push(code.targetOf(index));
    if (kind !== "goto") open.push(index + 1);
  }
  return false;
}

function otherWay({ code, index, taken }: Executed): number {
  return taken ? index + 1 : code.targetOf(index);
}

function lastDeeper(executed: readonly Executed[], call: number, depth: number): number | undefined {
  let last: number | undefined;
  for (let at = call + 1; at < executed.length && executed[at]!.depth > depth; at++) last = at;
  return last;
}

function instructionOf({ code, index }: Executed): Instruction {
  return code.instructions[index]!.instruction;
}
