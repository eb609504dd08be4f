import { readFileSync } from "node:fs";
import { harnessError } from "../model/error.js";
import { runBytecode } from "../run/vm.js";

export interface VmCommandOptions {
  readonly program?: string;
  readonly elf: boolean;
  readonly debug: boolean;
  readonly interpreter: boolean;
}

/** `packetproof vm`: r0 on standard output, or status 1 and the reason on standard error, as the suite wants it. */
export function vmCommand(words: readonly string[], { program, elf, debug, interpreter }: VmCommandOptions): number {
  try {
    // The suite passes options that it does not have as empty words.
    const [memory = "", ...rest] = words.filter((word) => word.trim() !== "");
    if (rest.length > 0) throw harnessError("usage", `there is one memory, and nothing behind it: '${rest[0]}'`);
    const text = program ?? readFileSync(0, "utf8");
    const result = runBytecode(text, memory, { engine: interpreter ? "interpreter" : "jit", elf });
    process.stdout.write(`${result}\n`);
    return 0;
  } catch (error) {
    const { message, stack } = error as Error;
    process.stderr.write(`packetproof vm: ${debug ? (stack ?? message) : message}\n`);
    return 1;
  }
}
