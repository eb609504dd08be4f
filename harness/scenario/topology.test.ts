import { expect } from "chai";
import { type Topology, formatPlace } from "../model/topology.js";
import { parseScenario } from "./parse.js";

function topology(written: string, hook = "xdp"): Topology {
  const text = `name: n\nprogram: p.o\nhook: ${hook}\n${written}\ncases: []\n`;
  const { scenario, diagnostics } = parseScenario(text, "x.yml");
  expect(diagnostics.map(({ message }) => message)).to.deep.equal([]);
  return scenario!.topology;
}

describe("a topology", () => {
  it("is two hosts on one cable by default, without addresses", () => {
    const client = { dev: "eth0", mac: "02:00:00:00:00:01", addresses: [], mtuBytes: 1500 };
    expect(topology("")).to.deep.equal({
      hosts: [
        { name: "client", interfaces: [client], routes: [], neighbours: [], sysctls: {} },
        { name: "dut", interfaces: [{ ...client, mac: "02:00:00:00:00:02" }], routes: [], neighbours: [], sysctls: {} },
      ],
      links: [
        {
          ends: [
            { host: "client", dev: "eth0" },
            { host: "dut", dev: "eth0" },
          ],
        },
      ],
      bridges: [],
      attach: { host: "dut", dev: "eth0" },
      from: { host: "client", dev: "eth0" },
    });
  });

  it("lets egress programs' own host send", () => {
    for (const hook of ["tc-egress", "tcx-egress", "cgroup_skb/egress"]) {
      expect(topology("", hook).from).to.deep.equal({ host: "dut", dev: "eth0" });
    }
    expect(topology("topology: { from: client:eth0 }", "tc-egress").from.host).to.equal("client");
  });

  it("joins client:eth0 and dut:eth0 where nothing is said of joining", () => {
    const { links, hosts } = topology(
      "topology: { hosts: { dut: { interfaces: { eth0: { addresses: 10.0.0.2/24 } } }, client: { interfaces: { eth0: } } } }",
    );
    expect(links.map(({ ends }) => ends.map(formatPlace))).to.deep.equal([["client:eth0", "dut:eth0"]]);
    expect(hosts.map(({ interfaces: [eth0] }) => eth0?.mac)).to.deep.equal(["02:00:00:00:00:02", "02:00:00:00:00:01"]);
  });

  it("sends from the other end of the program's cable where there is no client", () => {
    const { from } = topology(`topology:
  hosts: { a: { interfaces: { x: } }, b: { interfaces: { y: } } }
  links: [[a:x, b:y]]
  attach: a:x`);
    expect(formatPlace(from)).to.equal("b:y");
  });

  it("makes MAC addresses that are local, single-station, different and always the same", () => {
    const { hosts } = topology(`topology:
  hosts: { a: { interfaces: { x: , y: } }, dut: { interfaces: { x: , y: } } }
  links: [[a:x, dut:x], [a:y, dut:y]]
  attach: dut:x`);
    const macs = hosts.flatMap(({ interfaces }) => interfaces.map(({ mac }) => mac));
    expect(new Set(macs).size).to.equal(4);
    expect(macs[0]).to.equal("02:70:22:bd:ae:2e");
    for (const mac of macs) expect(mac).to.match(/^02:70(:[0-9a-f]{2}){4}$/);
  });

  it("takes routes, neighbours, settings and bridges", () => {
    const { hosts, bridges } = topology(`topology:
  hosts:
    client:
      interfaces: { eth0: { mac: 02-AA-00-00-00-09, addresses: [10.0.0.1/24, "::1/128"], mtu: 9000 } }
      routes: [{ to: default, via: 10.0.0.2 }, { to: fd00::/8, dev: eth0 }]
      neighbours: [{ address: 10.0.0.2, mac: "02:00:00:00:00:02" }]
      sysctls: { net.ipv4.ip_forward: 1 }
    dut: { interfaces: { eth0: } }
  bridges: { lan: [client:eth0, dut:eth0] }`);
    expect(hosts[0]).to.deep.equal({
      name: "client",
      interfaces: [{ dev: "eth0", mac: "02:aa:00:00:00:09", addresses: ["10.0.0.1/24", "::1/128"], mtuBytes: 9000 }],
      routes: [
        { to: "default", via: "10.0.0.2" },
        { to: "fd00::/8", dev: "eth0" },
      ],
      neighbours: [{ address: "10.0.0.2", mac: "02:00:00:00:00:02", dev: "eth0" }],
      sysctls: { "net.ipv4.ip_forward": "1" },
    });
    expect(bridges.map(({ name, ports }) => [name, ...ports.map(formatPlace)])).to.deep.equal([
      ["lan", "client:eth0", "dut:eth0"],
    ]);
  });
});
