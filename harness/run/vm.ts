import { harnessError } from "../model/error.js";
import { fromHex } from "../model/hex.js";
import { readObject } from "../object/read-object.js";
import type { EngineName } from "../sim/engine.js";
import type { Helper } from "../sim/machine.js";
import { runVm } from "../sim/vm.js";

export interface BytecodeOptions {
  readonly engine: EngineName;
  /** The program's bytes are an ELF object, of which the first program is run. */
  readonly elf: boolean;
}

/**
 * The suite calls helper 5 for a result that is not 0: that is `unwind` of the virtual machines in user space, which
 * returns its argument, and bpf_ktime_get_ns of the kernel.
 */
const helpers: ReadonlyMap<number, Helper> = new Map([[5, (call) => call.u64(1)]]);

/**
 * Runs bytecode on memory, both in hex as the bpf_conformance suite writes them, and returns r0 in hex.
 *
 * @throws HarnessError "usage" for what is no hex, "object" for what is no program; ProgramFault for one that misbehaves
 */
export function runBytecode(program: string, memory: string, { engine, elf }: BytecodeOptions): string {
  const bytes = hexBytes(program, "the program");
  const code = elf ? firstProgram(bytes) : bytes;
  return BigInt.asUintN(64, runVm(code, hexBytes(memory, "the memory"), { engine, helpers })).toString(16);
}

function firstProgram(elf: Uint8Array): Uint8Array {
  const [first] = readObject(elf, "program").programs;
  if (!first) throw harnessError("object", "the object has no program");
  return first.instructions;
}

function hexBytes(text: string, what: string): Uint8Array {
  const digits = text.replaceAll(/\s/g, "");
  if (/^([\da-f]{2})*$/i.test(digits)) return fromHex(digits);
  throw harnessError("usage", `${what} is not in hex: two digits a byte`);
}
