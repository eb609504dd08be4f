import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { projectRoot } from "../run/project.js";

const main = fileURLToPath(new URL("./main.js", import.meta.url));

describe("an interrupted run", () => {
  for (const signal of ["INT", "TERM", "HUP"]) {
    it(`cleans up and says so on SIG${signal}`, () => {
      const folder = mkdtempSync(join(tmpdir(), "packetproof-interrupt-"));
      try {
        // The command's parent is packetproof itself.
        const command = `[sh, -c, "kill -${signal} $$PPID; exec sleep 3600"]`;
        const step = `run: { host: client, command: ${command}, timeout: 60m }`;
        const head = "name: s\nprogram: xdp_count.bpf.c\nhook: xdp\nbackends: wire\n";
        writeFileSync(join(folder, "s.yml"), `${head}cases:\n  - { name: a, ${step} }\n`);
        const ended = spawnSync(process.execPath, [main, "run", join(folder, "s.yml")], {
          encoding: "utf8",
          timeout: 15_000,
          killSignal: "SIGKILL",
        });
        expect(ended.signal).to.equal(null);
        expect(ended.status).to.equal(1);
        expect(ended.stdout).to.include("interrupted");
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }

  it("ends without a word where nobody reads what it prints, and tidies up", async () => {
    const folder = mkdtempSync(join(tmpdir(), "packetproof-interrupt-"));
    const report = join(folder, "report.json");
    const child = spawn(
      process.execPath,
      [main, "run", join(projectRoot, "scenarios", "drop"), "--verbose", "--json", report],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    try {
      let complaints = "";
      child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
      child.stdout.once("data", () => child.stdout.destroy());
      const [status, signal] = (await once(child, "close")) as [number | null, string | null];
      expect({ status, signal, complaints }).to.deep.equal({ status: 1, signal: null, complaints: "" });
      // It ended as an interrupted run does, not in the middle of something.
      expect(JSON.parse(readFileSync(report, "utf8"))).to.have.property("totals");
    } finally {
      child.kill("SIGKILL");
      rmSync(folder, { recursive: true });
    }
  });
});
