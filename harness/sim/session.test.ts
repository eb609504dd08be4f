import { expect } from "chai";
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
} from "../kernel/plan-builder.test.js";
import { fromHex, toHex } from "../model/hex.js";
import type { Observation } from "../model/observation.js";
import type { BpfObject } from "../model/object.js";
import type { Plan, PlannedExpectation } from "../model/plan.js";
import { engineNames } from "./engine.js";
import { SimSession } from "./session.js";

/** eth / ipv4 192.0.2.1 > 192.0.2.2 ttl 64 / icmp echo request */
const ping = fromHex(
  "02:00:00:00:00:02 02:00:00:00:00:01 0800 4500001c000000004001 f6dc c0000201 c0000202 0800f7fe00000001",
);

/** The same hosts, udp 40000 > 53 */
const query = fromHex(
  "02:00:00:00:00:02 02:00:00:00:00:01 0800 4500001c000000004011 f6cc c0000201 c0000202 9c40003500080000",
);

type Kind = Observation["kind"];

for (const engine of engineNames) {
  describe(`backend sim with the ${engine}`, () => {
    const session = new SimSession(engine);

    async function run<K extends Kind>(plan: Plan, kind: K): Promise<Extract<Observation, { kind: K }>[]> {
      expect(session.missing(plan)).to.deep.equal([]);
      const seen = await session.run(plan);
      return seen.filter((o): o is Extract<Observation, { kind: K }> => o.kind === kind);
    }

    const wantingMap = (object: BpfObject, name: string): PlannedExpectation => ({
      ...noExpectation,
      maps: [{ map: mapOf(object, name), span: nowhere, entries: [], others: "any", count: undefined }],
    });

    it("tells verdict and packet", async () => {
      const plan = planFor(fixtureObject("xdp_icmp_log"), "xdp", { steps: steps(sendStep([ping])) });
      const [verdict] = await run(plan, "verdict");
      expect(verdict).to.include({ step: 0, packet: 0, evidence: "returned 2", returned: 2 });
      expect(verdict!.possible).to.deep.equal(["XDP_PASS"]);
      const [packet] = await run(plan, "packet");
      expect(toHex(packet!.bytes)).to.equal(toHex(ping));
    });

    it("gives the fields of struct xdp_md back as they were given", async () => {
      const plan = (context: Record<string, number>) =>
        planFor(fixtureObject("xdp_count"), "xdp", { steps: steps(sendStep([ping], { context })) });
      const fields = async (context: Record<string, number>) => (await run(plan(context), "context"))[0]!.fields;
      expect(await fields({})).to.include({ ingress_ifindex: 0, rx_queue_index: 0 });
      expect(await fields({ ingress_ifindex: 1 })).to.include({ ingress_ifindex: 1 });
    });

    it("gives nothing out where the packet is dropped", async () => {
      const plan = planFor(fixtureObject("xdp_icmp_drop"), "xdp", { steps: steps(sendStep([ping])) });
      expect(await run(plan, "packet")).to.deep.equal([]);
    });

    it("tells what was printed", async () => {
      const plan = planFor(fixtureObject("xdp_icmp_log"), "xdp", { steps: steps(sendStep([ping])) });
      const [line] = await run(plan, "printk");
      expect(line!.text).to.match(/192\.0\.2\.1/);
    });

    it("tells the interface of a devmap's slot", async () => {
      const object = fixtureObject("redirect");
      const ports = mapOf(object, "ports");
      const slot = setPatch(ports, u32(0), { kind: "device", dev: "eth7", program: undefined });
      const plan = planFor(object, "xdp", { entry: "redirect", maps: [slot], steps: steps(sendStep([ping])) });
      const [redirect] = await run(plan, "redirect");
      expect(redirect!.target).to.equal("eth7");
    });

    it("tells the AF_XDP socket of an xskmap's slot", async () => {
      const object = fixtureObject("xdp_steer");
      const rule = setPatch(mapOf(object, "rules"), fromHex("00351100"), {
        kind: "bytes",
        bytes: fromHex("0300000000000000"),
      });
      const slot = setPatch(mapOf(object, "sockets"), u32(0), { kind: "xsk", queue: 0 });
      const plan = planFor(object, "xdp", { entry: "xdp_steer", maps: [rule, slot], steps: steps(sendStep([query])) });
      const [redirect] = await run(plan, "redirect");
      expect(redirect!.target).to.equal("queue 0");
    });

    it("hands events over, once", async () => {
      const plan = planFor(fixtureObject("ring_buffer"), "xdp", { steps: steps(sendStep([ping]), sendStep([ping])) });
      const events = await run(plan, "event");
      expect(events.map(({ step, map }) => [step, map])).to.deep.equal([
        [0, "events"],
        [1, "events"],
      ]);
    });

    it("counts on the CPU of each sender", async () => {
      const object = fixtureObject("xdp_count");
      const [map] = object.maps;
      const send = sendStep([ping], { times: 5, senders: 2, expect: wantingMap(object, map!.name) });
      const seen = await run(planFor(object, "xdp", { steps: steps(send) }), "map");
      const [entry] = seen.at(-1)!.entries;
      expect(entry!.values.slice(0, 3).map((value) => value[0])).to.deep.equal([3, 2, 0]);
      const [verdict] = await run(planFor(object, "xdp", { steps: steps(send) }), "verdict");
      expect(verdict!.evidence).to.equal("returned 2 in 5 of 5 runs");
    });

    it("makes a fault an observation and goes on", async () => {
      const short = fromHex("0242ac110005 0242ac110004 0800 4500002800000000 4006 0000 ac110004 ac110005 9c40");
      const object = fixtureObject("xdp_lb_no_bounds_check");
      const plan = planFor(object, "xdp", { steps: steps(sendStep([short, ping])) });
      const [fault, ...more] = await run(plan, "fault");
      expect(fault).to.include({ step: 0, packet: 0 });
      expect(fault!.message).to.match(/past the end of the packet \(36 bytes\)/);
      expect(more).to.deep.equal([]);
      expect(await run(plan, "verdict")).to.have.lengthOf(1);
    });

    it("forgets maps that are not pinned when the program is unloaded", async () => {
      const object = fixtureObject("xdp_count");
      const [map] = object.maps;
      const expectation = wantingMap(object, map!.name);
      const base = { label: "", span: nowhere, index: 0, expect: expectation };
      const unload = steps(sendStep([ping], { expect: expectation }), { kind: "unload", ...base });
      const stepsSeen = async (pins: Plan["pins"]) =>
        (await run(planFor(object, "xdp", { steps: unload, pins }), "map")).map(({ step }) => step);
      expect(await stepsSeen({})).to.deep.equal([-1, 0]);
      expect(await stepsSeen({ [map!.name]: "count" })).to.deep.equal([-1, 0, 1]);
    });

    it("says of a type that is not simulated only that", () => {
      const plan = planFor(fixtureObject("lwt"), "lwt_in", { steps: steps(sendStep([ping])) });
      expect(session.missing({ ...plan, programType: "lwt_seg6local" })).to.deep.equal([
        "programs of type lwt_seg6local are not simulated",
      ]);
    });

    it("leaves nothing of one case to the next", async () => {
      const object = fixtureObject("xdp_count");
      const expectation = wantingMap(object, object.maps[0]!.name);
      const plan = planFor(object, "xdp", { steps: steps(sendStep([ping], { times: 5, expect: expectation })) });
      const first = await session.run(plan);
      const kept = structuredClone(first);
      expect(session.missing(plan)).to.deep.equal([]);
      expect(await session.run(plan)).to.deep.equal(kept);
      expect(await session.run(plan)).to.deep.equal(kept);
      expect(first).to.deep.equal(kept);
    });

    it("keeps apart repetitions that go to different interfaces", async () => {
      const object = fixtureObject("redirect");
      const ports = mapOf(object, "ports");
      const slot = (dev: string) => setPatch(ports, u32(0), { kind: "device", dev, program: undefined });
      const update = { kind: "maps" as const, index: 0, label: "", span: nowhere, expect: noExpectation };
      const list = steps(sendStep([ping]), { ...update, patches: [slot("eth8")] }, sendStep([ping]));
      const plan = planFor(object, "xdp", { entry: "redirect", maps: [slot("eth7")], steps: list });
      expect((await run(plan, "redirect")).map(({ step, target }) => [step, target])).to.deep.equal([
        [0, "eth7"],
        [2, "eth8"],
      ]);
    });

    it("has a CPU for every sender, on machines of different sizes in turn", async () => {
      const object = fixtureObject("xdp_count");
      const [map] = object.maps;
      const counts = async (senders: number) => {
        const send = sendStep([ping], { times: senders, senders, expect: wantingMap(object, map!.name) });
        const seen = await run(planFor(object, "xdp", { steps: steps(send) }), "map");
        return seen.at(-1)!.entries[0]!.values.map((value) => value[0]);
      };
      expect(await counts(6)).to.deep.equal([1, 1, 1, 1, 1, 1]);
      expect(await counts(1)).to.deep.equal([1, 0, 0, 0]);
      expect(await counts(6)).to.deep.equal([1, 1, 1, 1, 1, 1]);
    });

    it("takes tail calls to the programs that a scenario puts into slots", async () => {
      const object = fixtureObject("tail_call");
      const slot = setPatch(mapOf(object, "stages"), u32(2), { kind: "program", name: "drop_stage" });
      const plan = (maps: Plan["maps"]) =>
        planFor(object, "xdp", { entry: "dispatch", maps, steps: steps(sendStep([ping])) });
      const verdicts = async (maps: Plan["maps"]) =>
        (await run(plan(maps), "verdict")).map(({ possible }) => possible[0]);
      expect(await verdicts([slot])).to.deep.equal(["XDP_DROP"]);
      expect(await verdicts([])).to.deep.equal(["XDP_ABORTED"]);
    });

    it("says that a map is gone where it is looked for after the program", async () => {
      const object = fixtureObject("xdp_count");
      const expectation = wantingMap(object, object.maps[0]!.name);
      const unload = { kind: "unload" as const, index: 0, label: "", span: nowhere, expect: expectation };
      const [fault] = await run(planFor(object, "xdp", { steps: steps(unload) }), "fault");
      expect(fault!.message).to.match(/is gone with the program: it is not pinned/);
    });
  });
}
