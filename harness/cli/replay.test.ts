import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { execa } from "execa";
import type { ReplayReport } from "../model/replay.js";
import { projectRoot } from "../run/project.js";

const main = join(dirname(fileURLToPath(import.meta.url)), "main.js");
const traffic = ["--packets", "fixtures/pcap/real-traffic.pcap", "--backend", "sim"];

async function packetproof(args: readonly string[], input = "") {
  return execa(process.execPath, [main, ...args], { cwd: projectRoot, reject: false, timeout: 60_000, input });
}

function replay(object: string, ...more: string[]) {
  return packetproof(["replay", `fixtures/objects/${object}.bpf.o`, ...traffic, ...more]);
}

describe("packetproof replay", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "packetproof-replay-"));
  });
  after(() => rm(folder, { recursive: true }));

  it("writes a record for every packet, by its number in the capture", async () => {
    const json = join(folder, "out.json");
    const { exitCode, stderr } = await replay("xdp_count", "--frames", "3-4,7", "--json", json);
    expect(exitCode, stderr).to.equal(0);
    const report = JSON.parse(await readFile(json, "utf8")) as ReplayReport;
    expect(report.packets.map(({ index }) => index)).to.deep.equal([3, 4, 7]);
    expect(report.packets[0]!.sim).to.include({ verdict: "XDP_PASS", retval: 2, fault: null });
    expect(report.totals).to.include({ agree: 3, differ: 0, unsupported: 0 });
  });

  it("tells faults, and fails (exit 1)", async () => {
    const { exitCode, stdout } = await replay("missing_null_check", "--frames", "1");
    expect(exitCode).to.equal(1);
    expect(stdout).to.contain("1 faults");
  });

  it("names the nearest program and type, and what programs there are (exit 2)", async () => {
    const program = await replay("xdp_count", "--program", "xdp_cuont");
    expect(program.exitCode).to.equal(2);
    expect(program.stderr).to.contain("did you mean 'xdp_count'?");
    const type = await replay("xdp_count", "--type", "xpd");
    expect(type.exitCode).to.equal(2);
    expect(type.stderr).to.contain("did you mean xdp?");
    const several = await replay("lwt");
    expect(several.exitCode).to.equal(2);
    expect(several.stderr).to.contain("route_in (lwt_in)").and.to.contain("--program");
  });

  it("reports all mistakes in --maps with their places (exit 2)", async () => {
    const maps = join(folder, "maps.yml");
    await writeFile(maps, "no_such_map: 1\nneither: 2\n");
    const { exitCode, stderr } = await replay("xdp_count", "--maps", maps);
    expect(exitCode).to.equal(2);
    expect(stderr).to.contain(`${maps}:1:1`).and.to.contain(`${maps}:2:1`);
  });

  it("says of a helper that is not simulated that it is not, and compares nothing (exit 1)", async () => {
    const { exitCode, stdout } = await replay("foreign_helper");
    expect(exitCode).to.equal(1);
    expect(stdout).to.match(/helper bpf_\w+ \(#\d+\) at \S+ is not simulated/);
  });
});

describe("packetproof vm", () => {
  const constant = "b7 00 00 00 2a 00 00 00\n95 00 00 00 00 00 00 00\n";

  it("prints r0 in hex, with the suite's empty words, on both engines", async () => {
    for (const engine of ["--jit", "--interpreter"]) {
      const { exitCode, stdout } = await packetproof(["vm", "", "", engine], constant);
      expect(stdout).to.equal("2a");
      expect(exitCode).to.equal(0);
    }
  });

  it("gives the program its memory", async () => {
    const load = "71 10 01 00 00 00 00 00 95 00 00 00 00 00 00 00";
    expect((await packetproof(["vm", "aa  bb  cc"], load)).stdout).to.equal("bb");
    expect((await packetproof(["vm", "--program", load, "aa bb"])).stdout).to.equal("bb");
  });

  it("fails with the reason on standard error (exit 1)", async () => {
    for (const [memory, program] of [
      ["", "b7 0"],
      ["zz", constant],
      ["", "71 10 00 00 00 00 00 00 95 00 00 00 00 00 00 00"],
    ] as const) {
      const { exitCode, stdout, stderr } = await packetproof(["vm", memory], program);
      expect(exitCode).to.equal(1);
      expect(stdout).to.equal("");
      expect(stderr).to.match(/^packetproof vm: ./);
    }
  });
});
