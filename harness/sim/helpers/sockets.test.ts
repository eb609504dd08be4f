import { expect } from "chai";
import { Arena, readable } from "../arena.js";
import { Call } from "../call.js";
import { Machine } from "../machine.js";
import { MapTable } from "../maps/map-table.js";
import { SocketNetwork } from "../sockets/network.js";
import { World } from "../world.js";
import { packetSocketHelpers, socketHelpers } from "./sockets.js";

const address = Uint8Array.of(10, 0, 0, 1);
const other = Uint8Array.of(10, 0, 0, 2);

/** 10.0.0.1:40000 to 10.0.0.2:80, as packets of that connection have it. */
const tuple = Uint8Array.of(...address, ...other, 0x9c, 0x40, 0, 80);

/** What a helper returns on a host where `open` has opened sockets. */
function ask(helper: number, open: (sockets: SocketNetwork) => void, ...values: readonly (number | "tuple")[]) {
  const arena = new Arena(1 << 17);
  const sockets = new SocketNetwork(1);
  open(sockets);
  const maps = new MapTable(arena, 1);
  const world = new World({ seed: 1, sockets, host: "dut" });
  const call = new Call(arena);
  const at = arena.reserve(tuple.length, readable, "the tuple");
  arena.bytes.set(tuple, at);
  values.forEach((value, i) => call.set(i + 1, value === "tuple" ? at : value));
  const result = { ...socketHelpers(maps, world), ...packetSocketHelpers(maps, () => 0n) }[helper]!(
    call,
    new Machine(arena, new Map()),
  );
  return typeof result === "number" && result > 0 ? maps.sockets.at(result) : result;
}

const nothing = (): void => undefined;
const listen = (sockets: SocketNetwork): void => {
  sockets.listen({ host: "dut", endpoint: { address: other, port: 80 } });
};
/** BPF_F_CURRENT_NETNS. */
const here = 0xffff_ffff;

describe("lookups of sockets", () => {
  for (const lookup of [84, 85, 99])
    it(`find none where there is none, with helper ${lookup}`, () => {
      expect(ask(lookup, nothing, 0, "tuple", 12, here, 0)).to.equal(0);
      expect(() => ask(lookup, nothing, 0, "tuple", 13, here, 0)).to.throw(/past the end of the tuple/);
    });

  it("find who listens, and rather the connection itself", () => {
    expect(ask(84, listen, 0, "tuple", 12, here, 0)).to.include({ state: 10 });
    const connected = ask(84, connect, 0, "tuple", 12, here, 0);
    expect(connected).to.include({ state: 1 }).and.have.nested.property("remote.port", 40000);
  });

  it("find no one of another protocol, in another namespace, or with a flag", () => {
    expect(ask(85, listen, 0, "tuple", 12, here, 0)).to.equal(0);
    expect(ask(84, listen, 0, "tuple", 12, 7, 0)).to.equal(0);
    expect(ask(84, listen, 0, "tuple", 12, here, 1)).to.equal(0);
  });

  it("give pointers that other helpers take, which take no others", () => {
    for (const helper of [86, 95, 96, 98, 128, 137, 196])
      expect(() => ask(helper, nothing, 0)).to.throw("takes a null pointer for a socket");
    expect(() => ask(124, nothing, 0, 12)).to.throw("takes 0xc for a socket");
  });
});

function connect(sockets: SocketNetwork): void {
  listen(sockets);
  const to = { address: other, port: 80 };
  sockets.connect({ host: "client", endpoint: { address, port: 40000 } }, sockets.listenerAt(to)!, to);
}
