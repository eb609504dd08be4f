import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { CaseResult } from "../model/outcome.js";
import { prepare } from "./prepare.js";
import { runHere } from "./run.js";
import { selectJobs } from "./select.js";
import { updateScenarios } from "./update-scenarios.js";

const original = `# A comment at the top.
name: golden   # behind a value
program: xdp_count.bpf.c
hook: xdp
backends: sim

cases:
  # Wrong in three places.
  - name: one
    send: [eth, ipv4: {src: 10.0.0.9}, udp]   # as it is sent
    expect: { verdict: XDP_DROP, packet: { ipv4: { ttl: 63, src: 10.0.0.8 }, eth: { dst: "02:00:00:00:00:07" } } } # all wrong
  - name: two
    matrix: { port: [53, 80] }
    send: [eth, ipv4, udp: { dport: $port }]
    expect:
      verdict: XDP_PASS
      packet:
        udp:
          dport: 53     # right for one of them
  - name: three
    matrix: [{ verdict: XDP_DROP }]
    send: [eth, ipv4, udp]
    expect: { verdict: $verdict }
`;

const updated = original
  .replace("verdict: XDP_DROP, packet", "verdict: XDP_PASS, packet")
  .replace("ttl: 63", "ttl: 64")
  .replace("src: 10.0.0.8", "src: 10.0.0.9")
  .replace('"02:00:00:00:00:07"', '"02:00:00:00:00:02"')
  .replace("[{ verdict: XDP_DROP }]", "[{ verdict: XDP_PASS }]");

describe("run --update", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "packetproof-update-"));
  });
  after(() => rm(folder, { recursive: true }));

  async function run(file: string): Promise<CaseResult[]> {
    const { prepared, diagnostics } = await prepare([file], 1);
    expect(diagnostics).to.deep.equal([]);
    const jobs = selectJobs(prepared, { backends: ["sim"], grep: undefined, shard: undefined });
    const results: CaseResult[] = [];
    const { signal } = new AbortController();
    for await (const result of runHere({ jobs, port: "af_packet", signal })) results.push(result);
    return results;
  }

  it("changes the values that are others now, and nothing else: comments and form stay", async () => {
    const file = join(folder, "golden.yml");
    await writeFile(file, original);
    const { written, refused } = await updateScenarios(await run(file));
    expect(await readFile(file, "utf8")).to.equal(updated);
    expect(written).to.deep.equal([{ file, values: 5 }]);
    expect(refused.map((line) => line.replace(file, "golden.yml"))).to.deep.equal([
      "golden.yml:19:18: not updated: 'two [port=53]' on sim, which has it in its text, passes as it is",
    ]);
    const again = await updateScenarios(await run(file));
    expect(again.written).to.deep.equal([]);
  });
});
