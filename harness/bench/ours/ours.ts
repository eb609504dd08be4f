import type { BenchGroup } from "../../model/bench.js";
import { RunFolder } from "../../kernel/run-folder.js";
import type { ObjectOf } from "../../scenario/object.js";
import type { BenchContext, Measured } from "../context.js";
import { bounded, kind, roundFields } from "../definition/kind.js";
import { measureGroup, type Contender } from "../group.js";
import { cLoop, type CLoop } from "./c-loop.js";
import { simulated, testRuns, type Engine } from "./engines.js";
import { fuzzing, parsing, runningCase, yardstick, type Work } from "./work.js";

const fields = {
  ...roundFields(20),
  milliseconds: bounded(10, 1_000, "about how long each works in a round"),
};

type Options = ObjectOf<typeof fields>;

export const ours = kind("packetproof itself: its engines, test runs, scenarios and fuzzing", fields, (options) => {
  return (context) => measureOurs(options, context);
});

async function measureOurs(options: Options, context: BenchContext): Promise<Measured> {
  const folder = new RunFolder(`bench-${process.pid}`);
  try {
    context.progress("ours: engines");
    const engines = await measureEngines(options, folder, context.seed);
    context.progress("ours: test runs");
    const runs = await measureTestRuns(options, folder, context.seed);
    context.progress("ours: scenarios and fuzzing");
    return { groups: [engines, runs, await measureWork(options, context.seed)], notes: [] };
  } finally {
    folder.close();
  }
}

function shared(options: Options, seed: number) {
  return {
    unit: "ns",
    better: "lower",
    rounds: options.rounds,
    warmUpRounds: options["warm-up"],
    seed,
    skipped: [],
  } as const;
}

/** Repeats `run` as often as takes about so long: found out by doubling, which also brings V8's compilers to their end. */
function paced(run: (count: number) => number | Promise<number>, milliseconds: number): () => Promise<number> {
  let count = 0;
  return async () => {
    if (count > 0) return run(count);
    let each = 0;
    for (count = 1; each * count < milliseconds * 5e5; count *= 2) each = await run(count);
    return each;
  };
}

async function measureEngines(options: Options, folder: RunFolder, seed: number): Promise<BenchGroup> {
  const kernel = testRuns("xdp_lb", folder);
  const again = testRuns("xdp_lb", folder);
  const all: readonly (readonly [string, string, Engine])[] = [
    ["kernel", "kernel, in a row", kernel.inARow],
    ["jit", "simulator, JIT", simulated("jit")],
    ["jit-counting", "simulator, JIT with counters", simulated("jit", {})],
    ["interpreter", "simulator, interpreter", simulated("interpreter")],
  ];
  try {
    const contenders = all.map(([id, title, run]): Contender => ({
      id,
      title,
      measure: paced(run, options.milliseconds),
    }));
    return await measureGroup({
      ...shared(options, seed),
      id: "ours/engines",
      title: "A packet through xdp_lb: every header looked at, addresses and two checksums rewritten",
      method: "64 bytes of TCP, fresh every run in the simulator; in the kernel by BPF_PROG_TEST_RUN with repeat",
      contenders: contenders as [Contender, ...Contender[]],
      control: { id: "kernel", measure: paced(again.inARow, options.milliseconds) },
    });
  } finally {
    kernel.close();
    again.close();
  }
}

async function measureTestRuns(options: Options, folder: RunFolder, seed: number): Promise<BenchGroup> {
  const kernel = testRuns("xdp_drop_count", folder);
  const loop = await cLoop();
  const again = await cLoop();
  try {
    const ffi: Contender = {
      id: "ffi",
      title: "packetproof",
      measure: paced(kernel.oneByOne, options.milliseconds),
    };
    const turn = (each: CLoop): Contender => ({
      id: "c",
      title: "C and libbpf",
      measure: paced(each.run, options.milliseconds),
    });
    const c = "reason" in loop || "reason" in again ? undefined : ([turn(loop), turn(again)] as const);
    return await measureGroup({
      ...shared(options, seed),
      id: "ours/test-run",
      title: "A BPF_PROG_TEST_RUN of xdp_drop_count with a fresh packet of 64 bytes",
      method: "from user space into the kernel and back; in C a loop over bpf_prog_test_run_opts",
      contenders: c ? [c[0], ffi] : [ffi],
      control: c ? c[1] : ffi,
      skipped: "reason" in loop ? [{ contender: "C and libbpf", reason: loop.reason }] : [],
    });
  } finally {
    kernel.close();
    await Promise.all([loop, again].map((each) => each.close()));
  }
}

async function measureWork(options: Options, seed: number): Promise<BenchGroup> {
  const works: readonly (readonly [string, string, Work])[] = [
    ["yardstick", "yardstick: SHA-256 of 64 KiB", yardstick()],
    ["parse", "reading a scenario of three cases", parsing()],
    ["case", "planning, running and judging three cases in the simulator", await runningCase(seed)],
    ["fuzz", "an input of the guided search", await fuzzing(seed)],
  ];
  try {
    const contenders = works.map(([id, title, { run }]): Contender => ({
      id,
      title,
      measure: paced(run, options.milliseconds),
    }));
    return await measureGroup({
      ...shared(options, seed),
      id: "ours/work",
      title: "What packetproof does around a program",
      method: "in one process, one thread; nanoseconds each",
      contenders: contenders as [Contender, ...Contender[]],
      control: { id: "yardstick", measure: paced(yardstick().run, options.milliseconds) },
    });
  } finally {
    for (const [, , work] of works) work.close?.();
  }
}
