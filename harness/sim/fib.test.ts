import { expect } from "chai";
import { fromHex, toHex } from "../model/hex.js";
import type { Host } from "../model/topology.js";
import { Arena, readable, writable } from "./arena.js";
import { Call } from "./call.js";
import { Fib } from "./fib.js";
import { fibHelpers } from "./helpers/fib.js";
import { Machine } from "./machine.js";
import { World } from "./world.js";

const router: Host = {
  name: "router",
  interfaces: [
    { dev: "lan", mac: "02:00:00:00:00:01", addresses: ["10.0.0.1/24", "fd00::1/64"], mtuBytes: 1500 },
    { dev: "wan", mac: "02:00:00:00:00:02", addresses: ["192.0.2.2/30"], mtuBytes: 1400 },
  ],
  routes: [
    { to: "default", via: "192.0.2.1" },
    { to: "10.0.0.128/25", dev: "wan" },
  ],
  neighbours: [
    { address: "10.0.0.9", mac: "02:00:00:00:00:09", dev: "lan" },
    { address: "192.0.2.1", mac: "02:00:00:00:00:0f", dev: "wan" },
  ],
  sysctls: { "net.ipv4.ip_forward": "1" },
};

/** Runs bpf_fib_lookup() for a destination; gives its result, and struct bpf_fib_lookup behind the addresses. */
function lookUp(destination: string, flags = 0, length = 100): { readonly returned: bigint; readonly params: string } {
  const arena = new Arena(1 << 16);
  const fib = new Fib(router, ["", "lan", "wan"]);
  const world = new World({ seed: 1, devices: [1, 2], fib });
  const address = arena.reserve(64, readable | writable, "the parameters");
  const bytes = fromHex(destination);
  arena.bytes[address] = bytes.length === 4 ? 2 : 10;
  arena.view.setUint16(address + 6, length, true);
  arena.view.setUint32(address + 8, 1, true);
  arena.bytes.set(bytes, address + 32);
  const call = new Call(arena);
  [0, address, 64, flags].forEach((value, i) => call.set(i + 1, value));
  const machine = new Machine(arena, new Map());
  const returned = BigInt(fibHelpers(world, true)[69]!(call, machine));
  return { returned, params: toHex(arena.bytes.subarray(address, address + 64)) };
}

describe("declared routes", () => {
  const part = (params: string, offset: number, size: number) => params.slice(2 * offset, 2 * (offset + size));

  it("lead to a neighbour on the link", () => {
    const { returned, params } = lookUp("0a000009");
    expect(returned).to.equal(0n);
    expect(part(params, 8, 4)).to.equal("01000000");
    expect(part(params, 6, 2)).to.equal("dc05");
    expect(part(params, 52, 12)).to.equal("020000000001" + "020000000009");
  });

  it("lead to the gateway of the default route, which becomes the destination", () => {
    const { returned, params } = lookUp("08080808");
    expect(returned).to.equal(0n);
    expect(part(params, 8, 4)).to.equal("02000000");
    expect(part(params, 32, 4)).to.equal("c0000201");
    expect(part(params, 58, 6)).to.equal("02000000000f");
  });

  for (const [what, destination, flags, length, expected] of [
    ["prefer the longer prefix, here without a neighbour", "0a000081", 0, 100, 7n],
    ["can do without a neighbour", "0a000081", 4, 100, 0n],
    ["are not asked for the host's own address", "0a000001", 0, 100, 4n],
    ["refuse what is longer than the MTU", "08080808", 0, 1401, 8n],
    ["are not asked where the family is not forwarded", "fd000000000000000000000000000009", 0, 100, 5n],
    ["do not know flags of the future", "08080808", 64, 100, -22n],
  ] as const) {
    it(what, () => {
      expect(lookUp(destination, flags, length).returned).to.equal(expected);
    });
  }
});
