import { expect } from "chai";
import { HarnessError } from "../model/error.js";
import { toHex } from "../model/hex.js";
import type { MapSpec, MapType } from "../model/object.js";
import { BpfMap, createMap } from "./bpf-map.js";
import { possibleCpus } from "./cpus.js";
import { libc } from "./libc.js";
import { whyUnreadable } from "../model/map-access.js";
import { applyPatch, readEntries, readInnerMaps } from "./maps.js";
import { nowhere, setPatch, u32, u64 } from "./plan-builder.test.js";
import { whyNoKernel } from "./probe.js";

const BPF_F_NO_PREALLOC = 1;

/** Entries as `key → value per CPU` in hex, in the order of keys. */
function shown(map: BpfMap): string[] {
  return readEntries(map)
    .map(({ key, values }) => `${toHex(key)} → ${values.map(toHex).join(" ")}`)
    .sort();
}

describe("maps in the kernel", () => {
  const descriptors: number[] = [];
  const nothing = {
    programFdOf: (name: string): number => expect.fail(`no program ${name} here`),
    ifindexOf: () => 1,
    socketFdOf: () => undefined,
    xskFdOf: () => 0,
  };

  before(function () {
    if (whyNoKernel() !== undefined) this.skip();
  });
  afterEach(() => descriptors.splice(0).forEach((fd) => libc().close(fd)));

  function create(type: MapType, more: Partial<MapSpec> = {}): BpfMap {
    const spec: MapSpec = {
      name: type,
      type,
      keySizeBytes: 4,
      valueSizeBytes: 8,
      maxEntries: 4,
      flags: 0,
      extra: 0,
      slots: [],
      key: undefined,
      value: undefined,
      inner: undefined,
      pinByName: false,
      ...more,
    };
    const fd = createMap(spec);
    descriptors.push(fd);
    return new BpfMap(spec, fd);
  }

  const set = (map: BpfMap, key: Uint8Array, value: Parameters<typeof setPatch>[2]): void =>
    applyPatch(map, setPatch(map.spec, key, value), nothing);
  const remove = (map: BpfMap, key: Uint8Array): void =>
    applyPatch(map, { map: map.spec, op: "delete", key, value: undefined, span: nowhere }, nothing);

  for (const type of ["hash", "lru_hash"] as const) {
    it(`${type}: sets, reads and deletes`, () => {
      const map = create(type);
      for (const key of [1, 2, 3]) set(map, u32(key), u64(BigInt(key)));
      remove(map, u32(2));
      remove(map, u32(99));
      expect(shown(map)).to.deep.equal(["01000000 → 0100000000000000", "03000000 → 0300000000000000"]);
    });
  }

  it("array: has all its slots from the start", () => {
    const map = create("array", { maxEntries: 3 });
    set(map, u32(1), u64(5n));
    expect(shown(map)).to.deep.equal([
      "00000000 → 0000000000000000",
      "01000000 → 0500000000000000",
      "02000000 → 0000000000000000",
    ]);
    expect(() => remove(map, u32(1))).to.throw(HarnessError, /cannot delete key 0x01000000: EINVAL/);
  });

  it("reads more entries than one batch has room for", () => {
    const map = create("array", { maxEntries: 300_000 });
    set(map, u32(299_999), u64(7n));
    const entries = readEntries(map);
    expect(entries).to.have.lengthOf(300_000);
    expect(toHex(entries.at(-1)!.values[0]!)).to.equal("0700000000000000");
    expect(toHex(entries.at(-1)!.key)).to.equal("df930400");
  });

  for (const type of ["percpu_array", "percpu_hash", "lru_percpu_hash"] as const) {
    it(`${type}: has a value for each CPU, of any width`, () => {
      // 5 bytes: the kernel rounds each CPU's slot up to 8.
      const map = create(type, { valueSizeBytes: 5, maxEntries: 1 });
      const cpus = possibleCpus();
      set(map, u32(0), Uint8Array.of(1, 2, 3, 4, 5));
      expect(shown(map)).to.deep.equal([`00000000 → ${Array.from({ length: cpus }, () => "0102030405").join(" ")}`]);
      set(map, u32(0), { kind: "perCpu", values: [Uint8Array.of(9, 0, 0, 0, 8)] });
      const others = Array.from({ length: cpus - 1 }, () => "0000000000");
      expect(shown(map)).to.deep.equal([`00000000 → ${["0900000008", ...others].join(" ")}`]);
    });
  }

  it("lpm_trie: keeps prefixes", () => {
    const map = create("lpm_trie", { keySizeBytes: 8, flags: BPF_F_NO_PREALLOC });
    set(map, Uint8Array.of(8, 0, 0, 0, 10, 0, 0, 0), u64(1n));
    set(map, Uint8Array.of(24, 0, 0, 0, 192, 0, 2, 0), u64(2n));
    remove(map, Uint8Array.of(8, 0, 0, 0, 10, 0, 0, 0));
    expect(shown(map)).to.deep.equal(["18000000c0000200 → 0200000000000000"]);
  });

  it("queue: is read from its head, and is the same afterwards", () => {
    const map = create("queue", { keySizeBytes: 0, valueSizeBytes: 4 });
    for (const value of [7, 8, 9]) set(map, new Uint8Array(0), u32(value));
    const expected = ["00000000 → 07000000", "01000000 → 08000000", "02000000 → 09000000"];
    expect(shown(map)).to.deep.equal(expected);
    expect(shown(map)).to.deep.equal(expected);
  });

  it("stack: is read from its top, and is the same afterwards", () => {
    const map = create("stack", { keySizeBytes: 0, valueSizeBytes: 4 });
    for (const value of [7, 8, 9]) set(map, new Uint8Array(0), u32(value));
    const expected = ["00000000 → 09000000", "01000000 → 08000000", "02000000 → 07000000"];
    expect(shown(map)).to.deep.equal(expected);
    expect(shown(map)).to.deep.equal(expected);
  });

  it("bloom_filter: can be filled, and says why it cannot be read", () => {
    const map = create("bloom_filter", { keySizeBytes: 0, valueSizeBytes: 4 });
    set(map, new Uint8Array(0), u32(7));
    expect(() => readEntries(map)).to.throw(HarnessError, /may be there, not which are/);
  });

  it("devmap and cpumap: take interfaces and queues", () => {
    const devmap = create("devmap", { valueSizeBytes: 4 });
    set(devmap, u32(2), { kind: "device", dev: "lo", program: undefined });
    expect(shown(devmap)).to.deep.equal(["02000000 → 01000000"]);
    const cpumap = create("cpumap", { valueSizeBytes: 8, maxEntries: 1 });
    set(cpumap, u32(0), { kind: "cpu", queueSize: 192, program: undefined });
    expect(shown(cpumap)).to.deep.equal(["00000000 → c000000000000000"]);
  });

  it("says that a map is full, and how many entries it has room for", () => {
    const map = create("hash", { maxEntries: 1 });
    set(map, u32(1), u64(1n));
    try {
      set(map, u32(2), u64(1n));
      expect.fail("not refused");
    } catch (error) {
      expect((error as HarnessError).diagnostics[0]?.hint).to.equal("the map is full: max_entries is 1");
    }
  });

  it("has a reason for every type that cannot be read", () => {
    const spec = { ...create("hash").spec, valueSizeBytes: 4 };
    for (const type of ["ringbuf", "perf_event_array", "xskmap", "sockmap", "sk_storage", "bloom_filter"] as const)
      expect(whyUnreadable({ ...spec, type })).to.be.a("string");
    for (const type of ["hash", "queue", "prog_array", "hash_of_maps", "stack_trace"] as const)
      expect(whyUnreadable({ ...spec, type })).to.equal(undefined);
  });

  it("inner maps: says what is missing where the object has no template", () => {
    const map = create("hash");
    expect(() => set(map, u32(0), { kind: "inner", entries: [] })).to.throw(HarnessError, /no inner map/);
    expect(readInnerMaps(map)).to.deep.equal([]);
  });
});
