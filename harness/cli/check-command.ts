import { findScenarios } from "../run/find-scenarios.js";
import { prepare } from "../run/prepare.js";
import { exitStatus } from "./exit-status.js";
import { printDiagnostics } from "./report-error.js";

/** `packetproof check`: everything that can be wrong without running anything, all at once. */
export async function checkCommand(paths: readonly string[]): Promise<number> {
  const files = await findScenarios(paths);
  const { prepared, diagnostics, texts } = await prepare(files, 0);
  if (diagnostics.length > 0) {
    printDiagnostics(diagnostics, texts);
    const places = new Set(diagnostics.map((d) => d.span?.file));
    process.stderr.write(
      `${diagnostics.length} mistake${plural(diagnostics.length)} in ${places.size} of ${files.length} files\n`,
    );
    return exitStatus.badInput;
  }
  const cases = prepared.reduce((sum, { plans }) => sum + plans.length, 0);
  process.stdout.write(
    `${files.length} scenario${plural(files.length)} with ${cases} case${plural(cases)}: no mistakes\n`,
  );
  return exitStatus.passed;
}

function plural(count: number): string {
  return count === 1 ? "" : "s";
}
