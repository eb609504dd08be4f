#!/usr/bin/env node
import { createProgram } from "./program.js";

try {
  await createProgram().parseAsync();
} catch (error) {
  // Imported late: `--version` and `--help` should answer at once.
  const { reportError } = await import("./report-error.js");
  process.exitCode = reportError(error);
}
