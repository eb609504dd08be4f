import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { projectRoot } from "../harness/run/project.js";
import type { PlantedBug } from "./planted.js";

/** A bug for `packetproof fuzz` to find (fixtures/planted/bugs.yml). */
export interface HiddenBug extends PlantedBug {
  /** What is wrong, as a sentence. */
  readonly bug: string;
  /** In fixtures/planted/; undefined where the object alone is enough. */
  readonly scenario: string | undefined;
  /** What has to be found: the property that is broken, and what of the packet breaks it. */
  readonly find?: { readonly property: string; readonly what?: string };
  /** Why it is not found. */
  readonly missed?: string;
}

export const hiddenBugsFolder = join(projectRoot, "fixtures", "planted");

export async function readHiddenBugs(): Promise<HiddenBug[]> {
  const bugs = parse(await readFile(join(hiddenBugsFolder, "bugs.yml"), "utf8")) as readonly Omit<HiddenBug, "file">[];
  return bugs.map((bug) => {
    const program = join("..", "fixtures", "planted", bug.program);
    return { ...bug, program, file: program };
  });
}
