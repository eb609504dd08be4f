import { readFileSync } from "node:fs";
import type { Host } from "../harness/model/topology.js";
import { harnessError } from "../harness/model/error.js";
import { isIpv6 } from "./commands.js";
import type { Namespace } from "./namespace.js";

const timeoutMs = 5_000;
const RTF_LOCAL = 0x8000_0000;

/**
 * Waits until the host takes packets for its IPv6 addresses. `ip addr add` returns before: the kernel makes an
 * address's local route on a work queue, even without duplicate address detection (addrconf_dad_work).
 */
export async function waitForIpv6(namespace: Namespace, host: Host): Promise<void> {
  const wanted = host.interfaces.map(({ dev, addresses }) => ({ dev, count: addresses.filter(isIpv6).length }));
  if (wanted.every(({ count }) => count === 0)) return;
  const giveUpAt = performance.now() + timeoutMs;
  for (;;) {
    const routes = namespace.inside(() => readFileSync("/proc/thread-self/net/ipv6_route", "latin1"));
    if (wanted.every(({ dev, count }) => countLocalRoutes(routes, dev) >= count)) return;
    if (performance.now() > giveUpAt)
      throw harnessError("topology", `the IPv6 addresses of ${host.name} were not ready within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Lines of /proc/net/ipv6_route: destination, length, source, length, next hop, metric, references, uses, flags, device. */
export function countLocalRoutes(routes: string, dev: string): number {
  return routes.split("\n").filter((line) => {
    const fields = line.trim().split(/\s+/);
    return fields[9] === dev && fields[1] === "80" && (Number.parseInt(fields[8]!, 16) & RTF_LOCAL) !== 0;
  }).length;
}
