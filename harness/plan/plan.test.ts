import { expect } from "chai";
import { HarnessError } from "../model/error.js";
import { toHex } from "../model/hex.js";
import type { MapPatch, PlannedSend } from "../model/plan.js";
import { parseScenario } from "../scenario/parse.js";
import { capture, object, planOf, problemsOf } from "./plan-of.test.js";
import { planScenario } from "./plan.js";

const oneCase = "cases:\n  - name: one\n    send: [eth, ipv4, udp]\n    expect: { printk: [] }\n";

/** What a set-up says, a line an entry. */
function described(patches: readonly MapPatch[]): readonly string[] {
  return patches.map(({ map, key, value }) => {
    const text = JSON.stringify(value, (_, part: unknown) => (part instanceof Uint8Array ? toHex(part) : part));
    return `${map.name}[${toHex(key)}] ${text}`;
  });
}

describe("planScenario: the program", () => {
  it("is the one that the scenario names", async () => {
    const [plan] = await planOf(oneCase);
    expect(plan).to.deep.include({ programType: "xdp", hook: "xdp", seed: 7, caseName: "one", scenario: "test" });
    expect(plan!.program.name).to.equal("pass");
  });

  it("is the only one that fits the hook", async () => {
    const [plan] = await planOf(oneCase, "hook: tcx-egress");
    expect(plan!.program.name).to.equal("egress");
  });

  const mistakes: readonly (readonly [head: string, problem: string])[] = [
    [
      "hook: xdp",
      "2:10 every_kind has several xdp programs: drop, pass (say which one is meant, for example entry: drop)",
    ],
    ["hook: xdp\nentry: pas", "4:8 every_kind has no program 'pas' (did you mean 'pass'?)"],
    ["hook: xdp\nentry: xdp", "4:8 every_kind has no program 'xdp' (that is a section; its program is 'drop')"],
    [
      "hook: xdp\nentry: egress",
      "4:8 'egress' is a sched_cls program (section ?tcx/egress), and hook xdp takes xdp (change hook or entry)",
    ],
    [
      "hook: sk_lookup",
      "3:7 every_kind has no sk_lookup program, which hook sk_lookup needs (its programs: drop (xdp), pass (xdp), egress (sched_cls))",
    ],
  ];
  for (const [head, problem] of mistakes)
    it(`is looked for in vain: ${problem}`, async () => {
      const noSend = "cases:\n  - name: one\n    steps: [{expect: {printk: []}}]\n";
      expect(await problemsOf(noSend, head)).to.deep.equal([problem]);
    });

  it("cannot be big-endian", async () => {
    const big = { ...object, byteOrder: "big" as const };
    const { scenario } = parseScenario(`name: t\nprogram: x.o\nhook: xdp\nentry: pass\n${oneCase}`, "test.yml");
    const error = await planScenario(scenario!, big, { seed: 0, readCapture: () => capture }).catch((e: unknown) => e);
    expect(error)
      .to.be.instanceOf(HarnessError)
      .with.property("message")
      .that.matches(/big-endian object/);
  });
});

describe("planScenario: globals", () => {
  it("are patched with their own type, a case's after the scenario's", async () => {
    const [plan] = await planOf(
      "globals: { debug: false, tuned: 5, fallback: { port: 53 } }\n" +
        "cases:\n  - name: one\n    globals: { tuned: 6, limits: [9] }\n    send: [eth]\n    expect: { printk: [] }\n",
    );
    const patches = plan!.globals.map(({ name, section, offsetBytes, bytes }) => [
      name,
      section,
      offsetBytes,
      toHex(bytes.slice(0, 8)),
    ]);
    expect(patches).to.deep.equal([
      ["debug", ".rodata", 0, "00"],
      ["tuned", ".data.tuning", 0, "06000000"],
      // What is not written keeps what the C source says: the port is 53 now, the name is as it was.
      ["fallback", ".rodata", 8, "0000000000350000"],
      ["limits", ".data", 0, "09000000feffffff"],
    ]);
  });

  it("are checked", async () => {
    const text = `globals: { debug: 2, tunned: 1, seen: 1, total: -1, CONFIG_BPF: true }\n${oneCase}`;
    expect(await problemsOf(text)).to.deep.equal([
      "5:19 2 is not a bool (write true or false)",
      "5:22 every_kind has no global variable 'tunned' (did you mean 'tuned'?)",
      "5:33 every_kind has no global variable 'seen' ('seen' is a map: it goes under maps)",
      "5:49 -1 does not fit into __u64 (64 bits) (it has to be from 0 to 18446744073709551615)",
      "5:53 'CONFIG_BPF' is the kernel's own configuration, which a scenario cannot change",
    ]);
  });
});

describe("planScenario: map set-up", () => {
  it("fills every type of map", async () => {
    const [plan] = await planOf(`
maps:
  endpoints: [{ key: 1, value: { address: 10.0.0.1, port: 80 } }]
  routes: [{ key: 10.0.0.0/8, value: "01020304" }]
  inner_a: 7
  outer: [{ key: 1, value: { entries: [{ key: 3, value: 9 }] } }]
  jumps: { program: drop }
  seen: [5, { value: 6 }]
  counters: [{ key: 0, value: 4 }, { key: 1, value: { percpu: [1, 2] } }]
${oneCase}`);
    const endpoint = "0a00000100500000" + "00".repeat(72);
    const lines = described(plan!.maps.filter(({ map }) => map.name !== "outer"));
    expect(lines).to.deep.equal([
      `endpoints[01000000] {"kind":"bytes","bytes":"${endpoint}"}`,
      'routes[080000000a000000] {"kind":"bytes","bytes":"01020304"}',
      'inner_a[00000000] {"kind":"bytes","bytes":"0700000000000000"}',
      'jumps[00000000] {"kind":"program","name":"drop"}',
      'seen[] {"kind":"bytes","bytes":"05000000"}',
      'seen[] {"kind":"bytes","bytes":"06000000"}',
      'counters[00000000] {"kind":"bytes","bytes":"0400000000000000"}',
      'counters[01000000] {"kind":"perCpu","values":["0100000000000000","0200000000000000"]}',
    ]);
    const outer = plan!.maps.find(({ map }) => map.name === "outer")!.value;
    expect(outer?.kind === "inner" && described(outer.entries)).to.deep.equal([
      'outer.inner[03000000] {"kind":"bytes","bytes":"0900000000000000"}',
    ]);
  });

  it("of a case wins over the scenario's, key by key", async () => {
    const [plan] = await planOf(`
maps: { inner_a: [{ key: 0, value: 1 }, { key: 1, value: 2 }] }
cases:
  - name: one
    maps: { inner_a: [{ key: 1, value: 3 }, { key: 2, value: 4 }] }
    send: [eth]
    expect: { printk: [] }
`);
    expect(described(plan!.maps).map((line) => line.replace(/^.*\[(..).*"(..)0*".*$/, "$1 $2"))).to.deep.equal([
      "00 01",
      "01 03",
      "02 04",
    ]);
  });

  it("is checked, all at once", async () => {
    const text = `
maps:
  endpoint: []
  debug: true
  endpoints: { address: 10.0.0.1 }
  routes: [{ key: 10.0.0.0/8 }, { key: 1, value: "00000000" }]
  inner_a: [{ key: 4, value: 1 }, { key: 1, value: 1 }, { key: 1, value: 2 }, { key: 2, valeu: 2 }]
  outer: [{ key: 0, value: 5 }]
  jumps: [{ key: 0, value: { program: pas } }, { key: 1, value: { program: egress } }]
  events: [1]
  counters: { percpu: 5 }
${oneCase}`;
    expect(await problemsOf(text)).to.deep.equal([
      "7:3 every_kind has no map 'endpoint' (did you mean 'endpoints'?)",
      "8:3 every_kind has no map 'debug' ('debug' is a global variable: it goes under globals)",
      "9:14 the contents of map 'endpoints' (hash) are a list (write [{key: …, value: …}])",
      "10:12 an entry of map 'routes' has no value (write {key: …, value: …})",
      "10:40 1 is not a value of struct route_key (it is written by its members: prefixlen, address)",
      "11:20 map 'inner_a' has no slot 4 (its slots are 0 to 3)",
      "11:57 this key of map 'inner_a' is written twice",
      "11:79 an entry of map 'inner_a' has no value (write {key: …, value: …})",
      "11:89 an entry has 'key' and 'value', not 'valeu'",
      "12:28 an entry of the array_of_maps 'outer' is a mapping (write {entries: [{key: 1, value: 2}]})",
      "13:39 every_kind has no program 'pas' (did you mean 'pass'?)",
      "13:76 'egress' is a sched_cls program; xdp is needed here",
      "14:3 map 'events' carries events (ringbuf) and has no entries",
      "15:23 'percpu' takes a list: the value of CPU 0, of CPU 1, …",
    ]);
  });

  it("has room for max_entries", async () => {
    const keys = Array.from({ length: 17 }, (_, i) => `{ key: 10.0.0.${i}/32, value: "00000000" }`);
    expect(await problemsOf(`maps: { routes: [${keys.join(", ")}] }\n${oneCase}`)).to.have.length(1);
    expect(await problemsOf(`maps: { routes: [${keys.slice(1).join(", ")}] }\n${oneCase}`)).to.deep.equal([]);
  });
});

describe("planScenario: steps", () => {
  it("have their packets built, from layers, captures and with changes", async () => {
    const [plan] = await planOf(`
cases:
  - name: one
    steps:
      - send: [eth, ipv4: { ttl: 3 }, udp]
        times: 4
        truncate: 20
        context: { ingress_ifindex: 1 }
        expect: { printk: [] }
      - send: { pcap: real-traffic.pcap, frames: 1-20, filter: [ipv4], set: [ipv4: { ttl: 9 }] }
        from: dut:eth0
`);
    const [first, second] = plan!.steps as PlannedSend[];
    expect(first).to.deep.include({
      index: 0,
      times: 4,
      senders: 1,
      from: { host: "client", dev: "eth0" },
      context: { ingress_ifindex: 1 },
    });
    expect(first!.packets.map(({ bytes }) => bytes.length)).to.deep.equal([20]);
    expect(second!.from).to.deep.equal({ host: "dut", dev: "eth0" });
    expect(new Set(second!.packets.map(({ bytes }) => bytes[22]))).to.deep.equal(new Set([9]));
  });

  it("send the frames of a capture that have the layers of a filter, in its order", async () => {
    const framesWith = async (filter: string) => {
      const [plan] = await planOf(
        `cases: [{ name: one, send: { pcap: real-traffic.pcap, filter: ${filter} }, expect: { printk: [] } }]\n`,
      );
      return (plan!.steps[0] as PlannedSend).packets.length;
    };
    const all = await framesWith("[eth]");
    const tcp = await framesWith("[ipv4, tcp]");
    expect(tcp).to.be.greaterThan(0);
    expect(tcp).to.be.lessThan(all);
    expect(await framesWith("[eth, ipv4: { protocol: tcp }]")).to.equal(tcp);
    expect(
      await problemsOf(
        "cases: [{ name: one, send: { pcap: real-traffic.pcap, filter: [tcp, ipv4] }, expect: { printk: [] } }]\n",
      ),
    ).to.have.length(1);
  });

  it("set and delete map entries", async () => {
    const [plan] = await planOf(`
cases:
  - name: one
    steps:
      - update: { endpoints: [{ key: 1, value: {} }] }
        delete: { routes: [10.0.0.0/8] }
        expect: { printk: [] }
`);
    const [step] = plan!.steps;
    expect(step?.kind === "maps" && step.patches.map(({ op, key }) => [op, toHex(key)])).to.deep.equal([
      ["delete", "080000000a000000"],
      ["set", "01000000"],
    ]);
  });

  it("are checked, all at once", async () => {
    const text = `
pins: { sen: seen }
cases:
  - name: one
    steps:
      - send: { pcap: missing.pcap }
      - send: { pcap: real-traffic.pcap, frames: 1-999999 }
      - send: { pcap: real-traffic.pcap, filter: [geneve] }
      - send: [ipv4, udp]
      - update: { inner_a: [{ key: 9, value: 1 }] }
        delete: { inner_b: [1], seen: [1], endpoints: 5 }
        expect: { printk: [] }
`;
    expect((await problemsOf(text)).map((line) => line.replace(/its last is \d+/, "its last is N"))).to.deep.equal([
      "6:14 every_kind has no map 'sen' (did you mean 'seen'?)",
      "10:23 cannot read missing.pcap: ENOENT: no such file",
      "11:15 real-traffic.pcap has no frame 999999; its last is N",
      "12:15 nothing to send from real-traffic.pcap (no frame has the layers and fields of 'filter')",
      "13:15 this packet has no Ethernet header, with which xdp packets begin (begin with eth)",
      "14:36 map 'inner_a' has no slot 9 (its slots are 0 to 3)",
      "15:19 nothing can be deleted from map 'inner_b': the slots of an array are always there; set them to 0",
      "15:33 nothing can be deleted from map 'seen': a bloom_filter has no keys",
      "15:55 the keys to delete from map 'endpoints' are a list (write [key, …])",
    ]);
  });

  it("tell a mistake that many cases share once", async () => {
    const text =
      "cases:\n  - name: ${n}\n    matrix: { n: [1, 2, 3] }\n    maps: { nowhere: 1 }\n    send: [eth]\n    expect: { printk: [] }\n";
    expect(await problemsOf(text)).to.have.length(1);
  });
});

it("planScenario: the same scenario, object and inputs give the same plans", async () => {
  const text = `maps: { counters: 3 }\n${oneCase}  - name: two\n    send: [eth]\n    expect: { verdict: XDP_PASS, maps: { counters: { sum: 3 } } }\n`;
  expect(await planOf(text)).to.deep.equal(await planOf(text));
});

describe("planScenario: a case that expects nothing", () => {
  const nothing = "8:5 case 'one' expects nothing, so it cannot fail (say under `expect:` what must come out)";

  it("is refused, since it could not fail", async () => {
    expect(await problemsOf("cases:\n  - name: one\n    send: [eth]\n")).to.deep.equal([nothing.replace("8:5", "6:5")]);
    const only = "cases:\n  - name: one\n    send: [eth]\n    expect: { wire: {} }\n";
    expect(await problemsOf(only)).to.deep.equal([nothing.replace("8:5", "6:5")]);
  });

  it("is another where one step of several expects something, or one backend", async () => {
    const steps = "cases:\n  - name: one\n    steps:\n      - send: [eth]\n      - expect: { printk: [] }\n";
    expect(await planOf(steps)).to.have.length(1);
    const wire = "cases:\n  - name: one\n    send: [eth]\n    expect: { wire: { verdict: XDP_PASS } }\n";
    expect(await planOf(wire)).to.have.length(1);
  });
});
