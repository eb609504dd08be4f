import { expect } from "chai";
import { Arena, readable } from "../arena.js";
import { Call } from "../call.js";
import { Machine } from "../machine.js";
import { ownerlessHelpers, socketHelpers } from "./sockets.js";

const tupleBytes = 12;

function ask(helper: number, ...values: readonly number[]): number | bigint {
  const arena = new Arena(1 << 17);
  const call = new Call(arena);
  const tuple = arena.reserve(tupleBytes, readable, "the tuple");
  [0, tuple, ...values].forEach((value, i) => call.set(i + 1, value));
  return { ...socketHelpers, ...ownerlessHelpers }[helper]!(call, new Machine(arena, new Map()));
}

describe("a world without sockets", () => {
  for (const lookup of [84, 85, 99])
    it(`has none to find, with helper ${lookup}`, () => {
      expect(ask(lookup, tupleBytes, 0, 0)).to.equal(0);
      expect(() => ask(lookup, tupleBytes + 1, 0, 0)).to.throw(/past the end of the tuple/);
    });

  it("has none that could be released, assigned or cast", () => {
    for (const helper of [86, 95, 96, 98, 128, 137, 196])
      expect(() => ask(helper)).to.throw("takes a null pointer for a socket");
    for (const helper of [107, 108, 124]) expect(() => ask(helper)).to.throw(/^takes 0x[0-9a-f]+ for a socket$/);
  });
});
