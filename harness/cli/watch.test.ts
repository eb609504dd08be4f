import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { projectRoot } from "../run/project.js";

const main = join(dirname(fileURLToPath(import.meta.url)), "main.js");

describe("watch", () => {
  let folder: string;
  let child: ChildProcess;
  let said = "";
  const waiting = new Set<() => void>();
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "packetproof-watch-"));
  });
  after(async () => {
    child.kill("SIGKILL");
    await rm(folder, { recursive: true });
  });

  /** What is printed up to and with this, since the last time. */
  async function output(pattern: RegExp): Promise<string> {
    while (!pattern.test(said)) await new Promise<void>((resolve) => waiting.add(resolve));
    const text = said;
    said = "";
    return text;
  }

  const scenario = (name: string, verdict: string): string =>
    `name: ${name}\nprogram: p.o\nhook: xdp\ncases: [{ name: a, send: [eth, ipv4], expect: { verdict: ${verdict} } }]\n`;
  /** In one go, as linkers do not: half an object would be a change, too. */
  const object = async (name: string): Promise<void> => {
    await copyFile(join(projectRoot, "fixtures", "objects", `${name}.bpf.o`), join(folder, "new"));
    await rename(join(folder, "new"), join(folder, "p.o"));
  };

  it("runs what changed, and what depends on it, until it is interrupted (exit 0)", async function () {
    this.timeout(60_000);
    await object("xdp_count");
    await writeFile(join(folder, "one.yml"), scenario("one", "XDP_PASS"));
    await writeFile(join(folder, "two.yml"), scenario("two", "XDP_PASS"));
    child = spawn(process.execPath, [main, "watch", folder, "--backend", "sim", "--verbose"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      for (const wake of waiting) wake();
      waiting.clear();
    });
    expect(await output(/watching 2 scenarios/)).to.contain("2 passed");

    // As editors do it: another file takes the place.
    await writeFile(join(folder, "new"), scenario("one", "XDP_DROP"));
    await rename(join(folder, "new"), join(folder, "one.yml"));
    const first = await output(/watching 2 scenarios/);
    expect(first).to.contain("one.yml").and.to.contain("1 failed").and.not.to.contain("two.yml");

    await object("xdp_drop_count");
    const both = await output(/watching 2 scenarios/);
    expect(both).to.contain("p.o").and.to.contain("1 passed, 1 failed");

    await writeFile(join(folder, "three.yml"), scenario("three", "XDP_DROP"));
    const third = await output(/watching 3 scenarios/);
    expect(third).to.contain("three.yml").and.to.contain("1 passed, 0 failed");

    child.kill("SIGINT");
    expect(await once(child, "close")).to.deep.equal([0, null]);
  });
});
