import { expect } from "chai";
import * as fc from "fast-check";
import { fromHex, toHex } from "../../model/hex.js";
import { ipSummed } from "../../model/ip-summed.js";
import { packetArbitrary } from "../../packet/arbitraries.js";
import { Arena, readable, writable } from "../arena.js";
import { Call } from "../call.js";
import { skbCsumHelpers } from "../helpers/skb-csum.js";
import { Machine } from "../machine.js";
import { skbContextBytes } from "./skb-fields.js";
import { SkbPacket } from "./skb-packet.js";

/** BPF_F_PSEUDO_HDR */
const pseudoHeader = 0x10;

describe("a checksum that is still to be filled in", () => {
  /** 10.0.0.1:40000 > 10.0.0.2:53, three bytes. */
  const frame = fromHex(
    "020000000002 020000000001 0800 4500001f00000000401166cb0a0000010a000002 9c400035000b7bfb 6f6464".replaceAll(
      " ",
      "",
    ),
  );
  const arena = new Arena(1 << 20);
  const context = arena.reserve(skbContextBytes, readable | writable, "the context");
  const packet = new SkbPacket(arena, context, true);
  const machine = new Machine(arena, new Map());

  const open = (bytes: Uint8Array): void => {
    packet.open(bytes, false);
    packet.setChecksum(ipSummed.partial, bytes);
  };
  /** bpf_l4_csum_replace(skb, 40, from, to, flags) */
  const replace = (from: number, to: number, flags: number): void => {
    const call = new Call(arena);
    [0, 40, from, to, flags].forEach((value, i) => call.set(i + 1, value));
    expect(skbCsumHelpers(packet)[11]!(call, machine)).to.equal(0);
  };
  const field = (): string => toHex(packet.bytesAt(packet.length - 5, 2)!);

  it("is that of the packet, where nothing changes", () => {
    fc.assert(
      fc.property(packetArbitrary, ({ linkType, bytes }) => {
        fc.pre(linkType === "ethernet" && bytes.length >= 14);
        open(bytes);
        expect(toHex(packet.frame())).to.equal(toHex(bytes));
      }),
      { seed: 1 },
    );
  });

  it("is the pseudo-header's sum until then, which ports have no part in", () => {
    open(frame);
    // 0a00 + 0001 + 0a00 + 0002 + 0011 + 000b
    expect(field()).to.equal("141f");
    replace(0x3500, 0x3600, 2);
    expect(field()).to.equal("141f");
    packet.store(37, Uint8Array.of(0x36), false);
    // ~(141f + 9c40 + 0036 + 000b + 6f64 + 6400)
    expect(toHex(packet.frame()).slice(80, 84)).to.equal("7bfa");
  });

  it("follows an address", () => {
    open(frame);
    replace(0x0200_000a, 0x0300_000a, pseudoHeader | 4);
    expect(field()).to.equal("1420");
    packet.store(33, Uint8Array.of(3), true);
    expect(toHex(packet.frame()).slice(80, 84)).to.equal("7bfa");
  });

  it("moves with what it is about", () => {
    open(frame);
    packet.insert(14, 20);
    packet.insertTag(0x0081, 5);
    expect(toHex(packet.frame().subarray(58))).to.equal(toHex(frame.subarray(34)));
    packet.remove(14, 24);
    expect(toHex(packet.frame().subarray(34))).to.equal(toHex(frame.subarray(34)));
  });

  it("is given up with the header that it is about, and missed where it is cut off", () => {
    open(frame);
    packet.remove(2, 35);
    expect(packet.checksum.state).to.equal(ipSummed.none);
    open(frame);
    expect(packet.partialBytes).to.equal(42);
    packet.resize(41);
    expect(packet.whyUnusable).to.match(/cuts off the checksum/);
  });

  it("is not for what hosts send with their own", () => {
    const states = ["fragment", "no checksum", "other protocol"].map((kind) => {
      const bytes = frame.slice();
      if (kind === "fragment") bytes[20] = 0x20;
      else if (kind === "no checksum") bytes.fill(0, 40, 42);
      else bytes[23] = 1;
      open(bytes);
      return packet.checksum.state;
    });
    expect(states).to.deep.equal([0, 0, 0]);
  });
});
