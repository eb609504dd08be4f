import { expect } from "chai";
import { decodeProgram } from "../../isa/decode.js";
import { encodeProgram } from "../../isa/encode.js";
import type { Instruction } from "../../isa/instruction.js";
import { Arena } from "../arena.js";
import { Code } from "../code.js";
import { Machine } from "../machine.js";
import { Interpreter } from "./interpreter.js";

const move = (dst: number, value: number): Instruction => ({
  kind: "alu",
  width: 64,
  operation: "mov",
  dst,
  operand: { kind: "immediate", value },
});

describe("the interpreter's hook", () => {
  it("sees every instruction before it runs, with the registers", () => {
    const program: Instruction[] = [
      move(0, 1),
      { kind: "constant", dst: 3, meaning: "value", low: 7, high: 8 },
      { kind: "goto", distance: 1, long: false },
      move(0, 2),
      { kind: "exit" },
    ];
    const machine = new Machine(new Arena(1 << 16), new Map());
    const interpreter = new Interpreter(machine, new Code("traced", decodeProgram(encodeProgram(program))));
    const seen: (readonly number[])[] = [];
    interpreter.hook = (slot, registers) => seen.push([slot, registers[0]!, registers[6]!, registers[7]!]);
    machine.run(interpreter, 0);
    expect(seen).to.deep.equal([
      [0, 0, 0, 0],
      [1, 1, 0, 0],
      [3, 1, 7, 8],
      [5, 1, 7, 8],
    ]);
  });
});
