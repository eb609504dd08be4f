import type { Code } from "./code.js";
import { Interpreter } from "./interpreter/interpreter.js";
import { Jit } from "./jit/jit.js";
import type { Engine, Machine } from "./machine.js";

export const engineNames = ["jit", "interpreter"] as const;
export type EngineName = (typeof engineNames)[number];

export function createEngine(name: EngineName, machine: Machine, code: Code): Engine {
  return name === "jit" ? new Jit(machine, code) : new Interpreter(machine, code);
}
