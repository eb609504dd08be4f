import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { loadObject } from "../kernel/load.js";
import { whyNoKernel } from "../kernel/probe.js";
import { RunFolder } from "../kernel/run-folder.js";
import { slotCount, TestRun } from "../kernel/test-run.js";
import { fromHex } from "../model/hex.js";
import { readObject } from "../object/read-object.js";
import { projectRoot } from "../run/project.js";
import type { CounterOptions } from "../sim/counters.js";
import type { EngineName } from "../sim/engine.js";
import { XdpWorld } from "../sim/hooks/xdp.js";
import { defaultBudget } from "../sim/machine.js";
import { SimulatedObject } from "../sim/simulated-object.js";
import { World } from "../sim/world.js";
import { median, quartiles } from "./statistics.js";

const entry = "rewrite";
/** Rounds are a millisecond long, so that on a machine with other work most of them are not interrupted. */
const rounds = 301;
const warmUpRounds = 20;

/** TCP over IPv4. */
const packet = fromHex(
  "0242ac110005 0242ac110004 0800" +
    "4500003200000000 4006 0000 ac110004 ac110005" +
    "9c400050 00000000 00000000 5002ffff 00000000 00000000000000000000",
);
const XDP_TX = 3;

const object = readObject(
  new Uint8Array(readFileSync(join(projectRoot, "fixtures", "objects", `${entry}.bpf.o`))),
  entry,
);

interface Contender {
  readonly name: string;
  /** In one round: a millisecond or so. */
  readonly runs: number;
  readonly run: (runs: number) => void;
  /** Where somebody else holds the watch. */
  readonly meanNs?: (runs: number) => number;
}

function simulated(engineName: EngineName, runs: number, counting?: CounterOptions): Contender {
  const { machine, hook, engine } = simulate(engineName, counting);
  const input = { bytes: packet };
  return {
    name: counting ? (counting.compares ? "compares" : "counters") : engineName,
    runs,
    run(count) {
      for (let i = 0; i < count; i++) {
        hook.open(input);
        machine.run(engine, hook.context);
      }
      if (machine.arguments.result32 !== XDP_TX) throw new Error("not sent back");
    },
  };
}

/** Both engines, and the faster one with counters, and with the operands of conditional jumps kept, too. */
function engines(): Contender[] {
  return [
    simulated("jit", 20_000),
    simulated("jit", 20_000, {}),
    simulated("jit", 20_000, { compares: true }),
    simulated("interpreter", 500),
  ];
}

function simulate(engineName: EngineName, counting?: CounterOptions) {
  const target = new SimulatedObject(object, {
    world: new World({ seed: 1 }),
    engine: engineName,
    globals: [],
    ...(counting && { counting }),
    hook: (...parts) => new XdpWorld(...parts),
  });
  return { machine: target.machine, hook: target.hook, engine: target.program(entry) };
}

/** Instructions that one run executes. */
function instructionsOfOneRun(): number {
  const { machine, hook, engine } = simulate("interpreter");
  hook.open({ bytes: packet });
  machine.run(engine, hook.context, defaultBudget);
  return defaultBudget - machine.budget;
}

/**
 * `test-run` is BPF_PROG_TEST_RUN in batches, as fast as a C loop over bpf_prog_test_run_opts (`npm run bench:kernel`).
 * `kernel-jit` is what the kernel says that its native code takes, repeated by itself on one packet.
 */
function kernel(folder: RunFolder): { readonly contenders: Contender[]; close(): void } {
  const program = object.programs.find(({ name }) => name === entry)!;
  const nothing = { load: { fails: undefined }, attach: [], globals: [], maps: [], steps: [], pins: {} };
  const result = loadObject({ object, program, programType: "xdp", hook: "xdp", ...nothing }, folder);
  if (!result.accepted) throw new Error(result.log);
  const testRun = new TestRun();
  testRun.select(result.loaded.programFd, "xdp");
  testRun.add(packet);
  while (!testRun.full) testRun.addAgain();
  const once = new TestRun();
  once.select(result.loaded.programFd, "xdp");
  once.add(packet);
  const runs = 50 * slotCount;
  const check = () => {
    if (testRun.returned(0) !== XDP_TX) throw new Error("not sent back");
  };
  const measured: Contender = {
    name: "test-run",
    runs,
    run(count) {
      for (let done = 0; done < count; done += slotCount) testRun.run();
      check();
    },
  };
  const repeated: Contender = {
    name: "kernel-jit",
    runs: 40_000,
    run: () => undefined,
    meanNs(count) {
      const mean = once.meanNs(count);
      check();
      return mean;
    },
  };
  return { contenders: [measured, repeated], close: () => result.loaded.close() };
}

/** Nanoseconds per run of each round; the order is turned round every time, so that a slow moment hits all alike. */
function measure(contenders: readonly Contender[]): Map<string, number[]> {
  const perRunNs = new Map(contenders.map(({ name }) => [name, [] as number[]]));
  for (const { run, runs } of contenders) run(warmUpRounds * runs);
  for (let round = 0; round < rounds; round++) {
    for (const { name, run, runs, meanNs } of round % 2 === 0 ? contenders : contenders.toReversed()) {
      const start = process.hrtime.bigint();
      run(runs);
      perRunNs.get(name)!.push(meanNs?.(runs) ?? Number(process.hrtime.bigint() - start) / runs);
    }
  }
  return perRunNs;
}

function report(perRunNs: ReadonlyMap<string, readonly number[]>): void {
  console.log(`${entry} (XDP), ${instructionsOfOneRun()} instructions, ${packet.length}-byte packet, fresh every run`);
  console.log(`${rounds} alternating rounds; ${cpus().length} CPUs, ${cpus()[0]?.model ?? "unknown CPU"}`);
  for (const [name, values] of perRunNs) {
    const { low, high } = quartiles([...values]);
    const middle = median([...values]).toFixed(1);
    console.log(`${name.padEnd(12)} median ${middle} ns a run, quartiles ${low.toFixed(1)}–${high.toFixed(1)} ns`);
  }
  const jit = perRunNs.get("jit")!;
  for (const [name, values] of perRunNs) {
    if (name === "jit") continue;
    const ratios = values.map((value, round) => value / jit[round]!);
    console.log(`ratio jit/${name} ${median(ratios).toFixed(2)}`);
  }
}

/** Prints nanoseconds a run of every contender, and ratios. */
export function benchSpeed(): void {
  const folder = new RunFolder(`bench-sim-${process.pid}`);
  const reason = whyNoKernel();
  if (reason !== undefined) console.log(`without the kernel: ${reason}`);
  const inKernel = reason === undefined ? kernel(folder) : undefined;
  try {
    report(measure([...engines(), ...(inKernel?.contenders ?? [])]));
  } finally {
    inKernel?.close();
    folder.close();
  }
}
