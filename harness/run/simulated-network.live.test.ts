import { expect } from "chai";
import * as fc from "fast-check";
import type { BackendName } from "../model/backend.js";
import type { Plan } from "../model/plan.js";
import { SimAndWire } from "./sim-and-wire.test.js";

/** A chain of hosts, each a router for those beside it: what of it is set up decides whether a ping comes through. */
interface Chain {
  readonly routers: readonly {
    readonly forwards: boolean;
    /** Knows the way to the last host, and to the first. */
    readonly there: boolean;
    readonly back: boolean;
  }[];
  readonly bridged: boolean;
  /** The interface of the chain where ICMP is dropped. */
  readonly dropsAt: number;
  readonly ipv6: boolean;
}

/** Mostly set up right: else nearly no ping of a longer chain would come through. */
const mostly = fc.nat(9).map((number) => number > 0);

const chain: fc.Arbitrary<Chain> = fc.record({
  routers: fc.array(fc.record({ forwards: mostly, there: mostly, back: mostly }), { maxLength: 3 }),
  bridged: fc.boolean(),
  dropsAt: fc.nat(11),
  ipv6: fc.boolean(),
});

const program = "xdp_icmp_drop.bpf.c";

/** Host `i` has `left` in network i - 1 and `right` in network i; the first and the last have one interface. */
function scenarioOf({ routers, bridged, dropsAt, ipv6 }: Chain): string {
  const last = routers.length + 1;
  const prefix = (network: number) => (ipv6 ? `fd00:${network + 1}::` : `10.0.${network + 1}.`);
  const bits = ipv6 ? 64 : 24;
  const network = (n: number) => (ipv6 ? `${prefix(n)}/64` : `${prefix(n)}0/24`);
  const forwarding = ipv6 ? "net.ipv6.conf.all.forwarding" : "net.ipv4.ip_forward";
  const hosts = Array.from({ length: last + 1 }, (_, i) => {
    const interfaces = [
      ...(i > 0 ? [`left: { addresses: ["${prefix(i - 1)}2/${bits}"] }`] : []),
      ...(i < last ? [`right: { addresses: ["${prefix(i)}1/${bits}"] }`] : []),
    ];
    const router = routers[i - 1];
    const there = i < last - 1 && (router?.there ?? true);
    const back = i > 1 && (router?.back ?? true);
    const routes = [
      ...(there ? [`{ to: "${network(last - 1)}", via: "${prefix(i)}2" }`] : []),
      ...(back ? [`{ to: "${network(0)}", via: "${prefix(i - 1)}1" }`] : []),
    ];
    const sysctls = router?.forwards ? `, sysctls: { ${forwarding}: 1 }` : "";
    return `    h${i}: { interfaces: { ${interfaces.join(", ")} }, routes: [${routes.join(", ")}]${sysctls} }`;
  });
  const pairs = Array.from({ length: last }, (_, i) => `[h${i}:right, h${i + 1}:left]`);
  const joints = bridged
    ? `  bridges: { ${pairs.map((pair, i) => `lan${i}: ${pair}`).join(", ")} }`
    : `  links: [${pairs.join(", ")}]`;
  const places = Array.from({ length: last }, (_, i) => [`h${i}:right`, `h${i + 1}:left`]).flat();
  // Beyond the chain's interfaces: where the echo requests do not come in, nor the replies.
  const attach = places[dropsAt] ?? "aside:eth0";
  return [
    "name: chain",
    `program: ${program}`,
    "hook: xdp",
    "topology:",
    "  hosts:",
    ...hosts,
    "    aside: { interfaces: { eth0: } }",
    "    beside: { interfaces: { eth0: } }",
    bridged
      ? `${joints.slice(0, -2)}, side: [aside:eth0, beside:eth0] }`
      : `${joints.slice(0, -1)}, [aside:eth0, beside:eth0]]`,
    `  attach: ${attach}`,
    "  from: h0:right",
    "cases:",
    "  - name: ping",
    `    ping: { from: h0, to: "${prefix(last - 1)}2", count: 2, timeout: 100ms, replies: any }`,
  ].join("\n");
}

describe("the simulated network", () => {
  const both = new SimAndWire();
  after(() => both.close());

  it("delivers a ping exactly where a real one does", async function () {
    this.timeout(60_000);
    await SimAndWire.orSkip(this);
    const repliesOn = async (backend: BackendName, plan: Plan): Promise<number | undefined> =>
      (await both.run(backend, plan)).find((seen) => seen.kind === "ping")?.received;
    await fc.assert(
      fc.asyncProperty(chain, async (drawn) => {
        const text = scenarioOf(drawn);
        const plan = await both.planOf(text, program);
        expect(await repliesOn("sim", plan), text).to.equal(await repliesOn("wire", plan));
      }),
      { numRuns: Number(process.env["NETWORK_RUNS"] ?? 15), seed: 7 },
    );
  });
});
