import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { BpfObject } from "../model/object.js";
import { readObject } from "../object/read-object.js";
import { projectRoot } from "../run/project.js";

/** An object of fixtures/objects/, by its name without `.bpf.o`. */
export function shippedObject(name: string): BpfObject {
  return readObject(new Uint8Array(readFileSync(join(projectRoot, "fixtures", "objects", `${name}.bpf.o`))), name);
}
