import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { prepare } from "./prepare.js";
import { selectJobs } from "./select.js";
import { runInWorkers } from "./workers.js";

describe("workers", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "packetproof-workers-"));
  });
  after(() => rm(folder, { recursive: true }));

  it("end what they are doing when the run is interrupted", async () => {
    const step = "run: { host: client, command: [sleep, '3600'], timeout: 60m }";
    const cases = ["a", "b"].map((name) => `  - { name: ${name}, ${step} }\n`).join("");
    const file = join(folder, "long.yml");
    await writeFile(file, `name: s\nprogram: xdp_count.bpf.c\nhook: xdp\nbackends: wire\ncases:\n${cases}`);
    const { prepared, diagnostics } = await prepare([file], 1);
    expect(diagnostics).to.deep.equal([]);
    const jobs = selectJobs(prepared, { backends: ["wire"], grep: undefined, shard: undefined });
    const stop = new AbortController();
    const results = runInWorkers({
      jobs,
      capabilities: [],
      seed: 1,
      port: "af_packet",
      parallel: 2,
      signal: stop.signal,
    });
    const first = results.next();
    stop.abort();
    // Hours before the command would end by itself, and without a result: interrupted is neither passed nor failed.
    expect(await first).to.deep.equal({ value: undefined, done: true });
  });
});
