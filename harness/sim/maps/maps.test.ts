import { expect } from "chai";
import * as fc from "fast-check";
import { toHex } from "../../model/hex.js";
import type { MapSpec, MapType } from "../../model/object.js";
import { Arena } from "../arena.js";
import { errno } from "../errno.js";
import type { MapStore } from "./map-store.js";
import { MapTable } from "./map-table.js";
import type { RingBufferStore } from "./ring-buffer.js";

const cpus = 2;

function specOf(type: MapType, more: Partial<MapSpec> = {}): MapSpec {
  return {
    name: "map",
    type,
    keySizeBytes: 4,
    valueSizeBytes: 4,
    maxEntries: 3,
    flags: 0,
    key: undefined,
    value: undefined,
    inner: undefined,
    pinByName: false,
    extra: 0,
    slots: [],
    ...more,
  };
}

function create(type: MapType, more: Partial<MapSpec> = {}): { readonly map: MapStore; readonly arena: Arena } {
  const arena = new Arena(1 << 20);
  return { map: new MapTable(arena, cpus).create(specOf(type, more)), arena };
}

const word = (value: number) => Uint8Array.of(value, 0, 0, 0);
const contents = (map: MapStore) => [...map.entries()].map(({ key, values }) => [toHex(key), ...values.map(toHex)]);

describe("simulated maps", () => {
  it("an LRU hash drops what was used longest ago", () => {
    const { map } = create("lru_hash");
    for (const key of [1, 2, 3]) expect(map.update(word(key), word(key), 0, 0)).to.equal(0);
    expect(map.lookup(word(1), 0)).not.to.equal(0);
    expect(map.update(word(4), word(4), 0, 0)).to.equal(0);
    expect(contents(map).map(([key]) => key)).to.deep.equal(["03000000", "01000000", "04000000"]);
  });

  it("a full hash takes no more, but changes what is there", () => {
    const { map } = create("hash");
    for (const key of [1, 2, 3]) map.update(word(key), word(0), 0, 0);
    expect(map.update(word(4), word(4), 0, 0)).to.equal(-errno.E2BIG);
    expect(map.update(word(3), word(9), 2, 0)).to.equal(0);
    expect(contents(map).at(-1)).to.deep.equal(["03000000", "09000000"]);
  });

  it("a new per-CPU entry is zero on the other CPUs, also in a slot that was used before", () => {
    const { map } = create("percpu_hash");
    map.set(word(1), [word(7), word(8)]);
    map.delete(word(1));
    map.update(word(2), word(5), 0, 1);
    expect(contents(map)).to.deep.equal([["02000000", "00000000", "05000000"]]);
  });

  it("a step beyond a value is forbidden", () => {
    const { map, arena } = create("array");
    const value = map.lookup(word(1), 0);
    expect(arena.allows(value, 4, 3)).to.equal(true);
    expect(() => arena.read(value, 5)).to.throw(/1 byte past the end of a value of map 'map' \(4 bytes\)/);
  });

  it("an LPM trie finds the longest prefix that contains the key", () => {
    const prefixes = fc.uniqueArray(fc.tuple(fc.nat(16), fc.nat(0xffff)), {
      maxLength: 20,
      selector: ([bits, data]) => `${bits} ${bits === 0 ? 0 : data >>> (16 - bits)}`,
    });
    const keyOf = (bits: number, data: number) => Uint8Array.of(bits, 0, 0, 0, data >>> 8, data & 0xff, 0, 0);
    fc.assert(
      fc.property(prefixes, fc.nat(0xffff), (list, wanted) => {
        const { map, arena } = create("lpm_trie", { keySizeBytes: 8, maxEntries: 20 });
        list.forEach(([bits, data], i) => map.update(keyOf(bits, data), word(i + 1), 0, 0));
        const matching = list.filter(([bits, data]) => (data ^ wanted) >>> (16 - bits) === 0);
        const best = matching.sort(([a], [b]) => b - a)[0];
        const address = map.lookup(keyOf(32, wanted), 0);
        const found = address === 0 ? undefined : list[arena.bytes[address]! - 1];
        expect(found).to.deep.equal(best);
      }),
    );
  });

  it("a ring buffer's record is nobody's once it is submitted", () => {
    const { map, arena } = create("ringbuf", { maxEntries: 4096 });
    const ring = map as RingBufferStore;
    const record = ring.reserve(16);
    arena.write(record, 16).fill(1);
    ring.finish(record, "submits");
    expect(() => arena.read(record, 1)).to.throw(/ring buffer 'map' .* is no longer there/);
    expect(ring.holds(record)).to.equal(false);
    expect(ring.consume().map(toHex)).to.deep.equal(["01".repeat(16)]);
  });

  it("a ring buffer has room again when its reader was there", () => {
    const ring = create("ringbuf", { maxEntries: 4096 }).map as RingBufferStore;
    const fill = () => {
      let count = 0;
      while (ring.output(new Uint8Array(1000)) === 0) count++;
      return count;
    };
    expect(fill()).to.equal(4);
    ring.consume();
    expect(fill()).to.equal(4);
  });

  it("types that are not simulated are refused by name", () => {
    expect(() => create("arena")).to.throw("map 'map': maps of type arena are not simulated");
  });
});
