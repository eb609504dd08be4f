import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Where a command is, or undefined. `sbin` is looked at even where PATH leaves it out, as for ordinary users. */
export function findCommand(name: string): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
