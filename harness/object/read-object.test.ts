import { expect } from "chai";
import type { BpfObject, DataType, MapSpec } from "../model/object.js";
import { fixture } from "./fixture.test.js";
import { readObject } from "./read-object.js";

/** fixtures/object-reader/every_kind.bpf.c, with the facts of `bpftool btf dump` and `llvm-readelf -s`. */
describe("readObject", () => {
  const object = readObject(fixture("object-reader/every_kind.bpf.o"), "/some/where/every_kind.bpf.o");

  it("names the object as libbpf does", () => {
    expect(object.name).to.equal("every_kind");
    expect(readObject(object.bytes, "plain").name).to.equal("plain");
  });

  it("reads licence and byte order", () => {
    expect(object.license).to.equal("Dual BSD/GPL");
    expect(object.byteOrder).to.equal("little");
  });

  it("finds several programs in one section, and leaves subprograms in .text out", () => {
    const table = object.programs.map(({ name, section, type, attachType, autoload, instructions }) =>
      [name, section, type, attachType, autoload, instructions.length].join(" "),
    );
    expect(table).to.deep.equal([
      "drop xdp xdp xdp true 48",
      "pass xdp xdp xdp true 504",
      "egress ?tcx/egress sched_cls tcx_egress false 16",
    ]);
  });

  it("knows which helpers are called, in functions of .text, too", () => {
    // bpf_map_lookup_elem, bpf_trace_printk, bpf_tail_call; a program's clock and timer are in its functions.
    expect(object.helpers).to.deep.equal([1, 6, 12]);
    expect(readObject(fixture("objects/tc_datapath.bpf.o"), "tc_datapath").helpers).to.include.members([5, 171]);
  });

  it("gives each program its own lines, counted from its own first instruction", () => {
    const [drop, pass] = object.programs;
    expect(drop!.lines[0]).to.deep.equal({
      instruction: 0,
      file: "./every_kind.bpf.c",
      line: 145,
      column: 9,
      text: "\treturn classify(context) ? XDP_DROP : XDP_ABORTED;",
    });
    expect(pass!.lines[0]).to.include({ instruction: 0, text: "int pass(struct xdp_md *context)" });
    for (const { instructions, lines } of object.programs)
      expect(lines.every(({ instruction }) => instruction < instructions.length / 8)).to.equal(true);
  });

  it("reads maps of every way to define them", () => {
    const table = object.maps.map((map) =>
      [map.name, map.type, map.keySizeBytes, map.valueSizeBytes, map.maxEntries, map.flags].join(" "),
    );
    expect(table).to.deep.equal([
      "inner_a array 4 8 4 0",
      "inner_b array 4 8 4 0",
      "outer array_of_maps 4 4 3 0",
      "jumps prog_array 4 4 2 0",
      "endpoints hash 4 80 128 1",
      "routes lpm_trie 8 4 16 1",
      "events ringbuf 0 0 4096 0",
      "seen bloom_filter 0 4 4096 0",
      "counters percpu_array 4 8 2 0",
    ]);
    expect(mapOf(object, "endpoints").pinByName).to.equal(true);
    expect(mapOf(object, "seen").extra).to.equal(3);
    expect(mapOf(object, "routes").value).to.equal(undefined);
  });

  it("knows the template of a map of maps, and what fills slots from the start", () => {
    expect(mapOf(object, "outer").inner).to.include({ name: "outer.inner", type: "array", maxEntries: 4 });
    expect(mapOf(object, "outer").slots).to.deep.equal([
      { index: 0, target: "inner_a" },
      { index: 2, target: "inner_b" },
    ]);
    expect(mapOf(object, "jumps")).to.deep.include({ inner: undefined, slots: [{ index: 1, target: "drop" }] });
  });

  it("resolves types through typedefs, qualifiers and tags", () => {
    const members = structMembers(mapOf(object, "endpoints").value);
    expect(members.map(({ name, offsetBits, bitfieldBits }) => [name, offsetBits, bitfieldBits])).to.deep.equal([
      ["address", 0, undefined],
      ["port", 32, undefined],
      ["mac", 48, undefined],
      ["", 96, undefined],
      ["name", 128, undefined],
      ["v6", 256, undefined],
      ["action", 384, undefined],
      ["first", 416, 3],
      ["second", 419, 13],
      ["negative", 432, 5],
      ["up", 440, undefined],
      ["packets", 448, undefined],
      ["ratio", 512, undefined],
      ["pointer", 576, undefined],
    ]);
    const typeOf = (name: string) => members.find((member) => member.name === name)!.type;
    // typedef __be32 ipv4_t: the outer name is what people know it by, the inner makes it big-endian.
    expect(typeOf("address")).to.deep.include({ kind: "int", name: "ipv4_t", sizeBytes: 4, bigEndian: true });
    expect(typeOf("name")).to.deep.include({ kind: "array", length: 16 });
    expect((typeOf("name") as DataType & { kind: "array" }).element).to.include({ encoding: "char", signed: true });
    expect((typeOf("mac") as DataType & { kind: "array" }).element).to.include({ encoding: "integer", name: "__u8" });
    expect(typeOf("up")).to.include({ kind: "int", encoding: "bool" });
    expect(typeOf("ratio")).to.include({ kind: "float", sizeBytes: 8 });
    expect(typeOf("pointer")).to.deep.equal({ kind: "pointer", sizeBytes: 8 });
    expect(typeOf("action")).to.deep.include({ kind: "enum", name: "action", sizeBytes: 4 });
  });

  it("places globals where their symbols are, whatever the BTF says", () => {
    const table = object.globals.map(({ name, section, offsetBytes, sizeBytes, initial }) =>
      [name, section, offsetBytes, sizeBytes, initial.slice(0, 4).join("-")].join(" "),
    );
    expect(table).to.deep.equal([
      "debug .rodata 0 1 1",
      "fallback .rodata 8 80 0-0-0-0",
      "pass.format .rodata 88 8 112-97-115-115",
      "limits .data 0 12 1-0-0-0",
      "hidden .data 12 4 5-0-0-0",
      "tuned .data.tuning 0 4 9-0-0-0",
      "total .bss 0 8 0-0-0-0",
      "unused_event .bss 8 8 0-0-0-0",
      "tagged_pointer .bss 16 8 0-0-0-0",
      "LINUX_KERNEL_VERSION .kconfig 0 4 0-0-0-0",
      "CONFIG_BPF .kconfig 4 1 0",
    ]);
  });

  it("knows the kernel functions that are declared, and what their parameters point to", () => {
    const { kernelFunctions } = readObject(fixture("objects/receive_metadata.bpf.o"), "receive_metadata.bpf.o");
    const shapes = kernelFunctions.map(({ name, parameters }) => [
      name,
      ...parameters.map((each) => `${each.name}: ${each.pointsTo?.sizeBytes}`),
    ]);
    expect(shapes).to.deep.equal([
      ["bpf_xdp_metadata_rx_timestamp", "r1: 24", "r2: 8"],
      ["bpf_xdp_metadata_rx_hash", "r1: 24", "r2: 4", "r3: 4"],
    ]);
  });

  it("keeps the structs that have a name, also those that no map mentions", () => {
    expect(object.structs.map(({ name }) => name)).to.deep.equal([
      "inner",
      "xdp_md",
      "endpoint",
      "in6_addr",
      "route_key",
      "__sk_buff",
      "event",
    ]);
  });

  it("reads the same from a big-endian object, but for the bytes", () => {
    const big = readObject(fixture("object-reader/every_kind_big_endian.bpf.o"), "every_kind.bpf.o");
    expect(big.byteOrder).to.equal("big");
    expect(big.maps).to.deep.equal(object.maps);
    expect(big.structs).to.deep.equal(object.structs);
    expect(big.helpers).to.deep.equal(object.helpers);
    const places = (each: BpfObject) => each.globals.map((global) => ({ ...global, initial: undefined }));
    expect(places(big)).to.deep.equal(places(object));
    expect(big.globals.find(({ name }) => name === "hidden")!.initial).to.deep.equal(Uint8Array.of(0, 0, 0, 5));
    const headings = (each: BpfObject) => each.programs.map(({ name, section, lines }) => [name, section, lines[0]]);
    expect(headings(big)).to.deep.equal(headings(object));
  });

  it("reads maps declared before BTF, without types", () => {
    const legacy = readObject(fixture("object-reader/legacy.bpf.o"), "legacy.bpf.o");
    expect(
      legacy.maps.map((map) => [map.name, map.type, map.keySizeBytes, map.valueSizeBytes, map.flags]),
    ).to.deep.equal([
      ["blocked", "hash", 4, 1, 1],
      ["counters", "percpu_array", 4, 16, 0],
      ["events", "perf_event_array", 4, 4, 0],
    ]);
    expect(legacy.maps.every(({ key, value }) => key === undefined && value === undefined)).to.equal(true);
    expect(legacy.programs[0]).to.deep.include({ name: "count", type: "sched_cls", lines: [] });
    expect(legacy.structs).to.deep.equal([]);
    expect(legacy.globals.map(({ name, section, type }) => [name, section, type.kind, type.sizeBytes])).to.deep.equal([
      ["limit", ".data", "opaque", 4],
      ["total", ".bss", "opaque", 8],
    ]);
  });

  it("gives such maps the types of BPF_ANNOTATE_KV_PAIR", () => {
    const { maps } = readObject(fixture("object-reader/legacy_annotated.bpf.o"), "legacy.bpf.o");
    expect(maps[0]!.value).to.equal(undefined);
    expect(maps[1]!.key).to.include({ kind: "int", name: "__u32" });
    expect(maps[1]!.value).to.include({ kind: "struct", name: "counter" });
  });
});

function mapOf(object: BpfObject, name: string): MapSpec {
  return object.maps.find((map) => map.name === name)!;
}

function structMembers(type: DataType | undefined) {
  if (type?.kind !== "struct") throw new Error("not a struct");
  return type.members;
}
