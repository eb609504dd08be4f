import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../run/project.js";

/** Where committed test inputs are. */
export const fixtures = join(projectRoot, "fixtures");

/** Bytes of a committed object, by its path below fixtures/. */
export function fixture(path: string): Uint8Array {
  return new Uint8Array(readFileSync(join(fixtures, path)));
}
