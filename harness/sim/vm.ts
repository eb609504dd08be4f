import { decodeProgram } from "../isa/decode.js";
import { Arena, readable, writable } from "./arena.js";
import { Code } from "./code.js";
import { createEngine, type EngineName } from "./engine.js";
import { Machine, type Helper } from "./machine.js";

export interface VmOptions {
  readonly engine?: EngineName;
  readonly helpers?: ReadonlyMap<number, Helper>;
  /** Instructions that may be run. */
  readonly budget?: number;
}

/** Room for the stack and for the memory of any conformance test. */
const vmBytes = 1 << 16;

/**
 * Runs bare bytecode on bare memory, as the public bpf_conformance suite has it: r1 is the address of
 * the memory (0 if there is none) and r2 its size; the legacy packet loads read it, too. What the
 * program writes is left in `memory`.
 *
 * @returns r0
 * @throws HarnessError "object" for what is no program, ProgramFault for one that misbehaves
 */
export function runVm(bytecode: Uint8Array, memory: Uint8Array, options: VmOptions = {}): bigint {
  const arena = new Arena(vmBytes + memory.length);
  const machine = new Machine(arena, options.helpers ?? new Map());
  const code = new Code("program", decodeProgram(bytecode));
  const engine = createEngine(options.engine ?? "jit", machine, code);
  const address = arena.reserve(memory.length, readable | writable, "the memory");
  arena.bytes.set(memory, address);
  machine.packet = {
    load: (offset, sizeBytes) => loadBigEndian(arena.view, address, memory.length, offset, sizeBytes),
  };
  machine.arguments.set(2, memory.length);
  machine.run(engine, memory.length === 0 ? 0 : address, options.budget);
  memory.set(arena.bytes.subarray(address, address + memory.length));
  return machine.arguments.result;
}

function loadBigEndian(view: DataView, start: number, length: number, offset: number, sizeBytes: 1 | 2 | 4) {
  if (offset < 0 || offset + sizeBytes > length) return undefined;
  const at = start + offset;
  if (sizeBytes === 1) return view.getUint8(at);
  return sizeBytes === 2 ? view.getUint16(at) : view.getUint32(at);
}
