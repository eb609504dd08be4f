import { expect } from "chai";
import { Arena, readable, writable } from "../arena.js";
import type { MapSpec } from "../../model/object.js";
import { errno } from "../errno.js";
import { functionAddresses, Machine, type Engine } from "../machine.js";
import { fixtureObject } from "../../kernel/plan-builder.test.js";
import { u32Key } from "../maps/array.js";
import { MapTable } from "../maps/map-table.js";
import { World } from "../world.js";
import { taskHelpers } from "./task.js";
import { timerHelpers } from "./timers.js";

const second = 1_000_000_000n;
const timerOffset = 8;
const call = { init: 169, setCallback: 170, start: 171, cancel: 172 } as const;

/** A machine whose one program does what a test says, and whose callbacks write down what they are called with. */
function timed(type: "hash" | "array") {
  const arena = new Arena(1 << 18);
  const world = new World({ seed: 1, bootNs: 0n });
  const maps = new MapTable(arena, 4);
  const base = fixtureObject("xdp_count").maps[0]!;
  const spec: MapSpec = { ...base, name: "times", type, keySizeBytes: 4, valueSizeBytes: 24, maxEntries: 2 };
  const map = maps.create(spec);
  const helpers = { ...timerHelpers(maps, world), ...taskHelpers(world) };
  const machine = new Machine(arena, new Map());
  const fired: string[] = [];
  let program = () => {};
  const engine: Engine = {
    call(slot) {
      if (slot === 0) return program();
      const { arguments: got } = machine;
      const key = arena.view.getUint32(got.address(2), true);
      fired.push(`${key} at ${world.clock.nowNs} on CPU ${world.cpu}`);
      expect([got.address(1), got.address(3)]).to.deep.equal([map.address, map.lookup(u32Key(key), 0)]);
    },
  };
  return {
    world,
    map,
    fired,
    timerOf: (key: number) => map.lookup(u32Key(key), 0) + timerOffset,
    /** Calls a helper from within the program. */
    help(number: number, ...values: readonly (number | bigint)[]): number | bigint {
      let result: number | bigint = 0;
      program = () => {
        values.forEach((value, i) => machine.arguments.set(i + 1, value));
        result = helpers[number]!(machine.arguments, machine);
      };
      machine.run(engine, arena.reserve(8, readable | writable, "the context"));
      return result;
    },
  };
}

const callback = functionAddresses + 5;

for (const type of ["hash", "array"] as const) {
  describe(`timers in values of ${type}s`, () => {
    function started(key = 1) {
      const machine = timed(type);
      machine.map.update(u32Key(key), new Uint8Array(24), 0, 0);
      const timer = machine.timerOf(key);
      expect(machine.help(call.start, timer, second, 0)).to.equal(-errno.EINVAL);
      expect(machine.help(call.init, timer, machine.map.address, 1)).to.equal(0);
      expect(machine.help(call.init, timer, machine.map.address, 1)).to.equal(-errno.EBUSY);
      expect(machine.help(call.setCallback, timer, callback)).to.equal(0);
      machine.world.cpu = 2;
      expect(machine.help(call.start, timer, second, 0)).to.equal(0);
      machine.world.cpu = 0;
      return { ...machine, timer };
    }

    it("fire once, when the clock has come so far, on the CPU that started them", () => {
      const { world, fired } = started();
      world.clock.advance(second - 1n);
      expect(fired).to.deep.equal([]);
      world.clock.advance(second);
      expect(fired).to.deep.equal([`1 at ${second} on CPU 2`]);
      expect(world.cpu).to.equal(0);
      world.clock.advance(10n * second);
      expect(fired).to.have.lengthOf(1);
    });

    it("may be started anew, at a time instead of after one", () => {
      const { world, fired, help, timer } = started();
      expect(help(call.start, timer, 3n * second, 1)).to.equal(0);
      world.clock.advance(5n * second);
      expect(fired).to.deep.equal([`1 at ${3n * second} on CPU 0`]);
    });

    it("do not fire when they are cancelled", () => {
      const { world, fired, help, timer } = started();
      expect(help(call.cancel, timer)).to.equal(1);
      expect(help(call.cancel, timer)).to.equal(0);
      expect(help(call.start, timer, second, 0)).to.equal(-errno.EINVAL);
      world.clock.advance(5n * second);
      expect(fired).to.deep.equal([]);
    });

    it("end with their value", () => {
      const { world, fired, map, help, timer } = started();
      map.update(u32Key(1), new Uint8Array(24), 0, 0);
      world.clock.advance(5n * second);
      expect(fired).to.deep.equal([]);
      expect(help(call.cancel, timer)).to.equal(-errno.EINVAL);
    });
  });
}

describe("a timer", () => {
  it("ends with an entry that is deleted", () => {
    const { world, map, fired, help, timerOf } = timed("hash");
    map.update(u32Key(7), new Uint8Array(24), 0, 0);
    const timer = timerOf(7);
    help(call.init, timer, map.address, 7);
    help(call.setCallback, timer, callback);
    help(call.start, timer, 1n, 0);
    map.delete(u32Key(7));
    world.clock.advance(second);
    expect(fired).to.deep.equal([]);
  });
});
