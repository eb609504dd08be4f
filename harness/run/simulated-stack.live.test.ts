import { expect } from "chai";
import * as fc from "fast-check";
import { toHex } from "../model/hex.js";
import type { Observation } from "../model/observation.js";
import { formatPlace } from "../model/topology.js";
import { SimAndWire } from "./sim-and-wire.test.js";

/** A packet for a host that forwards or does not, written as layers. */
interface Drawn {
  readonly ipv6: boolean;
  readonly forwards: boolean;
  readonly mac: string;
  readonly destination: string;
  readonly source: string;
  readonly hops: number;
  readonly dontFragment: boolean;
  readonly dscp: number;
  readonly payload: string;
  readonly sizeBytes: number;
}

const program = "xdp_count.bpf.c";
const router = "02:00:00:00:00:02";

const payloads = [
  "udp: { dport: 9 }",
  "udp: { dport: 9, checksum: 0 }",
  "udp: { dport: 9, checksum: 0x1234 }",
  "tcp: { dport: 9, flags: S, seq: 7 }",
  "tcp: { dport: 9, flags: A, seq: 7, ack: 99 }",
  "tcp: { dport: 9, flags: FA, seq: 7, ack: 99 }",
  "tcp: { dport: 9, flags: R, seq: 7 }",
  "tcp: { dport: 9, flags: F, seq: 0xffffffff }",
  "tcp: { dport: 9, flags: S, checksum: 0x1234 }",
  "icmp",
  "icmp: { type: 0 }",
  "icmp: { type: 3, code: 1 }",
  "unknown",
] as const;

const drawn: fc.Arbitrary<Drawn> = fc.record({
  ipv6: fc.boolean(),
  forwards: fc.boolean(),
  mac: fc.constantFrom(router, router, router, router, "ff:ff:ff:ff:ff:ff", "02:00:00:00:09:09"),
  // The router's two addresses, the server, nobody there, no network at all, everybody, a group.
  destination: fc.constantFrom("1.254", "2.254", "2.1", "2.1", "2.9", "9.1", "2.255", "group"),
  // The client, somebody behind the server, the router itself, nobody on the client's network.
  source: fc.constantFrom("1.1", "1.1", "1.1", "2.1", "1.254", "1.77"),
  hops: fc.constantFrom(64, 64, 2, 1, 0),
  dontFragment: fc.boolean(),
  dscp: fc.constantFrom(0, 0, 10, 46),
  payload: fc.constantFrom(...payloads),
  sizeBytes: fc.constantFrom(0, 1, 33, 700, 1300),
});

function addressOf(text: string, ipv6: boolean): string {
  const [network, host] = text.split(".");
  if (text === "group") return ipv6 ? "ff05::99" : "239.1.1.1";
  return ipv6 ? `fd00:${network}::${host}` : `10.0.${network}.${host}`;
}

function scenarioOf({ ipv6, forwards, mac, destination, source, hops, dontFragment, dscp, ...rest }: Drawn): string {
  const [src, dst] = [source, destination].map((each) => addressOf(each, ipv6));
  const unknown = rest.payload === "unknown";
  const header = ipv6
    ? `ipv6: { src: "${src}", dst: "${dst}", hop_limit: ${hops}, dscp: ${dscp}${unknown ? ", next: 200" : ""} }`
    : `ipv4: { src: ${src}, dst: ${dst}, ttl: ${hops}, dscp: ${dscp}, flags: ${dontFragment ? "DF" : "0"}${unknown ? ", protocol: 200" : ""} }`;
  const payload = ipv6
    ? rest.payload
        .replace("icmp: { type: 0", "icmpv6: { type: 129")
        .replace("icmp: { type: 3", "icmpv6: { type: 1")
        .replace(/^icmp$/, "icmpv6: { type: 128, id: 5, seq: 6 }")
    : rest.payload;
  const sysctl = ipv6 ? "net.ipv6.conf.all.forwarding" : "net.ipv4.ip_forward";
  const both = (network: number, host: number) => `[10.0.${network}.${host}/24, "fd00:${network}::${host}/64"]`;
  return [
    "name: stack",
    `program: ${program}`,
    "hook: xdp",
    "topology:",
    "  hosts:",
    `    client: { interfaces: { eth0: { addresses: ${both(1, 1)} } } }`,
    `    router: { interfaces: { eth0: { mac: "${router}", addresses: ${both(1, 254)} }, eth1: { mtu: 1280, addresses: ${both(2, 254)} } }, sysctls: { ${sysctl}: ${forwards ? 1 : 0} } }`,
    `    server: { interfaces: { eth0: { mtu: 1280, addresses: ${both(2, 1)} } }, routes: [{ to: default, via: 10.0.2.254 }, { to: "fd00:1::/64", via: "fd00:2::254" }] }`,
    "  links: [[client:eth0, router:eth0], [router:eth1, server:eth0]]",
    "  attach: router:eth0",
    "  from: client:eth0",
    "cases:",
    "  - name: a packet",
    "    send:",
    `      - eth: { dst: "${mac}" }`,
    `      - ${header}`,
    ...(unknown ? [] : [`      - ${payload}`]),
    `      - payload: { size: ${rest.sizeBytes} }`,
    "    expect: { frames: { server:eth0: [] } }",
  ].join("\n");
}

/** Frames wherever they were seen, but for what stacks choose as they like: IPv4 identification and IPv6 flow labels. */
function framesOf(seen: readonly Observation[]): readonly string[] {
  const frames = seen.flatMap((each): string[] => {
    if (each.kind !== "packet" || each.place === "output") return [];
    const bytes = each.bytes.slice();
    if (bytes[12] === 0x08 && bytes[13] === 0x00) [18, 19, 24, 25].forEach((at) => (bytes[at] = 0));
    if (bytes[12] === 0x86) [bytes[15], bytes[16], bytes[17]] = [bytes[15]! & 0xf0, 0, 0];
    return [`${formatPlace(each.place.at)} ${toHex(bytes)}`];
  });
  return frames.toSorted();
}

describe("the stack of a simulated host", () => {
  const both = new SimAndWire();
  after(() => both.close());

  it("answers as a real one does", async function () {
    this.timeout(600_000);
    await SimAndWire.orSkip(this);
    await fc.assert(
      fc.asyncProperty(drawn, async (each) => {
        const text = scenarioOf(each);
        const plan = await both.planOf(text, program);
        const [simulated, real] = [await both.run("sim", plan), await both.run("wire", plan)];
        expect(framesOf(simulated), text).to.deep.equal(framesOf(real));
      }),
      { numRuns: Number(process.env["NETWORK_RUNS"] ?? 25), seed: 23 },
    );
  });
});
