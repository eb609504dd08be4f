import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { engineNames } from "../sim/engine.js";
import { MemoryPool } from "../sim/memory-pool.js";
import { projectRoot } from "../run/project.js";
import { drawFrom, Victim } from "./bad-input.js";

/**
 * `npm run soak:sim [-- RUNS [SEED]]`: a million broken objects, instruction streams and packets through both engines.
 * Each ends in an answer, a fault or a refusal; ends with status 1 where something else happens, where one run takes
 * longer than `longestMs`, or where the peak of resident memory is more than `mostMemoryMb`.
 */
const runs = Number(process.argv[2] ?? 1_000_000);
const firstSeed = Number(process.argv[3] ?? 1);
const longestMs = 10_000;
const mostMemoryMb = 3_000;
/** Bugs that are told before it gives up. */
const mostBugs = 10;

const folder = join(projectRoot, "fixtures", "objects");
const memories = new MemoryPool();
const victims = readdirSync(folder)
  .filter((name) => name.endsWith(".bpf.o"))
  .map((name) => new Victim(name, new Uint8Array(readFileSync(join(folder, name))), memories));

const counts = { answer: 0, fault: 0, refused: 0 };
let bugs = 0;
let peakMb = 0;
let slowest = { ms: 0, seed: 0 };
const start = performance.now();
let done = 0;

for (; done < runs && bugs < mostBugs; done++) {
  const seed = firstSeed + done;
  const draw = drawFrom(seed);
  const victim = victims[draw(victims.length)]!;
  const engine = engineNames[draw(engineNames.length)]!;
  const began = performance.now();
  try {
    counts[victim.run(victim.mutated(draw), engine, draw)]++;
  } catch (error) {
    bugs++;
    console.log(`seed ${seed}, ${victim.name}, ${engine}: ${error instanceof Error ? error.stack : String(error)}`);
  }
  const ms = performance.now() - began;
  if (ms > slowest.ms) slowest = { ms, seed };
  if (done % 256 === 0) peakMb = Math.max(peakMb, Math.round(process.memoryUsage.rss() / 1e6));
  if (done % 50_000 === 49_999) console.log(`${done + 1} runs, peak RSS ${peakMb} MB`);
}

const seconds = Math.round((performance.now() - start) / 1000);
console.log(
  `${done} runs in ${seconds} s: ${counts.answer} answers, ${counts.fault} faults, ${counts.refused} refused, ${bugs} bugs; ` +
    `slowest ${Math.round(slowest.ms)} ms (seed ${slowest.seed}), peak RSS ${peakMb} MB`,
);
if (bugs > 0 || slowest.ms > longestMs || peakMb > mostMemoryMb) process.exitCode = 1;
