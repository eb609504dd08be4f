import { expect } from "chai";
import { objectAt, planOf } from "../harness/plan/plan-of.test.js";
import { fromHex } from "../harness/model/hex.js";
import { XdpWorld } from "../harness/sim/hooks/xdp.js";
import { SimulatedObject } from "../harness/sim/simulated-object.js";
import { applyMapPatches } from "../harness/sim/user-space.js";
import { World } from "../harness/sim/world.js";

/**
 * What Maglev hashing promises (Eisenbud et al., NSDI 2016, section 3.4 and figure 12), of the program itself: a
 * million flows from clients' neighbouring addresses and ports, on a table of 65537 slots.
 */
const flows = 1_000_000;
const backends = 10;

const XDP_TX = 3;
/** An Ethernet frame with a SYN to 192.0.2.80:80; the program looks at no checksum. */
const syn = fromHex(
  "020000000002020000000001 0800 45000028000000004006 0000 0a000000 c0000250 " +
    "00000050 00000000 00000000 5002ffff 00000000",
);
const sourceAt = 26;
const sourcePortAt = 34;
/** Last byte of the tunnel's IPv4 destination, which is the backend's number. */
const backendAt = 33;

describe("a million flows through the Maglev balancer", function () {
  this.timeout(60_000);
  const object = objectAt("objects/xdp_maglev.bpf.o");
  const world = new World({ seed: 1 });
  const options = { world, engine: "jit", globals: [] } as const;
  const balancer = new SimulatedObject(object, { ...options, hook: (...parts) => new XdpWorld(...parts) });
  let chosen: Uint8Array;

  async function setMaps(maps: string): Promise<void> {
    const [plan] = await planOf(
      `maps: ${maps}\ncases: [{ name: flows, send: [eth], expect: { verdict: XDP_TX } }]`,
      "hook: xdp",
      object,
    );
    applyMapPatches(balancer.maps, world, plan!.maps, { socketOf: () => undefined, ifindexOf: () => 1 });
  }

  async function setRing(count: number): Promise<void> {
    const numbers = Array.from({ length: count }, (_, i) => i + 1).join();
    const key = '{ address: "::ffff:192.0.2.80", port: { be: 80 }, protocol: 6 }';
    await setMaps(`{ rings: [{ key: ${key}, value: { entries: { maglev: [${numbers}] } } }] }`);
  }

  /** Of each flow, or each so many, the backend that it goes to. */
  function send(step = 1): Uint8Array {
    const { machine, hook } = balancer;
    const engine = balancer.program("xdp_maglev");
    const input = { bytes: syn.slice() };
    const fields = new DataView(input.bytes.buffer);
    return Uint8Array.from({ length: flows / step }, (_, i) => {
      const flow = i * step;
      fields.setUint32(sourceAt, 0x0a000000 + (flow >>> 4));
      fields.setUint16(sourcePortAt, 32768 + (flow & 15));
      hook.open(input);
      machine.run(engine, hook.context);
      return machine.arguments.result32 === XDP_TX ? hook.packet()[backendAt]! : 0;
    });
  }

  before(async () => {
    const entries = Array.from({ length: backends }, (_, i) => {
      return `{ key: ${i + 1}, value: { address: 203.0.113.${i + 1}, mac: "02:00:00:00:01:01", tunnel: 0 } }`;
    });
    await setMaps(`{ backends: [${entries.join()}] }`);
    await setRing(backends);
    chosen = send();
  });

  it("spreads them evenly, within 1 %", () => {
    const shares = new Array<number>(backends + 1).fill(0);
    for (const backend of chosen) shares[backend]!++;
    expect(shares[0]).to.equal(0);
    for (const share of shares.slice(1)) expect(share).to.be.closeTo(flows / backends, flows / backends / 100);
  });

  it("moves the flows of a backend that leaves, and one in fifty of the others at most", async () => {
    await setRing(backends - 1);
    const step = 4;
    const after = send(step);
    expect(after.includes(backends)).to.equal(false);
    const moved = after.filter((backend, i) => ![backend, backends].includes(chosen[i * step]!));
    expect(moved.length / after.length).to.be.below(0.02);
  });
});
