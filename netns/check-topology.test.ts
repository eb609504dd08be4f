import { expect } from "chai";
import type { Topology } from "../harness/model/topology.js";
import { HarnessError } from "../harness/model/error.js";
import { checkTopology } from "./check-topology.js";
import { at, device, hostWith, onABridge, threeHosts, twoHosts } from "./example-topologies.test.js";

describe("checkTopology", () => {
  it("accepts what can be made", () => {
    for (const topology of [twoHosts, threeHosts, onABridge]) checkTopology(topology);
  });

  const wrong: readonly [string, Partial<Topology>, RegExp][] = [
    ["a host's name that would be a path", { hosts: [hostWith("../etc", [])] }, /cannot be a host's name/],
    ["a host twice", { hosts: [hostWith("a", []), hostWith("a", [])] }, /host a is there twice/],
    ["the loopback interface", { hosts: [hostWith("a", [device("lo", 1)])] }, /'lo' cannot be an interface's name/],
    ["a name with a blank", { hosts: [hostWith("a", [device("eth0 up", 1)])] }, /cannot be an interface's name/],
    ["a name beyond IFNAMSIZ", { hosts: [hostWith("a", [device("sixteen-letters0", 1)])] }, /interface's name/],
    ["a sysctl of the machine", { hosts: [hostWith("a", [], { sysctls: { "kernel.panic": "1" } })] }, /not below net/],
    ["a sysctl that is a path", { hosts: [hostWith("a", [], { sysctls: { "net./../x": "1" } })] }, /not below net/],
    ["a link to nowhere", { links: [{ ends: [at("client"), at("moon")] }] }, /moon:eth0 is joined .* no host has it/],
    ["an interface on two links", { links: [...twoHosts.links, ...twoHosts.links] }, /more than one link/],
    ["an interface on none", { links: [] }, /client:eth0 is joined to nothing/],
    ["a program attached nowhere", { attach: at("dut", "eth7") }, /attach: no host has dut:eth7/],
    ["too many hosts", { hosts: Array.from({ length: 65 }, (_, i) => hostWith(`h${i}`, [])) }, /65 hosts are more/],
  ];
  for (const [what, part, message] of wrong)
    it(`refuses ${what}`, () => {
      expect(() => checkTopology({ ...twoHosts, ...part })).to.throw(HarnessError, message);
    });

  it("tells everything at once", () => {
    const topology = { ...twoHosts, attach: at("x"), from: at("y") };
    expect(() => checkTopology(topology)).to.throw(/attach: no host has x:eth0\nfrom: no host has y:eth0/);
  });
});
