import { accessSync, constants } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";

/** A program or library that packetproof starts or loads, what for, and the Debian package that brings it. */
export interface Tool {
  readonly name: string;
  readonly purpose: string;
  readonly debianPackage: string;
}

export const tools: readonly Tool[] = [
  { name: "ip", purpose: "wire: namespaces, links and addresses", debianPackage: "iproute2" },
  { name: "ping", purpose: "wire: `ping:` steps", debianPackage: "iputils-ping" },
  { name: "curl", purpose: "wire: `http:` steps", debianPackage: "curl" },
  { name: "nginx", purpose: "wire: the HTTP servers of the load balancer's scenarios", debianPackage: "nginx-light" },
  { name: "clang", purpose: "scenarios that name a .c source of yours", debianPackage: "clang libbpf-dev" },
  { name: "tshark", purpose: "tests: the decoder that ours is held against", debianPackage: "tshark" },
];

/** Where a command is, or undefined. `sbin` is looked at even where PATH leaves it out. */
export function findCommand(name: string): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** Whether the optional npm package that `--port cap` needs has been built. */
export function hasCap(): boolean {
  try {
    createRequire(import.meta.url).resolve("cap/build/Release/cap.node");
    return true;
  } catch {
    return false;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
