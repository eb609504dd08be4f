#!/usr/bin/env node
import { exitStatus } from "./exit-status.js";
import { createProgram } from "./program.js";

endWhenNobodyReads();
try {
  await createProgram().parseAsync();
} catch (error) {
  // Imported late: `--version` and `--help` should answer at once.
  const { reportError } = await import("./report-error.js");
  process.exitCode = reportError(error);
}

/** `packetproof run | head`: what is written to a pipe that nobody reads fails with EPIPE, and that is no fault. */
function endWhenNobodyReads(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    // A command that has something to tidy up listens, too, and ends by itself.
    if (process.stdout.listenerCount("error") === 1) process.exit(exitStatus.failed);
  });
}
