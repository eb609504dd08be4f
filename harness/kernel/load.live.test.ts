import { existsSync, readdirSync } from "node:fs";
import { expect } from "chai";
import { HarnessError } from "../model/error.js";
import type { MapSpec } from "../model/object.js";
import type { Plan } from "../model/plan.js";
import { compiled } from "./compile.test.js";
import { loadObject } from "./load.js";
import type { LoadedObject } from "./loaded-object.js";
import { fixtureObject, mapOf, planFor, setPatch, u32, u64 } from "./plan-builder.test.js";
import { whyNoKernel } from "./probe.js";
import { RunFolder } from "./run-folder.js";
import { TestRun } from "./test-run.js";

describe("loadObject", () => {
  const folder = new RunFolder(`test-load-${process.pid}`);
  const open: LoadedObject[] = [];

  before(function () {
    if (whyNoKernel() !== undefined) this.skip();
  });
  afterEach(() => open.splice(0).forEach((loaded) => loaded.close()));
  after(() => folder.close());

  function load(plan: Plan): LoadedObject {
    const result = loadObject(plan, folder);
    if (!result.accepted) throw new Error(result.log);
    open.push(result.loaded);
    return result.loaded;
  }

  /** Every slot of a map of one 64-bit number. */
  function numbers(loaded: LoadedObject, spec: MapSpec): bigint[] {
    return loaded
      .readMap(spec)
      .flatMap(({ values }) => values.map((v) => new DataView(v.buffer, v.byteOffset).getBigUint64(0, true)));
  }

  function runOnce(loaded: LoadedObject): number {
    const testRun = new TestRun();
    testRun.select(loaded.programFd, "xdp");
    testRun.add(new Uint8Array(64));
    testRun.run();
    return testRun.returned(0);
  }

  it("gives a program that runs and counts", () => {
    const object = fixtureObject("xdp_drop_count");
    const loaded = load(planFor(object, "xdp"));
    expect(runOnce(loaded)).to.equal(1);
    expect(runOnce(loaded)).to.equal(1);
    expect(numbers(loaded, mapOf(object, "dropped"))).to.deep.equal([2n]);
  });

  it("takes a refusal for an answer, with the verifier's log and the error's number", () => {
    const result = loadObject(planFor(fixtureObject("missing_null_check"), "xdp"), folder);
    if (result.accepted) throw new Error("accepted");
    expect(result.errno).to.equal(13);
    expect(result.log).to.contain("libbpf: prog 'missing_null_check': BPF program load failed");
    expect(result.log).to.contain("R0 invalid mem access 'map_value_or_null'");
    expect(result.log).to.match(/^\d+: \(85\) call bpf_map_lookup_elem#1/m);
  });

  it("keeps the reason of a program that is too large, without a log of its million instructions", () => {
    const fails = { value: /too large/, span: planFor(fixtureObject("million_instructions"), "xdp").span };
    const result = loadObject(planFor(fixtureObject("million_instructions"), "xdp", { load: { fails } }), folder);
    if (result.accepted) throw new Error("accepted");
    expect(result.errno).to.equal(7);
    expect(result.log).to.contain("BPF program is too large");
    expect(result.log.length).to.be.below(10_000);
  });

  it("takes what libbpf says of something else than an object for an answer, too", () => {
    const object = { ...fixtureObject("xdp_drop_count"), bytes: new Uint8Array(100), name: "zeroes" };
    const result = loadObject(planFor(object, "xdp"), folder);
    if (result.accepted) throw new Error("accepted");
    expect(result.log).to.contain("'zeroes' is not a proper ELF object");
  });

  it("writes globals into the object before it is loaded", () => {
    const object = fixtureObject("xdp_context");
    const drop = object.globals.find(({ name }) => name === "drop_queue")!;
    const { section, offsetBytes } = drop;
    const patched = (queue: number): Plan =>
      planFor(object, "xdp", {
        entry: "drop_by_queue",
        globals: [{ name: drop.name, section, offsetBytes, bytes: u32(queue) }],
      });
    expect(runOnce(load(patched(0)))).to.equal(1);
    expect(runOnce(load(patched(1)))).to.equal(2);
  });

  it("leaves maps to be read through their pins, and nothing after close", () => {
    const object = fixtureObject("xdp_drop_count");
    const dropped = mapOf(object, "dropped");
    const loaded = load(planFor(object, "xdp", { pins: { dropped: "counters/dropped" } }));
    runOnce(loaded);
    loaded.unload();
    const path = loaded.pinPathOf("dropped")!;
    expect(path).to.match(/^\/run\/packetproof\/.*\/counters\/dropped$/);
    expect(existsSync(path)).to.equal(true);
    expect(numbers(loaded, dropped)).to.deep.equal([1n]);
    expect(() => loaded.programFdOf("xdp_drop_count")).to.throw(HarnessError, /not loaded/);
    loaded.close();
    expect(existsSync(path)).to.equal(false);
  });

  it("pins nothing outside of its folder", () => {
    const plan = planFor(fixtureObject("xdp_drop_count"), "xdp", { pins: { dropped: "../../elsewhere" } });
    expect(() => loadObject(plan, folder)).to.throw(HarnessError, /cannot be pinned at '..\/..\/elsewhere'/);
  });

  it("does not take the machine's lack of memory for the object's fault", function () {
    const object = compiled(
      "huge",
      `struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1 << 30); __type(key, __u32); __type(value, __u64[512]); } m SEC(".maps");
       SEC("xdp") int huge(struct xdp_md *ctx) { __u32 key = 0; return bpf_map_lookup_elem(&m, &key) ? 1 : 2; }`,
    );
    if (!object) return this.skip();
    expect(() => loadObject(planFor(object, "xdp"), folder)).to.throw(
      HarnessError,
      /map 'm': failed to create.*ENOMEM/s,
    );
  });

  it("says that an unpinned map is gone with its program", () => {
    const object = fixtureObject("xdp_drop_count");
    const loaded = load(planFor(object, "xdp"));
    loaded.unload();
    expect(loaded.canRead(mapOf(object, "dropped"))).to.equal(false);
    expect(() => loaded.readMap(mapOf(object, "dropped"))).to.throw(HarnessError, /not pinned/);
  });

  it("leaves no descriptors behind, whether accepted or refused", () => {
    const descriptors = (): number => readdirSync("/proc/self/fd").length;
    const round = (): void => {
      load(planFor(fixtureObject("map_in_map"), "xdp", { pins: { ports_untagged: "x" } })).close();
      loadObject(planFor(fixtureObject("stack_too_large"), "xdp"), folder);
    };
    round();
    const before = descriptors();
    round();
    expect(descriptors()).to.equal(before);
  });

  it("names the map, the key and the mend where an entry cannot be set", () => {
    const object = fixtureObject("xdp_drop_count");
    const loaded = load(planFor(object, "xdp"));
    const patch = setPatch(mapOf(object, "dropped"), u32(1), u64(1n));
    try {
      loaded.applyMaps([patch]);
      throw new Error("not refused");
    } catch (error) {
      const { diagnostics } = error as HarnessError;
      expect(diagnostics[0]!.message).to.equal(
        "map 'dropped': cannot set key 0x01000000: E2BIG (Argument list too long)",
      );
      expect(diagnostics[0]!.hint).to.equal("the array has 1 slots: 0 to 0");
    }
  });
});
