import { randomBytes } from "node:crypto";
import type { Host, Interface, Place, Topology } from "../harness/model/topology.js";

/** For tests: topologies by hand. */

/** As a `before` hook of tests that make namespaces. */
export function skipWithoutRoot(this: Mocha.Context): void {
  if (process.platform !== "linux" || process.geteuid?.() !== 0) this.skip();
}

/** An id that no other network on this machine has. */
export function uniqueId(): string {
  return `test-${randomBytes(4).toString("hex")}`;
}

export function device(dev: string, lastByte: number, addresses: readonly string[] = []): Interface {
  return { dev, mac: `02:00:00:00:00:${lastByte.toString(16).padStart(2, "0")}`, addresses, mtuBytes: 1500 };
}

export function hostWith(name: string, interfaces: readonly Interface[], more: Partial<Host> = {}): Host {
  return { name, interfaces, routes: [], neighbours: [], sysctls: {}, ...more };
}

export function at(host: string, dev = "eth0"): Place {
  return { host, dev };
}

/** The default of scenarios: client:eth0 ── dut:eth0, without addresses. */
export const twoHosts: Topology = {
  hosts: [hostWith("client", [device("eth0", 1)]), hostWith("dut", [device("eth0", 2)])],
  links: [{ ends: [at("client"), at("dut")] }],
  bridges: [],
  attach: at("dut"),
  from: at("client"),
};

/** client:eth0 ── eth0:dut:eth1 ── server:eth0, without addresses. */
export const threeHosts: Topology = {
  ...twoHosts,
  hosts: [
    hostWith("client", [device("eth0", 1)]),
    hostWith("dut", [device("eth0", 2), device("eth1", 3)]),
    hostWith("server", [device("eth0", 4)]),
  ],
  links: [{ ends: [at("client"), at("dut")] }, { ends: [at("dut", "eth1"), at("server")] }],
};

/** Four hosts on one bridge, with IPv4 and IPv6 addresses that end in 1 to 4. */
export const onABridge: Topology = {
  ...twoHosts,
  hosts: ["client", "dut", "backend1", "backend2"].map((name, i) =>
    hostWith(name, [device("eth0", i + 1, [`10.0.0.${i + 1}/24`, `fd00::${i + 1}/64`])]),
  ),
  links: [],
  bridges: [{ name: "lan", ports: ["client", "dut", "backend1", "backend2"].map((name) => at(name)) }],
};
