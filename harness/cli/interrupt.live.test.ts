import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

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
});
