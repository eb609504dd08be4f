#!/usr/bin/env node
// Behind `npm ci` in a checkout: compiles, and makes `npx packetproof` find this package's own command, which npm
// links only for packages that depend on it. No dependencies but the compiler, and nothing to do where that is left out.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
const main = join(root, "dist", "harness", "cli", "main.js");

if (existsSync(compiler)) {
  compile();
  linkCommand();
}

function compile() {
  // Tests of files that are gone would still be run.
  rmSync(join(root, "dist"), { recursive: true, force: true });
  const { status } = spawnSync(process.execPath, [compiler, "-p", root], { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(1);
  // What set-up looks at to see whether sources have changed since.
  writeFileSync(join(root, "dist", ".built"), "");
}

function linkCommand() {
  const folder = join(root, "node_modules", ".bin");
  mkdirSync(folder, { recursive: true });
  if (process.platform === "win32") {
    const script = '@node "%~dp0\\..\\..\\dist\\harness\\cli\\main.js" %*\r\n';
    writeFileSync(join(folder, "packetproof.cmd"), script);
    return;
  }
  chmodSync(main, 0o755);
  rmSync(join(folder, "packetproof"), { force: true });
  symlinkSync(join("..", "..", "dist", "harness", "cli", "main.js"), join(folder, "packetproof"));
}
