import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { execa } from "execa";
import { projectRoot } from "../run/project.js";

const main = join(dirname(fileURLToPath(import.meta.url)), "main.js");

describe("two runs compared", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "packetproof-compare-"));
    const scenario = await readFile(join(projectRoot, "scenarios", "load-balance", "rewrite.yml"), "utf8");
    await writeFile(join(folder, "lb.yml"), scenario.replace("program: xdp_lb.bpf.c", "program: lb.o"));
  });
  after(() => rm(folder, { recursive: true }));

  const packetproof = (...args: string[]) =>
    execa(process.execPath, [main, ...args], { cwd: folder, reject: false, timeout: 60_000 });

  /** The balancer's scenarios with one of the shipped objects in its place. */
  async function run(object: string, blob: string): Promise<void> {
    await copyFile(join(projectRoot, "fixtures", "objects", `${object}.bpf.o`), join(folder, "lb.o"));
    const more = ["--backend", "sim", "--seed", "5", "--coverage", "lcov.info", "--traces", "none"];
    await packetproof("run", "lb.yml", "--blob", blob, ...more);
  }

  it("say a planted bug on the first line (exit 1), then what it changed; nothing of a run and its like (exit 0)", async () => {
    await run("xdp_lb", "before.jsonl.gz");
    await run("xdp_lb_no_tcp_checksum", "after.jsonl.gz");
    const worse = await packetproof("report", "compare", "before.jsonl.gz", "after.jsonl.gz", "--html", "compare.html");
    expect(worse.exitCode, worse.stderr).to.equal(1);
    const [first, ...rest] = worse.stdout.split("\n");
    expect(first).to.match(
      /^✗ lb\.yml › .* \[sim\] {2}outcome: passed → failed: tcp\.checksum expected 0x\w+, actual 0x/,
    );
    // The checksum is not computed: that is cheaper, and fewer bytes are right.
    expect(rest.join("\n")).to.match(/^≠ lb\.yml › .* bytes at output of packet 1: /m);
    expect(rest.join("\n")).to.match(/^✓ lb\.yml › .* instructions of packet 1: \d+ → \d+ \(-/m);
    expect(await readFile(join(folder, "compare.html"), "utf8")).to.contain("What got worse");

    await run("xdp_lb", "again.jsonl.gz");
    const same = await packetproof("report", "compare", "before.jsonl.gz", "again.jsonl.gz");
    expect(same.exitCode, same.stdout).to.equal(0);
    expect(same.stdout).to.match(/^\d+ results compared: 0 worse, 0 changed, 0 better$/m);
    const better = await packetproof("report", "compare", "after.jsonl.gz", "before.jsonl.gz");
    expect(better.stdout).to.match(/^✓ .* outcome: failed → passed$/m);
  });
});
