import { expect } from "chai";
import { toHex } from "../model/hex.js";
import type { PlannedExpectation, PlannedMapExpectation } from "../model/plan.js";
import { planOf, problemsOf } from "./plan-of.test.js";

async function expected(text: string): Promise<PlannedExpectation> {
  const [plan] = await planOf(`cases:\n  - name: one\n    send: [eth, ipv4, udp]\n    expect: ${text}\n`);
  return plan!.steps[0]!.expect;
}

async function expectedMap(text: string): Promise<PlannedMapExpectation> {
  return (await expected(`{ maps: { ${text} } }`)).maps[0]!;
}

/** Problems of an expectation, without the place that all of them share. */
async function wrongIn(text: string): Promise<readonly string[]> {
  const found = await problemsOf(`cases:\n  - name: one\n    send: [eth, ipv4, udp]\n    expect: ${text}\n`);
  return found.map((line) => line.replace(/^\d+:\d+ /, ""));
}

/** Entries as `key cpu value`. */
function entriesOf(map: PlannedMapExpectation): readonly string[] {
  return map.entries.map(({ key, cpu, value }) => {
    const text = JSON.stringify(value, (name, part: unknown) => (name === "span" ? undefined : part));
    return [toHex(key), cpu ?? "-", value === undefined ? "absent" : text].join(" ");
  });
}

const equals = (value: number) => `{"kind":"leaf","pattern":{"kind":"equals","value":${value}}}`;

describe("planned expectations: maps", () => {
  it("are the value of slot 0", async () => {
    const map = await expectedMap("inner_a: 5");
    expect(entriesOf(map)).to.deep.equal([`00000000 - ${equals(5)}`]);
    expect(map.others).to.equal("any");
  });

  it("are entries, present and absent", async () => {
    const map = await expectedMap("endpoints: [{ key: 1, value: { port: 80 } }, { key: 2, absent: true }]");
    expect(entriesOf(map)).to.deep.equal([
      `01000000 - {"kind":"members","members":[{"name":"port","pattern":${equals(80)}}]}`,
      "02000000 - absent",
    ]);
  });

  it("are sums and single values of CPUs", async () => {
    expect(entriesOf(await expectedMap("counters: { sum: 3 }"))).to.deep.equal([`00000000 sum ${equals(3)}`]);
    const map = await expectedMap(
      "counters: [{ key: 1, sum: 2 }, { key: 0, cpu: 1, value: 4 }, { key: 0, value: { percpu: [5, 6] } }]",
    );
    expect(entriesOf(map)).to.deep.equal([
      `01000000 sum ${equals(2)}`,
      `00000000 1 ${equals(4)}`,
      `00000000 0 ${equals(5)}`,
      `00000000 1 ${equals(6)}`,
    ]);
  });

  it("are those of the maps in a map of maps, under the outer map's name and key", async () => {
    const [outer, inner] = (
      await expected("{ maps: { outer: [{ key: 2, value: { exactly: [{ key: 1, value: 5 }] } }] } }")
    ).maps;
    expect(entriesOf(outer!)).to.deep.equal(['02000000 - {"kind":"leaf","pattern":{"kind":"any"}}']);
    expect(inner!.map).to.deep.include({ name: "outer[0x02000000]", type: "array", valueSizeBytes: 8 });
    expect(inner!.others).to.equal("absent");
    expect(entriesOf(inner!)).to.deep.equal([`01000000 - ${equals(5)}`]);
  });

  it("say what of the rest may be there", async () => {
    expect(await expectedMap("endpoints: empty")).to.deep.include({ entries: [], others: "absent" });
    expect(await expectedMap("endpoints: unchanged")).to.deep.include({ entries: [], others: "unchanged" });
    expect(await expectedMap("inner_a: { exactly: [{ key: 1, value: 5 }] }")).to.include({ others: "absent" });
    expect(await expectedMap("inner_a: { entries: [{ key: 1, value: 5 }] }")).to.include({ others: "any" });
    const { count, entries } = await expectedMap("endpoints: { count: 1..5 }");
    expect(count!.value).to.deep.equal({ kind: "range", min: 1, max: 5 });
    expect(entries).to.deep.equal([]);
  });

  const mistakes: Readonly<Record<string, readonly string[]>> = {
    "{ maps: { endpoint: 1 } }": ["every_kind has no map 'endpoint' (did you mean 'endpoints'?)"],
    "{ maps: { endpoints: { port: 1 } } }": [
      "a value of map 'endpoints' (hash) needs its key (write [{key: …, value: …}], {exactly: […]}, {count: n}, unchanged or empty)",
    ],
    "{ maps: { endpoints: [{ key: 1, value: { prot: 1 } }] } }": [
      "struct endpoint has no member 'prot' (did you mean 'port'?)",
    ],
    "{ maps: { endpoints: [{ key: 1 }] } }": [
      "an entry has a key and one of value, absent: true, sum (write {key: 1, value: 2})",
    ],
    "{ maps: { endpoints: [{ key: 1, absent: false }] } }": [
      "'absent' can only be true (an entry that has to be there is written with its value)",
    ],
    "{ maps: { endpoints: [{ key: 1, sum: 3 }] } }": ["map 'endpoints' has one value, not one a CPU (leave out 'sum')"],
    "{ maps: { endpoints: { exactly: 5 } } }": ["entries of map 'endpoints' are a list (write [{key: …, value: …}])"],
    "{ maps: { inner_a: empty } }": [
      "the slots of the array 'inner_a' are always there (write 'unchanged', or its values)",
    ],
    "{ maps: { inner_a: [{ key: 7, value: 1 }] } }": ["map 'inner_a' has no slot 7 (its slots are 0 to 3)"],
    "{ maps: { outer: [{ key: 0, value: 1 }] } }": [
      "values of 'outer' (array_of_maps) are the kernel's own numbers (write 'any', absent: true, or for maps {entries: […]})",
    ],
    "{ maps: { seen: [1] } }": [
      "the contents of map 'seen' cannot be expected: a bloom filter does not give its values back",
    ],
    "{ maps: { events: [1] } }": [
      "the contents of map 'events' cannot be expected: a ringbuf carries events; say them under expect: events",
    ],
  };
  for (const [text, messages] of Object.entries(mistakes))
    it(`are refused: ${messages[0]}`, async () => {
      expect(await wrongIn(text)).to.deep.equal(messages);
    });
});

describe("planned expectations: events", () => {
  it("are compiled against the struct that they are", async () => {
    const { events } = await expected("{ events: { type: event, list: [{ kind: 1, saddr: 10.0.0.1 }] } }");
    expect(events).to.deep.include({ map: "events", ordered: true, timeoutMs: 1000 });
    expect(events!.type).to.deep.include({ kind: "struct", name: "event", sizeBytes: 8 });
    expect(events!.events[0]!.kind).to.equal("members");
  });

  it("are bytes where no struct is named", async () => {
    const { events } = await expected('{ events: ["0a0b", any] }');
    expect(events!.events.map((each) => each.kind === "leaf" && each.pattern)).to.deep.equal([
      { kind: "equals", value: Uint8Array.of(10, 11) },
      { kind: "any" },
    ]);
  });

  const mistakes: Readonly<Record<string, string>> = {
    "{ events: { type: evnt, list: [] } }": "every_kind knows no struct 'evnt' (did you mean 'event'?)",
    "{ events: { type: packet_info, list: [] } }":
      "every_kind knows no struct 'packet_info' (if the C source has it, keep it in the BTF: const struct packet_info *unused_packet_info __attribute__((unused));)",
    "{ events: { map: seen, list: [] } }": "'seen' is a bloom_filter, which carries no events (these do: events)",
    "{ events: [{ kind: 1 }] }":
      "without a type an event is written as hex digits in quotes (or say which struct it is: events: {type: event, list: […]})",
    '{ events: ["xyz"] }': "'xyz' is not the bytes of an event in hex digits",
    "{ events: { type: event, list: [{ kid: 1 }] } }": "struct event has no member 'kid' (did you mean 'kind'?)",
  };
  for (const [text, message] of Object.entries(mistakes))
    it(`are refused: ${message}`, async () => {
      expect(await wrongIn(text)).to.deep.equal([message]);
    });
});

describe("planned expectations: the rest", () => {
  it("keeps verdicts and packets, and finds places", async () => {
    const planned = await expected(
      "{ verdict: XDP_PASS, unchanged: all, frames: { client:eth0: [{ eth: {} }] }, printk: [hello], wire: { verdict: XDP_TX } }",
    );
    expect(planned.verdict!.value).to.deep.equal(["XDP_PASS"]);
    expect(planned.packet).to.include({ unchanged: "all" });
    expect(planned.frames[0]!.place.value).to.deep.equal({ host: "client", dev: "eth0" });
    expect(planned.on.wire!.verdict!.value).to.deep.equal(["XDP_TX"]);
    expect(planned.on.kernel).to.equal(undefined);
  });

  it("resolves redirects", async () => {
    expect((await expected("{ redirect: { dev: eth0 } }")).redirect!.value).to.deep.equal({ dev: "eth0" });
    expect(await wrongIn("{ redirect: { map: inner_a, key: 0 } }")).to.deep.equal([
      "nothing is redirected through 'inner_a', whose type is array (redirect maps are devmap, devmap_hash, cpumap, xskmap, sockmap, sockhash)",
    ]);
  });

  it("knows helpers, maps and their operations by name in costs", async () => {
    const { cost } = await expected(
      "{ cost: { instructions: { max: 9 }, maps: { counters: { lookup: 1 }, inner_a: 0 } } }",
    );
    expect(cost!.maps.map(({ map, operation }) => [map.value, operation])).to.deep.equal([
      ["counters", "lookup"],
      ["inner_a", undefined],
    ]);
    expect(
      await wrongIn("{ cost: { helpers: { bpf_map_lookup: 1 }, maps: { counters: { lokup: 1 } } } }"),
    ).to.deep.equal([
      "there is no helper 'bpf_map_lookup' (did you mean 'bpf_map_lookup_elem'?)",
      "'lokup' is no operation on maps (did you mean 'lookup'?)",
    ]);
  });

  it("finds the programs that a path speaks of, where they are attached", async () => {
    const planned = await expected("{ path: [{ at: client:eth0 }, { at: dut:eth0, hook: xdp, verdict: XDP_PASS }] }");
    expect(planned.path!.map(({ at }) => at.value)).to.deep.equal([
      { host: "client", dev: "eth0" },
      { host: "dut", dev: "eth0" },
    ]);
    expect(await wrongIn("{ path: [{ at: client:eth0, hook: tc-egress }] }")).to.deep.equal([
      "no program is attached to client:eth0 tc-egress (there are: xdp at dut:eth0)",
    ]);
  });

  it("checks what is said for one backend only", async () => {
    expect(await wrongIn("{ kernel: { maps: { nowhere: 1 } } }")).to.have.length(1);
  });
});
