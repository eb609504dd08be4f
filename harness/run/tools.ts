import { createRequire } from "node:module";

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

/** Whether the optional npm package that `--port cap` needs has been built. */
export function hasCap(): boolean {
  try {
    createRequire(import.meta.url).resolve("cap/build/Release/cap.node");
    return true;
  } catch {
    return false;
  }
}
