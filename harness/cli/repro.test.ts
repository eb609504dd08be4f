import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { execa } from "execa";
import { projectRoot } from "../run/project.js";

const main = join(dirname(fileURLToPath(import.meta.url)), "main.js");

describe("the archive of a failure", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "packetproof-repro-"));
  });
  after(() => rm(folder, { recursive: true }));

  const packetproof = (cwd: string, ...args: string[]) =>
    execa(process.execPath, [main, ...args], { cwd, reject: false, timeout: 60_000 });

  it("fails the same way elsewhere, by the command that it names", async function () {
    if ((await execa("python3", ["--version"], { reject: false })).exitCode !== 0) return this.skip();
    const scenario = "fixtures/reports/odd.yml";
    const run = await packetproof(projectRoot, "run", scenario, "--backend", "sim", "--repro", folder);
    expect(run.exitCode, run.stderr).to.equal(1);
    const [, path] = /^repro {5}(.+\.zip)$/m.exec(run.stdout)!;
    expect(path).to.match(/\/fixtures\/reports\/odd\/script-script.*\.sim\.zip$/);
    const elsewhere = join(folder, "elsewhere");
    await execa("python3", ["-m", "zipfile", "-e", path!, elsewhere]);
    expect((await readdir(elsewhere)).sort()).to.deep.equal([
      "README.md",
      "files",
      "packets.pcapng",
      "report.html",
      "scenario.yml",
    ]);
    expect(await readdir(join(elsewhere, "files"))).to.deep.equal(["xdp_count.bpf.o"]);
    const readme = await readFile(join(elsewhere, "README.md"), "utf8");
    const [, command] = /^npx packetproof (.+)$/m.exec(readme)!;
    // As a person pastes it: quotes are for a shell.
    const again = await execa("sh", ["-c", `exec "$0" "$1" ${command}`, process.execPath, main], {
      cwd: elsewhere,
      reject: false,
    });
    expect(again.exitCode, again.stderr).to.equal(1);
    expect(again.stdout).to.match(/verdict +expected XDP_DROP +actual XDP_PASS/);
    expect(again.stdout).to.contain("total     0 passed, 1 failed");
    expect(await readFile(join(elsewhere, "report.html"), "utf8")).to.contain("✗ 1 failed");
  });
});
