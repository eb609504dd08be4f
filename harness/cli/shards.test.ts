import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { execa } from "execa";
import type { Report } from "../model/event.js";
import { projectRoot } from "../run/project.js";

const main = join(dirname(fileURLToPath(import.meta.url)), "main.js");

describe("shards", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "packetproof-shards-"));
  });
  after(() => rm(folder, { recursive: true }));

  const packetproof = (...args: string[]) =>
    execa(process.execPath, [main, ...args], { cwd: projectRoot, reject: false, timeout: 60_000 });
  const run = (...args: string[]) =>
    packetproof("run", "scenarios/drop", "scenarios/log", "--backend", "sim", "--seed", "5", ...args);

  async function timeless(file: string): Promise<Report> {
    const report = JSON.parse(await readFile(file, "utf8")) as Report;
    return { ...report, durationMs: 0, results: report.results.map((result) => ({ ...result, durationMs: 0 })) };
  }

  it("joined are the one run, but for times; a missing one is said (exit 1)", async () => {
    const [one, joined] = [join(folder, "one.json"), join(folder, "joined.json")];
    const blobs = [1, 2].map((index) => join(folder, `${index}.jsonl.gz`));
    await run("--json", one);
    for (const [i, blob] of blobs.entries()) await run("--shard", `${i + 1}/2`, "--blob", blob);
    const { exitCode, stderr } = await packetproof("report", "merge", ...blobs, "--json", joined);
    expect(exitCode, stderr).to.equal(0);
    expect(await timeless(joined)).to.deep.equal(await timeless(one));
    const half = await packetproof("report", "merge", blobs[1]!);
    expect(half.exitCode).to.equal(1);
    expect(half.stderr).to.contain("shard 1/2 is missing");
  });
});
