import { expect } from "chai";
import type { Expectation, Scenario, Step } from "../model/scenario.js";
import { exampleScenario } from "./example.js";
import { parseScenario } from "./parse.js";

function parse(text: string): Scenario {
  const { scenario, diagnostics } = parseScenario(text, "x.yml");
  expect(diagnostics.map(({ message }) => message)).to.deep.equal([]);
  return scenario!;
}

/** The only step of a scenario with one case of these lines. */
function stepOf(lines: string, hook = "xdp"): Step {
  const text = `name: n\nprogram: p.o\nhook: ${hook}\ncases:\n  - name: c\n${lines.replace(/^/gm, "    ")}\n`;
  return parse(text).cases[0]!.steps[0]!;
}

function expectationOf(written: string, hook = "xdp"): Expectation {
  return stepOf(`send: [eth]\nexpect: ${written}`, hook).expect;
}

/** Without spans, at any depth, for comparing meaning alone. */
function bare(value: unknown): unknown {
  if (value instanceof RegExp || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(bare);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => key !== "span" && key !== "keySpan" && key !== "source");
  return Object.fromEntries(entries.map(([key, inner]) => [key, bare(inner)]));
}

describe("parseScenario", () => {
  const scenario = parse(exampleScenario);
  const [first, ...others] = scenario.cases;
  const steps = others.at(-1)!.steps;

  it("reads what is said of the whole file", () => {
    const { name, description, program, entry, hook, pins, load, backends, cases } = scenario;
    expect({ name, description, backends }).to.deep.equal({
      name: "everything at once",
      description: "Two lines\nof text.\n",
      backends: ["kernel", "wire"],
    });
    expect(bare({ program, entry, hook, pins, load })).to.deep.equal({
      program: { value: "router.bpf.c" },
      entry: { value: "route" },
      hook: { value: "xdp" },
      pins: { counter: { value: "counter" } },
      load: { fails: undefined },
    });
    expect(cases.length).to.equal(5);
  });

  it("hands on globals and maps as they are written, with exact numbers", () => {
    expect(bare(scenario.globals)).to.deep.equal([
      { key: "debug", value: { kind: "scalar", value: false } },
      { key: "limit", value: { kind: "scalar", value: 31 } },
      { key: "big", value: { kind: "scalar", value: 0xffffffffffffffffn } },
    ]);
    expect(bare(scenario.maps[1])).to.deep.equal({ key: "counter", value: { kind: "scalar", value: 0 } });
  });

  it("reads services", () => {
    expect(bare(scenario.services)).to.deep.equal([
      {
        name: "server-1",
        host: { value: "server" },
        command: { value: ["nginx", "-c", "nginx.conf"] },
        files: { "nginx.conf": "daemon off;" },
        copies: {},
        ready: { tcpPort: 80 },
        timeoutMs: 2000,
      },
    ]);
  });

  it("reads what is said of a case", () => {
    const { steps: _, globals, ...rest } = others.at(-1)!;
    expect(bare(rest)).to.deep.equal({
      name: "several steps",
      skip: "not today",
      only: false,
      xfail: { wire: "known" },
      backends: ["kernel"],
      uptimeMs: 7_200_000,
      needs: [],
      maps: [],
      helpers: [],
      observe: [],
    });
    expect(globals.map(({ key }) => key)).to.deep.equal(["debug"]);
  });

  it("reads a packet given by its layers", () => {
    const [step] = first!.steps;
    if (step?.kind !== "send") throw new Error("not a send step");
    expect(bare({ ...step, packets: [], expect: {} })).to.deep.equal({
      kind: "send",
      label: "step 1",
      packets: [],
      from: { value: "client:eth0" },
      times: 10,
      senders: 2,
      context: { rx_queue_index: { value: 0 } },
      meanwhile: { program: { value: "next.bpf.c" }, entry: undefined, times: 1 },
      expect: {},
    });
    const [source] = step.packets;
    expect(bare(source)).to.deep.equal({
      kind: "layers",
      truncateBytes: 60,
      layers: [
        { protocol: "eth", fields: { src: { value: Uint8Array.of(2, 0, 0, 0, 0, 0x10) } } },
        {
          protocol: "ipv4",
          fields: {
            src: { value: Uint8Array.of(10, 0, 0, 10) },
            dst: { value: Uint8Array.of(10, 0, 0, 5) },
            ttl: { value: 64 },
          },
        },
        { protocol: "tcp", fields: { sport: { value: 40000 }, dport: { value: 80 }, flags: { value: 2 } } },
        { protocol: "payload", fields: { data: { value: new TextEncoder().encode("costs $5") } } },
      ],
    });
  });

  it("reads patterns with their places", () => {
    const packet = first!.steps[0]!.expect.packet!;
    expect(packet).to.include({ form: "changes", unchanged: "rest" });
    expect(bare(packet.layers.slice(1))).to.deep.equal([
      {
        protocol: "ipv4",
        fields: {
          dst: { value: { kind: "in", values: [Uint8Array.of(10, 0, 0, 2), Uint8Array.of(10, 0, 0, 3)] } },
          ttl: { value: { kind: "range", min: 1, max: 64 } },
          src: { value: { kind: "masked", mask: Uint8Array.of(255, 0, 0, 0), value: Uint8Array.of(10, 0, 0, 0) } },
          id: { value: { kind: "not", pattern: { kind: "equals", value: 7 } } },
        },
      },
      {
        protocol: "tcp",
        fields: {
          dport: { value: { kind: "range", min: 1 } },
          sport: { value: { kind: "masked", mask: 0xff00, value: 0x9c00 } },
          flags: { value: { kind: "any" } },
        },
      },
    ]);
    const { start, end } = packet.layers[1]!.fields["ttl"]!.span;
    expect(exampleScenario.slice(start.offset, end.offset)).to.equal("1..64");
    const layer = packet.layers[0]!.span;
    expect(exampleScenario.slice(layer.start.offset, layer.end.offset)).to.equal('eth: { dst: "02:00:00:00:00:02" }');
  });

  it("reads the other expectations", () => {
    const { verdict, redirect, maps, events, printk, frames, on } = first!.steps[0]!.expect;
    expect(bare({ verdict, redirect, printk })).to.deep.equal({
      verdict: { value: ["XDP_TX", "XDP_REDIRECT"] },
      redirect: { value: { dev: "eth1" } },
      printk: { value: [{ value: /^routed .* \d+/ }, { value: /done$/ }] },
    });
    expect(maps.map(({ map }) => map.value)).to.deep.equal(["counter", "services"]);
    expect(bare({ ...events, events: [] })).to.deep.equal({
      map: undefined,
      type: undefined,
      ordered: true,
      events: [],
      timeoutMs: 1000,
      count: undefined,
      ascending: undefined,
      lost: undefined,
    });
    expect(frames[0]!.place.value).to.equal("server:eth0");
    expect(frames[0]!.packets[0]).to.include({ form: "changes", unchanged: "any" });
    expect(on.wire?.verdict?.value).to.deep.equal(["XDP_TX"]);
  });

  it("reads every kind of step", () => {
    expect(steps.map(({ kind, label }) => `${label}: ${kind}`)).to.deep.equal([
      "step 1: maps",
      "the ping: ping",
      "step 3: http",
      "step 4: run",
      "step 5: send",
      "step 6: send",
      "step 7: swap",
      "step 8: swap",
      "step 9: clock",
      "step 10: unload",
      "step 11: expect",
    ]);
  });

  it("finds hosts' addresses, since there is no name service in a namespace", () => {
    const [, ping, http] = steps;
    expect(ping?.kind === "ping" && bare(ping)).to.deep.include({
      to: { value: "10.0.1.2" },
      count: 3,
      payloadBytes: 100,
      timeoutMs: 1500,
      replies: { value: { kind: "range", min: 2, max: 3 } },
    });
    expect(http?.kind === "http" && bare(http)).to.deep.include({
      from: { value: "client" },
      url: { value: "http://10.0.1.2:8080/x" },
      times: 20,
      bodies: { value: ["a", "b"] },
      fails: false,
    });
  });

  it("expects of clients that they succeed, where nothing else is said", () => {
    const ping = stepOf("ping: { to: 10.0.0.1, count: 3 }");
    expect(ping.kind === "ping" && bare(ping.replies)).to.deep.equal({ value: { kind: "equals", value: 3 } });
    const run = stepOf('run: { host: client, command: ["true"] }');
    expect(run.kind === "run" && bare(run.exit)).to.deep.equal({ value: { kind: "equals", value: 0 } });
  });

  it("reads captures: frames, filter and changes", () => {
    const step = steps[4];
    const source = step?.kind === "send" ? step.packets[0] : undefined;
    expect(bare(source)).to.deep.equal({
      kind: "capture",
      path: { value: "dns.pcapng" },
      frames: [
        [1, 20],
        [25, 25],
      ],
      filter: [{ protocol: "udp", fields: {} }],
      set: [{ protocol: "eth", fields: { src: { value: Uint8Array.of(2, 0, 0, 0, 0, 0x10) } } }],
    });
    expect(bare(step?.expect.packet)).to.deep.equal({ form: "changes", layers: [], unchanged: "all" });
  });

  it("reads several packets in every notation, unquoted hex digits included", () => {
    const step = steps[5];
    expect(step?.kind === "send" && step.packets.map(({ kind }) => kind)).to.deep.equal(["layers", "text", "text"]);
    expect(step?.kind === "send" && bare(step.packets[1])).to.deep.equal({
      kind: "text",
      text: "00112233445566778899aabb0800",
    });
    expect(bare(stepOf("send: { hex: 00112233 }"))).to.have.deep.property("packets", [
      { kind: "text", text: "00112233" },
    ]);
  });

  for (const [name, written, count] of [
    ["a list of layers", "[eth, ipv4, udp]", 1],
    ["a mapping of layers", "{ eth: , ipv4: { ttl: 1 } }", 1],
    ["a list of lists", "[[eth], [eth, ipv4]]", 2],
    ["a list of packets in several notations", "[{ hex: 00 }, [eth], { pcap: a.pcap }]", 3],
    ["packets", "{ packets: [[eth], { eth: }] }", 2],
  ] as const) {
    it(`takes ${name} to send`, () => {
      const step = stepOf(`send: ${written}`);
      expect(step.kind === "send" && step.packets.length).to.equal(count);
    });
  }

  it("takes a header's main field for the header", () => {
    const step = stepOf("send: [eth, vlan: 100, ipv4, udp, payload: 0x00ff]");
    expect(bare(step)).to.have.nested.property("packets[0].layers[1].fields.id.value", 100);
    expect(bare(step)).to.have.deep.nested.property("packets[0].layers[4].fields.data.value", Uint8Array.of(0, 255));
  });

  it("takes ways to write bytes for a main field of bytes", () => {
    const sizes = stepOf("send: [eth, payload: { size: 2, fill: 7 }]");
    expect(bare(sizes)).to.have.deep.nested.property("packets[0].layers[1].fields.data.value", Uint8Array.of(7, 7));
    const named = stepOf("send: [eth, payload: { data: { size: 2 } }]");
    expect(bare(named)).to.have.deep.nested.property("packets[0].layers[1].fields.data.value", Uint8Array.of(0, 0));
  });

  it("tells a whole sequence of layers, its end included, from changes", () => {
    const { packet } = expectationOf("{ packet: [eth, ipv4, $], unchanged: any }");
    expect(packet).to.include({ form: "sequence", unchanged: "any" });
    expect(packet?.layers.map(({ protocol }) => protocol)).to.deep.equal(["eth", "ipv4", "$"]);
  });

  it("says nothing of the packet where only `unchanged: any` is written", () => {
    expect(expectationOf("{ unchanged: any }").packet).to.equal(undefined);
    expect(expectationOf("{ verdict: XDP_DROP }").packet).to.equal(undefined);
  });

  it("gives verdicts their names by the hook", () => {
    expect(expectationOf("{ verdict: 2 }").verdict?.value).to.deep.equal(["XDP_PASS"]);
    expect(expectationOf("{ verdict: [2, -1] }", "tc-egress").verdict?.value).to.deep.equal([
      "TC_ACT_SHOT",
      "TC_ACT_UNSPEC",
    ]);
    expect(expectationOf("{ verdict: 64 }", "socket_filter").verdict?.value).to.deep.equal(["64"]);
  });

  it("reads context fields as the hook's program type has them", () => {
    const step = stepOf(
      "send: [eth]\ncontext: { mark: 0x10, cb: [1, 2] }\nexpect: { context: { mark: 1..9 } }",
      "tc-ingress",
    );
    expect(step.kind === "send" && bare(step.context)).to.deep.equal({
      mark: { value: 16 },
      cb: { value: [1, 2, 0, 0, 0] },
    });
    expect(bare(step.expect.context)).to.deep.equal({ mark: { value: { kind: "range", min: 1, max: 9 } } });
    const lookup = stepOf("send: [eth]\ncontext: { remote_ip4: 10.0.0.1, remote_port: 99 }", "sk_lookup");
    expect(lookup.kind === "send" && bare(lookup.context)).to.deep.equal({
      remote_ip4: { value: Uint8Array.of(10, 0, 0, 1) },
      remote_port: { value: 99 },
    });
  });

  it("allows a case without steps only where loading has to fail", () => {
    const text = "name: n\nprogram: p.o\nhook: xdp\nload: { fails: infinite loop }\ncases:\n  - name: is refused\n";
    const refused = parse(text);
    expect(refused.load.fails?.value).to.deep.equal(/infinite loop/);
    expect(refused.cases[0]?.steps).to.deep.equal([]);
  });

  it("keeps diagnostics in the order of the text", () => {
    const text = "cases: [{ nmae: c }]\nhook: xpd\nname: n\nprogram: p.o\n";
    expect(parseScenario(text, "x.yml").diagnostics.map(({ span }) => span?.start.line)).to.deep.equal([1, 2]);
  });
});
