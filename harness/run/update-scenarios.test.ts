import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { CaseResult } from "../model/outcome.js";
import { prepare } from "./prepare.js";
import { projectRoot } from "./project.js";
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

/** Anchors, aliases, flow and block style, tags, other line ends, letters of one and two units of UTF-16. */
const odd = `name: "é漢𝕏 in front"
program: xdp_count.bpf.c
hook: xdp
backends: sim
cases:
  - name: an anchor
    send: &sent [eth, ipv4: { ttl: 9 }, udp]
    expect: { verdict: &v 'XDP_DROP', packet: &p { ipv4: { ttl: 62 } } }
  - { name: the same by an alias, send: *sent, expect: { packet: *p } }
  - name: two readers
    send: *sent
    expect: { packet: &q { ipv4: { ttl: 63 } } }
  - name: another reader, content as it is
    send: [eth, ipv4: { ttl: 63 }, udp]
    expect: { packet: *q }
  - { name: flow,
      send: [eth, ipv4, udp],  # 𝕏
      expect: {
        verdict: "XDP_DROP", # double
        maps: { packets: { sum: 0x10 } } } }
  - name: |-
      a block
    send:
    - eth
    - ipv4:
    - udp
    expect:
      verdict:
        XDP_TX
      packet:
        ? ipv4
        : ttl: 0x3f
  - name: a tag
    send: [eth, ipv4, udp]
    expect:
      verdict: !!str XDP_ABORTED # behind it
`.replaceAll("\n", "\r\n");

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

  it("finds values in every form that YAML has", async () => {
    const file = join(folder, "odd.yml");
    await writeFile(file, odd);
    const { written, refused } = await updateScenarios(await run(file));
    expect(await readFile(file, "utf8")).to.equal(
      odd
        .replace('verdict: "XDP_DROP", # double', "verdict: XDP_PASS, # double")
        .replace("sum: 0x10", "sum: 1")
        .replace("        XDP_TX\r\n", "        XDP_PASS\r\n")
        .replace("ttl: 0x3f", "ttl: 64")
        .replace("!!str XDP_ABORTED", "!!str XDP_PASS")
        .replace("ttl: 62", "ttl: 9"),
    );
    expect(written).to.deep.equal([{ file, values: 6 }]);
    expect(refused.map((line) => line.replace(file, "odd.yml"))).to.deep.equal([
      "odd.yml:12:41: not updated: 'another reader, content as it is' on sim, which has it in its text, passes as it is",
      "odd.yml:8:27: not updated: it is an alias or an anchor",
    ]);
  });

  for (const name of ["load-balance/rewrite", "ping-pong/reply", "stages/chain", "guard/clock", "datapath/from-pod"]) {
    it(`puts back what is changed in scenarios/${name}.yml, to the byte`, async () => {
      const shipped = await readFile(join(projectRoot, "scenarios", `${name}.yml`), "utf8");
      const others: Readonly<Record<string, string>> = {
        XDP_PASS: "XDP_DROP",
        XDP_DROP: "XDP_PASS",
        XDP_TX: "XDP_ABORTED",
        XDP_ABORTED: "XDP_TX",
        TC_ACT_OK: "TC_ACT_SHOT",
        TC_ACT_SHOT: "TC_ACT_OK",
        TC_ACT_REDIRECT: "TC_ACT_STOLEN",
      };
      let changes = 0;
      const changed = shipped.replace(/(?<=verdict: )\w+/g, (verdict) => {
        changes++;
        return others[verdict]!;
      });
      expect(changes).to.be.greaterThan(3);
      const file = join(folder, `${name.replace("/", "-")}.yml`);
      await writeFile(file, changed);
      const { written, refused } = await updateScenarios(await run(file));
      expect(refused).to.deep.equal([]);
      expect(await readFile(file, "utf8")).to.equal(shipped);
      expect(written).to.deep.equal([{ file, values: changes }]);
    });
  }
});
