import { expect } from "chai";
import { toHex } from "../../model/hex.js";
import type { Topology } from "../../model/topology.js";
import { parseIpv4 } from "../../packet/address.js";
import { parsePacket } from "../../packet/parse.js";
import { summary } from "../../packet/print.js";
import { Clock } from "../clock.js";
import { SimHost, type Outgoing } from "./host.js";
import { transportPacket } from "./ip.js";
import { sitesOf } from "./site.js";
import { freshSkb } from "./skb.js";

const topology: Topology = {
  hosts: [
    {
      name: "router",
      interfaces: [
        { dev: "eth0", mac: "02:00:00:00:00:02", addresses: ["10.0.1.254/24"], mtuBytes: 1500 },
        { dev: "eth1", mac: "02:00:00:00:02:02", addresses: ["10.0.2.254/24"], mtuBytes: 1500 },
      ],
      routes: [],
      neighbours: [{ address: "10.0.1.1", mac: "02:00:00:00:00:01", dev: "eth0" }],
      sysctls: { "net.ipv4.ip_forward": "1" },
    },
  ],
  links: [],
  bridges: [],
  attach: { host: "router", dev: "eth0" },
  from: { host: "router", dev: "eth0" },
};

/** eth / ipv4 10.0.1.1 > 10.0.2.9 / icmp echo request, as it comes in by eth0. */
const frame = (): Uint8Array => {
  const message = Uint8Array.of(8, 0, 0, 0, 0, 1, 0, 1);
  const packet = transportPacket(parseIpv4("10.0.1.1"), parseIpv4("10.0.2.9"), "icmp", message);
  return Uint8Array.of(2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, ...packet);
};

const line = ({ dev, skb }: Outgoing): string => `${dev} ${summary({ linkType: "ethernet", bytes: skb.frame })}`;

describe("a simulated host", () => {
  const make = () => {
    const sent: Outgoing[] = [];
    const clock = new Clock(0n);
    const unable = (what: string): never => expect.fail(what);
    const host = new SimHost(topology.hosts[0]!, sitesOf(topology).get("router")!, {
      clock,
      unable,
      send: (packets) => sent.push(...packets),
    });
    return { host, clock, sent };
  };
  const arrive = (host: SimHost) => host.receive({ ...freshSkb(frame()), iif: 1 }).map(line);

  it("asks three times for a neighbour, and then says that it cannot be reached", () => {
    const { host, clock, sent } = make();
    const question = /^eth1 .*arp .*10\.0\.2\.9/;
    expect(arrive(host))
      .to.have.lengthOf(1)
      .and.to.satisfy(([asked]: string[]) => question.test(asked!));
    expect(arrive(host), "it has asked already").to.deep.equal([]);
    clock.advance(2_000_000_000n);
    expect(sent.splice(0).map(line))
      .to.have.lengthOf(2)
      .and.to.satisfy((all: string[]) => all.every((one) => question.test(one)));
    clock.advance(1_000_000_000n);
    const errors = sent.splice(0);
    expect(errors).to.have.lengthOf(2);
    for (const { dev, skb } of errors) {
      expect(dev).to.equal("eth0");
      const { layers } = parsePacket({ linkType: "ethernet", bytes: skb.frame });
      expect(layers.map(({ protocol }) => protocol).slice(0, 3)).to.deep.equal(["eth", "ipv4", "icmp"]);
      expect(toHex(skb.frame.slice(34, 36)), "host unreachable").to.equal("0301");
    }
  });

  it("sends what waited when the neighbour has answered", () => {
    const { host } = make();
    arrive(host);
    const reply = Uint8Array.from([
      ...[2, 0, 0, 0, 2, 2, 2, 0, 0, 0, 9, 9, 8, 6],
      ...[0, 1, 8, 0, 6, 4, 0, 2, 2, 0, 0, 0, 9, 9, 10, 0, 2, 9, 2, 0, 0, 0, 2, 2, 10, 0, 2, 254],
    ]);
    const [released] = host.receive({ ...freshSkb(reply), iif: 2 });
    expect(toHex(released!.skb.frame.slice(0, 12))).to.equal("020000000909020000000202");
    expect(released!.skb.frame[22], "one hop less").to.equal(63);
  });

  it("sends six errors at once to one address, and then one a second", () => {
    const { host, clock } = make();
    const expired = frame();
    const packet = transportPacket(parseIpv4("10.0.1.1"), parseIpv4("10.0.2.9"), "icmp", new Uint8Array(8), {
      hops: 1,
    });
    expired.set(packet, 14);
    const answers = (count: number) =>
      Array.from({ length: count }, () => host.receive({ ...freshSkb(expired), iif: 1 }).length).reduce(
        (a, b) => a + b,
      );
    expect(answers(10)).to.equal(6);
    clock.advance(1_000_000_000n);
    expect(answers(3)).to.equal(1);
  });
});
