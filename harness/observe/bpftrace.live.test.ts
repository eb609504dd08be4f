import { expect } from "chai";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { findCommand } from "../../netns/find-command.js";
import { createNetwork } from "../../netns/network.js";
import { skipWithoutRoot, twoHosts, uniqueId } from "../../netns/example-topologies.test.js";
import { Bpftrace } from "./bpftrace.js";
import { probesOf } from "./probes.js";

/** A process that has a tracer running, says so, and waits to be killed. */
const victim = `
  const { Bpftrace } = await import(process.argv[1]);
  const { probesOf } = await import(process.argv[2]);
  await Bpftrace.start(probesOf.exec);
  console.log("watching");
  setInterval(() => undefined, 1000);
`;

function childrenOf(pid: number): readonly number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((each) => each > 0 && parentOf(each) === pid);
}

function parentOf(pid: number): number | undefined {
  try {
    return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  } catch {
    return undefined;
  }
}

describe("bpftrace", () => {
  before(skipWithoutRoot);
  before(function () {
    if (findCommand("bpftrace") === undefined) this.skip();
  });

  it("has told all that happened when it is asked, and tells it once", async () => {
    await using network = await createNetwork(twoHosts, uniqueId());
    const tracer = await Bpftrace.start(probesOf.exec);
    try {
      const names: string[] = [];
      for (let i = 0; i < 20; i++) {
        await once(
          network.inside("dut", () => spawn("true", [], { stdio: "ignore" })),
          "close",
        );
        const seen = await tracer.drain();
        names.push(
          ...seen.filter(({ values }) => Number(values["ppid"]) === process.pid).map((e) => e.values["comm"]!),
        );
      }
      expect(names).to.deep.equal(new Array(20).fill("true"));
    } finally {
      await tracer.stop();
    }
  });

  it("says what is wrong with a script", async () => {
    const probes = [{ attach: "tracepoint:skb:no_such_thing", setUp: ["$netns = (uint64)0"] }];
    const failure = await Bpftrace.start(probes).catch((error: unknown) => error);
    expect(String(failure)).to.contain("no_such_thing");
  });

  it("is gone when the process that started it is killed", async () => {
    const modules = ["./bpftrace.js", "./probes.js"].map((name) => new URL(name, import.meta.url).href);
    const run = spawn(process.execPath, ["--input-type=module", "-e", victim, ...modules], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(run.stdout, "data");
    const tracers = childrenOf(run.pid!);
    expect(tracers).to.have.length(1);
    run.kill("SIGKILL");
    await once(run, "exit");
    while (existsSync(`/proc/${tracers[0]}/exe`)) await new Promise((resolve) => setTimeout(resolve, 1));
  });
});
