import { existsSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Whose objects: other users' folders are not ours to look into or to remove. */
const prefix = `packetproof-objects-${process.getuid?.() ?? 0}-`;

/** Where this process keeps what it compiles; named after it, so that others know whether it still runs. */
export function objectFolder(): string {
  return join(tmpdir(), `${prefix}${process.pid}`);
}

/** Removes the folders of processes that are gone; one line for each. */
export function cleanObjectFolders(): string[] {
  const left = readdirSync(tmpdir())
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .filter((name) => !existsSync(`/proc/${name.slice(prefix.length)}`));
  return left.map((name) => {
    const folder = join(tmpdir(), name);
    rmSync(folder, { recursive: true, force: true });
    return folder;
  });
}
