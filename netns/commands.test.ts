import { expect } from "chai";
import { bridgeCommands, forwardingCommands, hostCommands, linkCommands, muteCommands } from "./commands.js";
import { at, device, hostWith, onABridge, twoHosts } from "./example-topologies.test.js";

const names = { ofHost: (host: string) => `ns-${host}`, ofBridge: (bridge: string) => `ns-bridge.${bridge}` };

describe("commands for a topology", () => {
  it("make a link with each end where it stays", () => {
    expect(linkCommands(twoHosts, names)).to.deep.equal([
      "link add name eth0 netns ns-client address 02:00:00:00:00:01 mtu 1500 numtxqueues 1 numrxqueues 1 type veth " +
        "peer name eth0 netns ns-dut address 02:00:00:00:00:02 mtu 1500 numtxqueues 1 numrxqueues 1",
    ]);
  });

  it("make a bridge that knows from the start who is where", () => {
    const [bridge, ...ports] = linkCommands(onABridge, names);
    expect(bridge).to.match(/^link add name br0 netns ns-bridge\.lan type bridge stp_state 0 /);
    expect(ports).to.have.length(4);
    expect(ports[3]).to.match(/peer name port3 netns ns-bridge\.lan/);
    expect(bridgeCommands(2)).to.deep.equal(["link set port0 master br0", "link set port1 master br0"]);
    expect(forwardingCommands(onABridge, onABridge.bridges[0]!.ports)[1]).to.equal(
      "fdb add 02:00:00:00:00:02 dev port1 master static sticky",
    );
  });

  it("give a host its addresses, routes and neighbours, in this order", () => {
    const router = hostWith("router", [device("eth0", 9, ["10.0.0.9/24"])], {
      routes: [{ to: "default", via: "10.0.0.1" }],
      neighbours: [{ address: "10.0.0.77", mac: "02:00:00:00:00:77", dev: "eth0" }],
    });
    const client = hostWith("client", [device("eth0", 1, ["10.0.0.1/24", "fd00::1/64"])]);
    const topology = { ...twoHosts, hosts: [client, router], links: [{ ends: [at("client"), at("router")] as const }] };
    expect(hostCommands(topology, router)).to.deep.equal([
      "addr add 10.0.0.9/24 dev eth0",
      "route add default via 10.0.0.1",
      "neigh replace 10.0.0.77 lladdr 02:00:00:00:00:77 dev eth0 nud permanent",
      // Known from the topology; fd00::1 is not, since the router has no IPv6.
      "neigh replace 10.0.0.1 lladdr 02:00:00:00:00:01 dev eth0 nud permanent",
    ]);
    expect(hostCommands(topology, client)).to.include("addr add fd00::1/64 dev eth0 nodad");
  });

  it("let what the scenario says of a neighbour win", () => {
    const client = hostWith("client", [device("eth0", 1, ["10.0.0.1/24"])], {
      neighbours: [{ address: "10.0.0.2", mac: "02:00:00:00:00:99", dev: "eth0" }],
    });
    const dut = hostWith("dut", [device("eth0", 2, ["10.0.0.2/24"])]);
    const neighbours = hostCommands({ ...twoHosts, hosts: [client, dut] }, client).filter((l) => l.startsWith("neigh"));
    expect(neighbours).to.deep.equal(["neigh replace 10.0.0.2 lladdr 02:00:00:00:00:99 dev eth0 nud permanent"]);
  });

  it("mute only hosts that speak IPv6, at all of their interfaces", () => {
    expect(muteCommands(twoHosts.hosts[0]!)).to.deep.equal([]);
    const speaking = onABridge.hosts[0]!;
    expect(muteCommands(speaking)).to.have.length(2);
    expect(muteCommands({ ...speaking, interfaces: [...speaking.interfaces, device("eth9", 9)] })).to.have.length(4);
  });
});
