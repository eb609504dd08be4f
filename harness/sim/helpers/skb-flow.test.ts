import { expect } from "chai";
import { fromHex } from "../../model/hex.js";
import { Arena, readable, writable } from "../arena.js";
import { Call } from "../call.js";
import { skbContextBytes } from "../hooks/skb-fields.js";
import { SkbPacket } from "../hooks/skb-packet.js";
import { Machine } from "../machine.js";
import { skbFlowHelpers } from "./skb-flow.js";

const ethernet = "020000000002 020000000001 0800";
const segment = (source: string, destination: string, ports: string) =>
  fromHex(`${ethernet} 4500002800000000 4006 0000 ${source} ${destination} ${ports} 00000000000000005002ffff00000000`);

function hashOf(frame: Uint8Array): number | bigint {
  const arena = new Arena(1 << 17);
  const context = arena.reserve(skbContextBytes, readable | writable, "the context");
  const packet = new SkbPacket(arena, context, true);
  packet.open(frame, false);
  const machine = new Machine(arena, new Map());
  return skbFlowHelpers(packet)[34]!(new Call(arena), machine);
}

describe("the hash of a flow", () => {
  const there = segment("0a000001", "0a000002", "9c400050");

  it("is the same for both directions, and never none", () => {
    expect(hashOf(segment("0a000002", "0a000001", "00509c40"))).to.equal(hashOf(there));
    expect(hashOf(there)).not.to.equal(0);
    expect(hashOf(new Uint8Array(20))).not.to.equal(0);
  });

  it("depends on addresses and ports", () => {
    expect(hashOf(segment("0a000001", "0a000002", "9c410050"))).not.to.equal(hashOf(there));
    expect(hashOf(segment("0a000001", "0a000003", "9c400050"))).not.to.equal(hashOf(there));
  });
});
