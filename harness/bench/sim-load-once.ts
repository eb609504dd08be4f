/** Loads one object five times and says, as JSON, how long the first and the last time took: see `sim-loading`. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { slotBytes } from "../isa/decode.js";
import { readObject } from "../object/read-object.js";
import { projectRoot } from "../run/project.js";
import { XdpWorld } from "../sim/hooks/xdp.js";
import { SimulatedObject } from "../sim/simulated-object.js";
import { World } from "../sim/world.js";

const name = "many_rules";
const times = 5;

const bytes = new Uint8Array(readFileSync(join(projectRoot, "fixtures", "objects", `${name}.bpf.o`)));
const loadsMs = Array.from({ length: times }, () => {
  const start = performance.now();
  new SimulatedObject(readObject(bytes, name), {
    world: new World({ seed: 1 }),
    engine: "jit",
    globals: [],
    hook: (...parts) => new XdpWorld(...parts),
  }).program(name);
  return performance.now() - start;
});

const instructions = readObject(bytes, name).programs[0]!.instructions.length / slotBytes;
console.log(JSON.stringify({ instructions, coldMs: loadsMs[0], warmMs: loadsMs.at(-1) }));
