import { CommanderError } from "commander";
import { HarnessError, inputErrorCodes, type Diagnostic } from "../model/error.js";
import { formatDiagnostic } from "../scenario/diagnostic.js";
import { exitStatus } from "./exit-status.js";
import { paintFor } from "./paint.js";

/** Says on standard error what went wrong and returns the exit status that goes with it. */
export function reportError(error: unknown): number {
  if (error instanceof CommanderError) {
    // Commander has said it already; help and version are not errors.
    return error.exitCode === 0 ? exitStatus.passed : exitStatus.badInput;
  }
  if (error instanceof HarnessError) {
    printDiagnostics(error.diagnostics, new Map());
    return inputErrorCodes.has(error.code) ? exitStatus.badInput : exitStatus.failed;
  }
  process.stderr.write(
    `packetproof: a fault in packetproof itself\n${error instanceof Error ? error.stack : String(error)}\n`,
  );
  return exitStatus.failed;
}

/** All diagnostics, each with its source line where the text is known. */
export function printDiagnostics(diagnostics: readonly Diagnostic[], texts: ReadonlyMap<string, string>): void {
  const paint = paintFor(process.stderr);
  for (const diagnostic of diagnostics) {
    const text = diagnostic.span && texts.get(diagnostic.span.file);
    const formatted = formatDiagnostic(diagnostic, text);
    const [first, ...rest] = formatted.split("\n");
    const head = diagnostic.span ? first! : `packetproof: ${first!}`;
    process.stderr.write([paint("bold", head), ...rest].join("\n") + "\n");
  }
}
