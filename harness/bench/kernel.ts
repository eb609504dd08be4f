/**
 * `npm run bench:kernel`: packetproof's test runs against a C loop over bpf_prog_test_run_opts, with the same object
 * and packet, on the same machine, in alternating rounds. The last line is `ratio R`: our runs per second by C's.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { cpus, release, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { execa } from "execa";
import { harnessError } from "../model/error.js";
import { loadObject } from "../kernel/load.js";
import type { LoadedObject } from "../kernel/loaded-object.js";
import { RunFolder } from "../kernel/run-folder.js";
import { slotCount, TestRun } from "../kernel/test-run.js";
import { readObject } from "../object/read-object.js";
import { projectRoot } from "../run/project.js";
import { median, quartiles } from "./statistics.js";

const objectFile = join(projectRoot, "fixtures", "objects", "xdp_drop_count.bpf.o");
const entry = "xdp_drop_count";
const packetBytes = 64;
const rounds = 41;
/** Of the packet's fate nothing depends but that the program did run. */
const XDP_DROP = 1;
/** A multiple of the runs that one call makes. */
const runsPerRound = 20_000;

/** One of the two things measured: so many runs, in nanoseconds. */
type Contender = (runs: number) => Promise<number>;

async function main(): Promise<void> {
  const folder = new RunFolder(`bench-${process.pid}`);
  const work = await mkdtemp(join(tmpdir(), "packetproof-bench-"));
  let child: ChildProcess | undefined;
  let loaded: LoadedObject | undefined;
  try {
    child = spawn(await compileLoop(work), [objectFile, entry, String(packetBytes)], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    loaded = await load(folder);
    report(await measure({ ours: ourLoop(loaded), c: cLoop(child) }));
  } finally {
    child?.stdin?.end();
    loaded?.close();
    folder.close();
    await rm(work, { recursive: true });
  }
}

async function compileLoop(folder: string): Promise<string> {
  const binary = join(folder, "kernel-loop");
  const source = join(projectRoot, "harness", "bench", "kernel-loop.c");
  const arguments_ = ["-O2", "-o", binary, source, "-lbpf"];
  for (const compiler of ["gcc", "clang"]) {
    const { failed, code, stderr } = await execa(compiler, arguments_, { reject: false });
    if (!failed) return binary;
    if (code !== "ENOENT") throw harnessError("compile", `${compiler} ${arguments_.join(" ")}: ${stderr}`);
  }
  throw harnessError("tool", "no C compiler for the yardstick", { hint: "apt install gcc libbpf-dev" });
}

async function load(folder: RunFolder): Promise<LoadedObject> {
  const object = readObject(new Uint8Array(await readFile(objectFile)), "xdp_drop_count");
  const program = object.programs.find(({ name }) => name === entry);
  if (!program) throw harnessError("object", `no program ${entry} in ${objectFile}`);
  const result = loadObject(
    {
      object,
      program,
      programType: "xdp",
      hook: "xdp",
      load: { fails: undefined },
      attach: [],
      globals: [],
      maps: [],
      steps: [],
      pins: {},
    },
    folder,
  );
  if (!result.accepted) throw harnessError("load", result.log);
  return result.loaded;
}

/** What a `times: N` step does, less the observations. */
function ourLoop(loaded: LoadedObject): Contender {
  const testRun = new TestRun();
  testRun.select(loaded.programFd, "xdp");
  testRun.add(new Uint8Array(packetBytes));
  while (!testRun.full) testRun.addAgain();
  return (runs) => {
    const start = process.hrtime.bigint();
    for (let done = 0; done < runs; done += slotCount) {
      testRun.run();
      for (let slot = 0; slot < slotCount; slot++)
        if (testRun.returned(slot) !== XDP_DROP) throw new Error("not dropped");
    }
    return Promise.resolve(Number(process.hrtime.bigint() - start));
  };
}

function cLoop(child: ChildProcess): Contender {
  const lines = createInterface({ input: child.stdout! });
  return async (runs) => {
    const answer = once(lines, "line");
    child.stdin!.write(`${runs}\n`);
    const [line] = (await answer) as [string];
    return Number(line);
  };
}

/** Nanoseconds per run of each round; who goes first alternates, so that a slow moment hits both alike. */
async function measure(contenders: { ours: Contender; c: Contender }): Promise<{ ours: number[]; c: number[] }> {
  const perRunNs = { ours: [] as number[], c: [] as number[] };
  for (const warmUp of [contenders.c, contenders.ours]) await warmUp(runsPerRound);
  for (let round = 0; round < rounds; round++) {
    for (const who of round % 2 === 0 ? (["ours", "c"] as const) : (["c", "ours"] as const))
      perRunNs[who].push((await contenders[who](runsPerRound)) / runsPerRound);
  }
  return perRunNs;
}

function report(perRunNs: { ours: number[]; c: number[] }): void {
  const model = cpus()[0]?.model ?? "unknown CPU";
  console.log(`BPF_PROG_TEST_RUN, ${entry} (XDP), ${packetBytes}-byte packet, fresh every run`);
  console.log(
    `${rounds} alternating rounds of ${runsPerRound} runs; Linux ${release()}, ${cpus().length} CPUs, ${model}`,
  );
  for (const [name, values] of [
    ["packetproof", perRunNs.ours],
    ["C and libbpf", perRunNs.c],
  ] as const) {
    const middle = median(values);
    const { low, high } = quartiles(values);
    const perSecond = Math.round(1e9 / middle).toLocaleString("en");
    console.log(
      `${name.padEnd(12)}  ${perSecond.padStart(9)} runs/s  median ${middle.toFixed(0)} ns  quartiles ${low.toFixed(0)}–${high.toFixed(0)} ns`,
    );
  }
  // Round by round: what slowed the machine down for a while slowed down both.
  const ratios = perRunNs.ours.map((ours, round) => perRunNs.c[round]! / ours);
  console.log(`ratio ${median(ratios).toFixed(3)}`);
}

await main();
