import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { machineCode } from "./test-run-loop.js";

const targets = { x64: "x86_64-linux-gnu", arm64: "aarch64-linux-gnu" } as const;

describe("machine code of the test run loop", () => {
  for (const [arch, target] of Object.entries(targets)) {
    it(`is what an assembler makes of its comments on ${arch}`, function () {
      const lines = machineCode[arch as keyof typeof targets]!;
      const assembled = assemble(target, lines.map(([, assembly]) => assembly).join("\n"));
      if (!assembled) {
        this.test!.title += " (skipped: clang and llvm-objcopy are not installed)";
        return this.skip();
      }
      expect(lines.map(([hex]) => hex).join("")).to.equal(assembled.toString("hex"));
    });
  }
});

/** The .text section; undefined where the tools are missing. */
function assemble(target: string, source: string): Buffer | undefined {
  const folder = mkdtempSync(join(tmpdir(), "packetproof-loop-"));
  try {
    const object = join(folder, "loop.o");
    const clang = ["-target", target, "-c", "-x", "assembler", "-o", object, "-"];
    const { error, status, stderr } = spawnSync("clang", clang, { input: `${source}\n`, encoding: "utf8" });
    if (error) return undefined;
    expect(status, stderr).to.equal(0);
    const text = join(folder, "text");
    const copy = spawnSync("llvm-objcopy", ["-O", "binary", "-j", ".text", object, text]);
    return copy.error ? undefined : readFileSync(text);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
