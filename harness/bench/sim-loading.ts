import { join } from "node:path";
import { execa } from "execa";
import { projectRoot } from "../run/project.js";
import { median } from "./statistics.js";

const processes = 9;

/** Prints how long a new process needs to read, link and translate an object of 4,000 instructions. */
export async function benchLoading(): Promise<void> {
  const child = join(projectRoot, "dist", "harness", "bench", "sim-load-once.js");
  const loads: { readonly instructions: number; readonly coldMs: number; readonly warmMs: number }[] = [];
  for (let i = 0; i < processes; i++) loads.push(JSON.parse((await execa(process.execPath, [child])).stdout));
  const coldMs = median(loads.map((load) => load.coldMs));
  const warmMs = median(loads.map((load) => load.warmMs));
  console.log(
    `load and JIT of ${loads[0]!.instructions} instructions: median of ${processes} processes ` +
      `${coldMs.toFixed(1)} ms cold, ${warmMs.toFixed(1)} ms the fifth time`,
  );
}
