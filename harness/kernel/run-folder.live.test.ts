import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { whyNoKernel } from "./probe.js";
import { cleanRunFolders, RunFolder } from "./run-folder.js";

describe("run folder", () => {
  before(function () {
    if (whyNoKernel() !== undefined) this.skip();
  });

  const mounts = (): string => readFileSync("/proc/self/mountinfo", "utf8");

  it("mounts when first asked, once, and unmounts at the end", () => {
    const folder = new RunFolder(`test-folder-${process.pid}`);
    expect(existsSync(folder.path)).to.equal(false);
    const target = folder.mount("bpf");
    expect(folder.mount("bpf")).to.equal(target);
    expect(mounts().split(` ${target} `)).to.have.lengthOf(2);
    folder.close();
    expect(mounts()).not.to.contain(target);
    expect(existsSync(folder.path)).to.equal(false);
  });

  it("is removed by clean where its run was killed, and only then", () => {
    const alive = new RunFolder(`test-alive-${process.pid}`);
    alive.mount("bpf");
    const runId = `test-killed-${process.pid}`;
    const module = (name: string): string => JSON.stringify(new URL(`./${name}.js`, import.meta.url));
    const script = `
      import { RunFolder } from ${module("run-folder")};
      import { printkReader } from ${module("printk")};
      const folder = new RunFolder(${JSON.stringify(runId)});
      folder.mount("bpf");
      printkReader(folder, true);
      process.kill(process.pid, "SIGKILL");`;
    spawnSync(process.execPath, ["--input-type=module", "-e", script]);
    const left = `/run/packetproof/${runId}`;
    const instance = `${left}/tracefs/instances/packetproof-${runId}`;
    expect(existsSync(instance)).to.equal(true);
    try {
      expect(cleanRunFolders()).to.include(left);
      expect(existsSync(left)).to.equal(false);
      expect(mounts()).not.to.contain(left);
      expect(existsSync(alive.path)).to.equal(true);
      const other = alive.mount("tracefs");
      expect(existsSync(`${other}/instances/packetproof-${runId}`), "the tracing instance").to.equal(false);
    } finally {
      alive.close();
    }
  });
});
