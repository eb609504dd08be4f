import { expect } from "chai";
import { Arena, readable } from "../arena.js";
import { Call } from "../call.js";
import { errno } from "../errno.js";
import { networkOrder } from "../hooks/skb-packet.js";
import { kernelFunctionNumber } from "../kernel-functions.js";
import { Machine } from "../machine.js";
import { MapTable } from "../maps/map-table.js";
import { SocketNetwork } from "../sockets/network.js";
import { tcpRequestHelpers } from "./tcp-request.js";

/** struct bpf_tcp_req_attrs: a segment size of 1460, scales of 7 and 9 that are used. */
const attributes = () => Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0, 0xb4, 5, 7, 9, 0, 1, 1, 1, 0, 0, 0, 0);

function assign(given: Uint8Array, protocol: number = networkOrder.ipv4) {
  const arena = new Arena(1 << 17);
  const sockets = new SocketNetwork(1);
  const endpoint = { address: Uint8Array.of(10, 0, 0, 2), port: 80 };
  sockets.listen({ host: "dut", endpoint });
  const maps = new MapTable(arena, 1);
  const call = new Call(arena);
  const at = arena.reserve(given.length, readable, "the attributes");
  arena.bytes.set(given, at);
  [0, maps.sockets.addressOf(sockets.listenerAt(endpoint)!), at, given.length].forEach((value, i) =>
    call.set(i + 1, value),
  );
  const helpers = tcpRequestHelpers(maps, () => protocol);
  return helpers[kernelFunctionNumber("bpf_sk_assign_tcp_reqsk")!]!(call, new Machine(arena, new Map()));
}

describe("bpf_sk_assign_tcp_reqsk", () => {
  it("takes a sound request for a listening socket", () => {
    expect(assign(attributes())).to.equal(0);
  });

  for (const [what, at, value] of [
    ["a segment size that is too small", 9, 0],
    ["a scale beyond 14", 10, 15],
    ["something in what is reserved", 18, 1],
  ] as const)
    it(`refuses ${what}`, () => {
      const wrong = attributes();
      wrong[at] = value;
      expect(assign(wrong)).to.equal(-errno.EINVAL);
    });

  it("refuses attributes of another size, and packets that are no IP", () => {
    expect(assign(attributes().subarray(0, 16))).to.equal(-errno.EINVAL);
    expect(assign(attributes(), networkOrder.vlan)).to.equal(-errno.EINVAL);
  });
});
