import { wordsPerCompare, type Counters } from "../counters.js";
import type { Registers } from "./alu.js";
import { exitStep, type Step } from "./steps.js";

/** The steps of a program, those wrapped that have counters. */
export function counted(steps: readonly Step[], counters: Counters): Step[] {
  return steps.map((step, index) => {
    const counter = counters.map.ofInstruction.get(index);
    if (counter === undefined) return step;
    return step.test ? countedTest(step, index, counter, counters) : countedRun(step, counter, counters);
  });
}

function countedTest(step: Step, index: number, counter: number, counters: Counters): Step {
  const { values, compares } = counters;
  const test = step.test!;
  const { instruction } = counters.code.instructions[index]!;
  const isWide = instruction.kind === "branch" && instruction.width === 64;
  const place = wordsPerCompare * counters.map.branches.indexOf(index);
  const keep = (r: Registers, from: number, at: number) => {
    compares![at] = r[from]!;
    compares![at + 1] = isWide ? r[from + 1]! : 0;
  };
  return {
    ...step,
    test: (r, d, s) => {
      if (compares) {
        keep(r, d, place);
        keep(r, s, place + 2);
      }
      const isTaken = test(r, d, s);
      values[isTaken ? counter + 1 : counter]!++;
      return isTaken;
    },
  };
}

/** Calls that come back, and jumps. */
function countedRun(step: Step, counter: number, { values }: Counters): Step {
  return {
    ...step,
    run: (interpreter) => {
      const next = step.run(interpreter);
      if (next !== exitStep) values[counter]!++;
      return next;
    },
  };
}
