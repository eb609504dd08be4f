import { spawnSync } from "node:child_process";
import { arch } from "node:process";
import { readFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BpfObject } from "../model/object.js";
import { readObject } from "../object/read-object.js";

/** For tests of what no shipped program does: a BPF object from a few lines of C; undefined where there is no clang. */
export function compiled(name: string, body: string): BpfObject | undefined {
  const folder = mkdtempSync(join(tmpdir(), "packetproof-test-"));
  try {
    const output = join(folder, `${name}.o`);
    const machine = arch === "arm64" ? "aarch64" : "x86_64";
    const flags = [
      "-O2",
      "-g",
      "-target",
      "bpf",
      `-I/usr/include/${machine}-linux-gnu`,
      "-x",
      "c",
      "-c",
      "-o",
      output,
      "-",
    ];
    const source = `#include <linux/bpf.h>\n#include <bpf/bpf_helpers.h>\n${body}\nchar LICENSE[] SEC("license") = "GPL";\n`;
    const { error, status, stderr } = spawnSync("clang", flags, { input: source, encoding: "utf8" });
    if (error || /bpf_helpers.h' file not found/.test(stderr)) return undefined;
    if (status !== 0) throw new Error(stderr);
    return readObject(new Uint8Array(readFileSync(output)), name);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
