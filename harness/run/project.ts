import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of packetproof's own package.json: where `bpf/`, `fixtures/` and `scenarios/` are. */
export const projectRoot: string = findRoot(dirname(fileURLToPath(import.meta.url)));

function findRoot(folder: string): string {
  // dist/ has no package.json of its own, so the nearest one above is the package's.
  return existsSync(join(folder, "package.json")) || dirname(folder) === folder ? folder : findRoot(dirname(folder));
}
