import { existsSync } from "node:fs";
import { expect } from "chai";
import { HarnessError } from "../model/error.js";
import { fromHex, toHex } from "../model/hex.js";
import type { Observation } from "../model/observation.js";
import type { BpfObject } from "../model/object.js";
import type { Plan, PlannedEvents, PlannedExpectation } from "../model/plan.js";
import { compiled } from "./compile.test.js";
import { possibleCpus } from "./cpus.js";
import {
  fixtureObject,
  mapOf,
  noExpectation,
  nowhere,
  planFor,
  sendStep,
  setPatch,
  steps,
  u32,
} from "./plan-builder.test.js";
import { whyNoKernel } from "./probe.js";
import { KernelSession } from "./session.js";

type Kind = Observation["kind"];

/** eth / ipv4 192.0.2.1 > 192.0.2.2 ttl 64 / udp 1111 > 2222, sums left out */
const udp = fromHex(
  "02:00:00:00:00:02 02:00:00:00:00:01 0800 4500001c000000004011 0000 c0000201 c0000202 045708ae 00080000",
);

describe("backend kernel", () => {
  let session: KernelSession;

  before(function () {
    if (whyNoKernel() !== undefined) this.skip();
    session = new KernelSession({ runId: `test-${process.pid}`, port: "af_packet" });
  });
  after(() => session?.close());

  async function run<K extends Kind>(plan: Plan, kind: K): Promise<Extract<Observation, { kind: K }>[]> {
    expect(session.missing(plan)).to.deep.equal([]);
    const seen = await session.run(plan);
    return seen.filter((o): o is Extract<Observation, { kind: K }> => o.kind === kind);
  }

  const wantingMap = (object: BpfObject, name: string): PlannedExpectation => ({
    ...noExpectation,
    maps: [{ map: mapOf(object, name), span: nowhere, entries: [], others: "any", count: undefined }],
  });

  const wantingEvents = (events: Partial<PlannedEvents>): PlannedExpectation => ({
    ...noExpectation,
    events: {
      map: "events",
      type: undefined,
      ordered: true,
      events: [],
      count: undefined,
      ascending: undefined,
      lost: undefined,
      timeoutMs: 0,
      span: nowhere,
      ...events,
    },
  });

  const wantingContext: PlannedExpectation = {
    ...noExpectation,
    context: { mark: { value: { kind: "any" }, span: nowhere } },
  };

  it("gives verdict and bytes of each packet", async () => {
    const object = fixtureObject("tail_call");
    const maps = [setPatch(mapOf(object, "stages"), u32(1), { kind: "program", name: "drop_stage" })];
    const plan = planFor(object, "xdp", { entry: "dispatch", maps, steps: steps(sendStep([udp, new Uint8Array(60)])) });
    const verdicts = await run(plan, "verdict");
    expect(verdicts.map(({ packet, possible }) => [packet, ...possible])).to.deep.equal([
      [0, "XDP_DROP"],
      [1, "XDP_PASS"],
    ]);
    // What is dropped does not come out, even though the kernel gives its bytes back.
    const packets = await run(plan, "packet");
    expect(packets.map(({ packet, bytes }) => [packet, bytes.length])).to.deep.equal([[1, 60]]);
  });

  it("counts repetitions, and shares them out among senders on CPUs of their own", async () => {
    const object = fixtureObject("xdp_count");
    const step = sendStep([udp], { times: 101, senders: 2, expect: wantingMap(object, "packets") });
    const [before, after] = await run(planFor(object, "xdp", { steps: steps(step) }), "map");
    expect(before!.step).to.equal(-1);
    const counted = after!.entries[0]!.values.map((value) => Number(new DataView(value.buffer).getBigUint64(0, true)));
    expect(counted).to.have.lengthOf(possibleCpus());
    expect(counted.reduce((sum, n) => sum + n)).to.equal(101);
    if (possibleCpus() > 1) expect(counted.filter((n) => n > 0)).to.have.members([51, 50]);
    const verdicts = await run(planFor(object, "xdp", { steps: steps(step) }), "verdict");
    expect(verdicts.map(({ evidence }) => evidence)).to.deep.equal(["retval 2 in 101 of 101 runs"]);
  });

  it("tells different outcomes of the same packet apart", async function () {
    const object = compiled(
      "every_third",
      `__u32 seen = 0;
       SEC("xdp") int every_third(struct xdp_md *ctx) { return ++seen % 3 ? XDP_PASS : XDP_DROP; }`,
    );
    if (!object) return this.skip();
    const plan = planFor(object, "xdp", { steps: steps(sendStep([udp], { times: 40 })) });
    const verdicts = await run(plan, "verdict");
    expect(verdicts.map(({ possible, evidence }) => `${possible[0]} ${evidence}`)).to.deep.equal([
      "XDP_PASS retval 2 in 27 of 40 runs",
      "XDP_DROP retval 1 in 13 of 40 runs",
    ]);
  });

  it("reads ring buffers after each step", async () => {
    const object = fixtureObject("ring_buffer");
    const expectation = wantingEvents({});
    const plan = planFor(object, "xdp", {
      steps: steps(sendStep([udp, udp], { expect: expectation }), sendStep([udp], { expect: expectation })),
    });
    const events = await run(plan, "event");
    expect(events.map(({ step }) => step)).to.deep.equal([0, 0, 1]);
    expect(toHex(events[0]!.bytes)).to.equal("c0000201c00002022a0000001140020000000001");
  });

  it("reads perf buffers, without the kernel's padding where the struct is known", async () => {
    const object = fixtureObject("perf_buffer");
    const type = object.structs.find(({ name }) => name === "packet_event")!;
    const plan = (events: Partial<PlannedEvents>): Plan =>
      planFor(object, "xdp", { steps: steps(sendStep([udp], { expect: wantingEvents(events) })) });
    const [typed] = await run(plan({ type }), "event");
    expect(toHex(typed!.bytes)).to.equal("c0000201c00002022a0000001140020000000001");
    expect(typed!.cpu).to.be.a("number");
    const [raw] = await run(plan({}), "event");
    expect((raw!.bytes.length + 4) % 8).to.equal(0);
  });

  it("reads bpf_printk, each case its own lines", async function () {
    const object = compiled(
      "talk",
      `SEC("xdp") int talk(struct xdp_md *ctx) { bpf_printk("%d bytes", ctx->data_end - ctx->data); return XDP_PASS; }`,
    );
    if (!object) return this.skip();
    const plan = (bytes: number): Plan =>
      planFor(object, "xdp", { steps: steps(sendStep([new Uint8Array(bytes)]), sendStep([new Uint8Array(99)])) });
    for (const bytes of [60, 61]) {
      const lines = await run(plan(bytes), "printk");
      expect(lines.map(({ step, text }) => `${step}: ${text}`)).to.deep.equal([`0: ${bytes} bytes`, "1: 99 bytes"]);
    }
  });

  it("carries the skb's fields in and out", async () => {
    const send = sendStep([udp], { context: { mark: 21, cb: [7, 8, 9, 10, 11] }, expect: wantingContext });
    const [context] = await run(planFor(fixtureObject("tc_context"), "tc-ingress", { steps: steps(send) }), "context");
    expect(context!.fields).to.deep.include({ mark: 42, priority: 6, cb: [21, 9, 9, 10, 11] });
  });

  it("carries XDP metadata in and out", async () => {
    const object = fixtureObject("xdp_context");
    const meta = (value: number): ReturnType<typeof sendStep> =>
      sendStep([udp], { context: { data_meta: u32(value) } });
    const into = planFor(object, "xdp", { entry: "drop_by_metadata", steps: steps(meta(1), meta(2)) });
    expect((await run(into, "verdict")).map(({ possible }) => possible[0])).to.deep.equal(["XDP_DROP", "XDP_PASS"]);
    const outOf = planFor(object, "xdp", { entry: "set_metadata", steps: steps(sendStep([udp])) });
    expect((await run(outOf, "context"))[0]!.fields["data_meta"]).to.deep.equal(u32(udp.length));
    expect((await run(outOf, "packet"))[0]!.bytes).to.deep.equal(udp);
  });

  it("makes the interface and the receive queue that a context names", async () => {
    const object = fixtureObject("xdp_context");
    const drop = object.globals.find(({ name }) => name === "drop_queue")!;
    const globals = [{ name: drop.name, section: drop.section, offsetBytes: drop.offsetBytes, bytes: u32(3) }];
    const send = (queue: number): ReturnType<typeof sendStep> =>
      sendStep([udp], { context: { rx_queue_index: queue } });
    const plan = planFor(object, "xdp", { entry: "drop_by_queue", globals, steps: steps(send(0), send(3), send(2)) });
    expect((await run(plan, "verdict")).map(({ possible }) => possible[0])).to.deep.equal([
      "XDP_PASS",
      "XDP_DROP",
      "XDP_PASS",
    ]);
    const named = sendStep([udp], { context: { ingress_ifindex: 77, rx_queue_index: 3 } });
    const byName = planFor(object, "xdp", { entry: "drop_by_queue", globals, steps: steps(named) });
    expect((await run(byName, "verdict"))[0]!.possible).to.deep.equal(["XDP_DROP"]);
    expect((await run(byName, "context"))[0]!.fields).to.include({ ingress_ifindex: 77, rx_queue_index: 3 });
    // Only in the run's own namespace.
    expect(existsSync("/sys/class/net/pp77")).to.equal(false);
  });

  it("keeps the Ethernet header that a cgroup program never saw", async () => {
    const plan = planFor(fixtureObject("cgroup_skb"), "cgroup_skb/ingress", { steps: steps(sendStep([udp])) });
    expect((await run(plan, "packet"))[0]!.bytes).to.deep.equal(udp);
  });

  it("passes packets in several buffers to programs that take them", async function () {
    const source = (section: string): string =>
      `SEC("${section}") int whole(struct xdp_md *ctx) {
         __u32 length = bpf_xdp_get_buff_len(ctx);
         return length == 9000 ? XDP_TX : XDP_DROP;
       }`;
    const object = compiled("frags", source("xdp.frags"));
    if (!object) return this.skip();
    const jumbo = Uint8Array.from({ length: 9000 }, (_, i) => i);
    const plan = planFor(object, "xdp", { steps: steps(sendStep([jumbo])) });
    expect((await run(plan, "verdict"))[0]!.possible).to.deep.equal(["XDP_TX"]);
    expect((await run(plan, "packet"))[0]!.bytes).to.deep.equal(jumbo);
    const single = compiled("single", source("xdp"))!;
    expect(session.missing(planFor(single, "xdp", { steps: steps(sendStep([jumbo])) }))).to.have.lengthOf(1);
  });

  it("takes packets that a program made longer", async function () {
    const object = compiled(
      "grow",
      `SEC("tc") int grow(struct __sk_buff *skb) { return bpf_skb_change_tail(skb, 10000, 0); }`,
    );
    if (!object) return this.skip();
    const plan = planFor(object, "tc-ingress", { steps: steps(sendStep([udp])) });
    expect((await run(plan, "packet"))[0]!.bytes).to.have.lengthOf(10_000);
  });

  it("attaches programs to devmap slots", async function () {
    const object = compiled(
      "egress",
      `struct { __uint(type, BPF_MAP_TYPE_DEVMAP); __uint(max_entries, 1); __type(key, __u32); __type(value, struct bpf_devmap_val); } ports SEC(".maps");
       SEC("xdp") int entry(struct xdp_md *ctx) { return bpf_redirect_map(&ports, 0, XDP_ABORTED); }
       SEC("?xdp/devmap") int on_egress(struct xdp_md *ctx) { return XDP_PASS; }`,
    );
    if (!object) return this.skip();
    const value = { kind: "device", dev: "eth1", program: "on_egress" } as const;
    const maps = [setPatch(mapOf(object, "ports"), u32(0), value)];
    const expectation = wantingMap(object, "ports");
    const plan = planFor(object, "xdp", {
      entry: "entry",
      maps,
      steps: steps(sendStep([udp], { expect: expectation })),
    });
    expect((await run(plan, "verdict"))[0]!.possible).to.deep.equal(["XDP_REDIRECT"]);
    const value2 = (await run(plan, "map"))[0]!.entries[0]!.values[0]!;
    expect(new DataView(value2.buffer).getUint32(4, true), "the program's number").to.be.above(0);
  });

  it("shows what is in the maps of a map", async () => {
    const object = fixtureObject("map_in_map");
    const outer = mapOf(object, "ports_untagged");
    const inner = outer.inner!;
    const key = new Uint8Array(inner.keySizeBytes).fill(5);
    const entries = [setPatch(inner, key, new Uint8Array(inner.valueSizeBytes).fill(1))];
    const maps = [setPatch(outer, u32(0), { kind: "inner", entries })];
    const step = sendStep([udp], { expect: wantingMap(object, "ports_untagged") });
    const seen = await run(planFor(object, "xdp", { maps, steps: steps(step) }), "map");
    const list = seen.find(({ map, step: at }) => map === "ports_untagged[0x00000000]" && at === 0);
    expect(list!.entries.map((entry) => toHex(entry.key))).to.deep.equal([toHex(key)]);
  });

  it("reports a map that went with its program, where one is expected", async () => {
    const object = fixtureObject("xdp_drop_count");
    const unload = {
      kind: "unload" as const,
      index: 0,
      label: "",
      span: nowhere,
      expect: wantingMap(object, "dropped"),
    };
    const faults = await run(planFor(object, "xdp", { steps: steps(unload) }), "fault");
    expect(faults.map(({ message }) => message)).to.deep.equal([
      "map 'dropped' is gone with the program: it is not pinned",
    ]);
    const pinned = planFor(object, "xdp", {
      pins: { dropped: "dropped" },
      steps: steps(sendStep([udp], { times: 3 }), unload),
    });
    const maps = await run(pinned, "map");
    expect(toHex(maps.at(-1)!.entries[0]!.values[0]!)).to.equal("0300000000000000");
  });

  it("reports a refusal before anything else", async () => {
    const seen = await session.run(planFor(fixtureObject("unbounded_loop"), "xdp", { steps: steps(sendStep([udp])) }));
    expect(seen.map(({ kind }) => kind)).to.deep.equal(["load"]);
    expect(seen[0]).to.include({ accepted: false, errno: 22 });
  });

  it("cannot see the machine's own routes and sockets", async function () {
    const object = compiled(
      "route",
      `SEC("tc") int route(struct __sk_buff *skb) {
         struct bpf_fib_lookup to = { .family = 2, .ifindex = 1, .ipv4_dst = 0x0100007f };
         return bpf_fib_lookup(skb, &to, sizeof(to), 0);
       }`,
    );
    if (!object) return this.skip();
    const [verdict] = await run(planFor(object, "tc-ingress", { steps: steps(sendStep([udp])) }), "verdict");
    // BPF_FIB_LKUP_RET_FWD_DISABLED or NOT_FWDED: lo is down and has no addresses; never a route of this machine.
    expect(verdict!.returned).to.be.oneOf([4, 5]);
  });

  it("stops between steps when it is told to", async () => {
    const aborted = new KernelSession({ runId: `stop-${process.pid}`, port: "af_packet", signal: AbortSignal.abort() });
    try {
      const plan = planFor(fixtureObject("xdp_drop_count"), "xdp", { steps: steps(sendStep([udp])) });
      await aborted.run(plan).then(
        () => expect.fail("not stopped"),
        (error: unknown) => expect(error).to.be.instanceOf(HarnessError),
      );
    } finally {
      await aborted.close();
    }
  });

  it("leaves nothing behind", async () => {
    const runId = `gone-${process.pid}`;
    const other = new KernelSession({ runId, port: "af_packet" });
    const object = fixtureObject("xdp_drop_count");
    await other.run(planFor(object, "xdp", { pins: { dropped: "dropped" } }));
    expect(existsSync(`/run/packetproof/${runId}-kernel/bpf`)).to.equal(true);
    await other.close();
    expect(existsSync(`/run/packetproof/${runId}-kernel`)).to.equal(false);
  });
});
