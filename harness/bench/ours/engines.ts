import type { RunFolder } from "../../kernel/run-folder.js";
import { slotCount, TestRun } from "../../kernel/test-run.js";
import { fromHex } from "../../model/hex.js";
import type { CounterOptions } from "../../sim/counters.js";
import type { EngineName } from "../../sim/engine.js";
import { XdpWorld } from "../../sim/hooks/xdp.js";
import { SimulatedObject } from "../../sim/simulated-object.js";
import { World } from "../../sim/world.js";
import { loadProgram } from "../load-program.js";
import { shippedObject } from "../shipped-object.js";
import { TestRunTimer } from "../test-run-timer.js";

/** Runs so often, and says how many nanoseconds one took. */
export type Engine = (count: number) => number;

/** From the client of the load balancer to it: addresses and both checksums are rewritten. */
const packet = fromHex(
  "0242ac110005 0242ac110004 0800" +
    "4500003200000000 4006 0000 ac110004 ac110005" +
    "9c400050 00000000 00000000 5002ffff 00000000 00000000000000000000",
);
const XDP_TX = 3;

/** xdp_lb in this process. */
export function simulated(engineName: EngineName, counting?: CounterOptions): Engine {
  const target = new SimulatedObject(shippedObject("xdp_lb"), {
    world: new World({ seed: 1 }),
    engine: engineName,
    globals: [],
    ...(counting && { counting }),
    hook: (...parts) => new XdpWorld(...parts),
  });
  const { machine, hook } = target;
  const engine = target.program("xdp_lb");
  const input = { bytes: packet };
  return (count) => {
    const start = process.hrtime.bigint();
    for (let i = 0; i < count; i++) {
      hook.open(input);
      machine.run(engine, hook.context);
    }
    if (machine.arguments.result32 !== XDP_TX) throw new Error("xdp_lb did not send the packet back");
    return Number(process.hrtime.bigint() - start) / count;
  };
}

/** A program in the kernel: by `repeat`, or each run by itself as a `times: N` step does. */
export function testRuns(name: string, folder: RunFolder): { inARow: Engine; oneByOne: Engine; close(): void } {
  const loaded = loadProgram({ object: shippedObject(name), entry: name, hook: "xdp" }, folder);
  const timer = new TestRunTimer(loaded.programFd, { data: packet, context: undefined });
  const testRun = new TestRun();
  testRun.select(loaded.programFd, "xdp");
  testRun.add(packet);
  while (!testRun.full) testRun.addAgain();
  return {
    inARow: (count) => timer.run(Math.max(count, slotCount)),
    oneByOne(count) {
      const start = process.hrtime.bigint();
      let done = 0;
      for (; done < count; done += slotCount) testRun.run();
      return Number(process.hrtime.bigint() - start) / done;
    },
    close: () => loaded.close(),
  };
}
