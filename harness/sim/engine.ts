import type { Code } from "./code.js";
import type { Counters } from "./counters.js";
import { Interpreter } from "./interpreter/interpreter.js";
import { Jit } from "./jit/jit.js";
import type { Engine, Machine } from "./machine.js";

export const engineNames = ["jit", "interpreter"] as const;
export type EngineName = (typeof engineNames)[number];

/** With counters, the engine adds to them; without, it is as fast as if there were none. */
export function createEngine(name: EngineName, machine: Machine, code: Code, counters?: Counters): Engine {
  return name === "jit" ? new Jit(machine, code, counters) : new Interpreter(machine, code, counters);
}
