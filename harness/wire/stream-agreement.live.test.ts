import { expect } from "chai";
import fc from "fast-check";
import { toHex } from "../model/hex.js";
import type { Session } from "../model/backend.js";
import type { Observation } from "../model/observation.js";
import type { Plan, PlannedStep, PlannedTcp } from "../model/plan.js";
import { fixtureObject, mapOf, noExpectation, nowhere, planFor, setPatch } from "../kernel/plan-builder.test.js";
import { device, hostWith, skipWithoutRoot, twoHosts, uniqueId } from "../../netns/example-topologies.test.js";
import { simBackend } from "../sim/backend.js";
import { wireBackend } from "./backend.js";

/** Both ends of every connection are in the program's host. */
const topology = {
  ...twoHosts,
  hosts: [hostWith("client", [device("eth0", 1)]), hostWith("dut", [device("eth0", 2, ["10.0.0.2/24"])])],
};

const place = (port: number) => ({ host: "dut", address: "10.0.0.2", port });

function tcpStep(index: number, more: Partial<PlannedTcp>): PlannedTcp {
  return {
    kind: "tcp",
    index,
    label: `step ${index + 1}`,
    span: nowhere,
    expect: noExpectation,
    connection: "first",
    open: undefined,
    send: [],
    reply: [],
    receives: undefined,
    close: [],
    fails: false,
    timeoutMs: 2_000,
    ...more,
  };
}

/** What arrived where in each step, and what a map holds at the end. */
function factsOf(seen: readonly Observation[]): readonly string[] {
  const last = seen
    .filter((o) => o.kind === "map")
    .at(-1)
    ?.entries.map(({ key, values }) => [toHex(key), sumOf(values)].join(" "));
  return [
    ...seen.flatMap((o) =>
      o.kind === "tcp"
        ? o.received.map(({ end, bytes }) => `${o.step} ${end.connection}.${end.side} ${toHex(bytes)}`)
        : o.kind === "fault"
          ? [o.message]
          : [],
    ),
    ...(last ?? []),
  ];
}

/** A value; of per-CPU ones the sum, as words of 64 bits. */
function sumOf(values: readonly Uint8Array[]): string {
  if (values.length === 1) return toHex(values[0]!);
  const words = values.map((bytes) => new BigUint64Array(bytes.slice().buffer));
  return Array.from(words[0] ?? [], (_, i) => words.reduce((sum, each) => sum + each[i]!, 0n)).join();
}

const payload = fc.uint8Array({ minLength: 1, maxLength: 300 });

describe("the simulator and real sockets", function () {
  before(skipWithoutRoot);

  const sessions: Session[] = [];
  before(async () => {
    for (const backend of [simBackend, wireBackend])
      sessions.push(await backend.open({ runId: uniqueId(), port: "af_packet" }));
  });
  after(async () => {
    for (const session of sessions) await session.close();
  });

  async function agree(plan: Plan): Promise<void> {
    for (const session of sessions) expect(session.missing(plan)).to.deep.equal([]);
    const [simulated, real] = [await sessions[0]!.run(plan), await sessions[1]!.run(plan)].map(factsOf);
    expect(simulated).to.deep.equal(real);
  }

  it("agree on what is redirected, and where it arrives", async () => {
    const object = fixtureObject("sockmap_redirect");
    const program = object.programs.find(({ name }) => name === "shortcut")!;
    const expect = {
      ...noExpectation,
      maps: [
        { map: mapOf(object, "redirected"), entries: [], others: "any", count: undefined, span: nowhere } as const,
      ],
    };
    const dialogue = fc.array(fc.record({ send: fc.array(payload), reply: fc.array(payload) }), {
      minLength: 1,
      maxLength: 4,
    });
    for (const exchanges of fc.sample(dialogue, { numRuns: 4, seed: 11 })) {
      const steps: PlannedStep[] = [
        tcpStep(0, { open: { from: place(40_000), to: place(80) } }),
        ...exchanges.map((each, i) => tcpStep(i + 1, { ...each, expect })),
      ];
      const attach = [{ program, programType: "sk_msg", hook: "sk_msg", at: topology.attach, map: "sockets" } as const];
      await agree(planFor(object, "sockops", { entry: "remember", topology, attach, steps }));
    }
  });

  it("agree on the messages of a stream, wherever it is cut", async () => {
    const object = fixtureObject("stream_messages");
    const attach = (
      [
        ["find_end", "sk_skb/stream_parser"],
        ["decide", "sk_skb/stream_verdict"],
      ] as const
    ).map(([name, hook]) => {
      const program = object.programs.find((each) => each.name === name)!;
      return { program, programType: "sk_skb", hook, at: topology.attach, map: "connections" } as const;
    });
    const message = fc
      .record({ body: fc.uint8Array({ maxLength: 60 }), to: fc.constantFrom(0, 1, 2, 5, 255) })
      .map(({ body, to }) => Uint8Array.of(0, body.length, to, 0, ...body));
    const stream = fc
      .tuple(
        fc.array(message, { minLength: 1, maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
      )
      .map(([messages, sizes]) => cut(Uint8Array.from(messages.flatMap((each) => [...each])), sizes));
    for (const send of fc.sample(stream, { numRuns: 6, seed: 12 })) {
      const steps: PlannedStep[] = [
        tcpStep(0, { connection: "first", open: { from: place(40_000), to: place(7000) } }),
        tcpStep(1, { connection: "second", open: { from: place(40_001), to: place(7000) } }),
        tcpStep(2, { send }),
      ];
      await agree(planFor(object, "sockops", { entry: "accept", topology, attach, steps }));
    }
  });
  it("agree on what a message program does to the bytes of a connection", async () => {
    const object = fixtureObject("message_bytes");
    const program = object.programs.find(({ name }) => name === "edit")!;
    const attach = [{ program, programType: "sk_msg", hook: "sk_msg", at: topology.attach, map: "senders" } as const];
    const order = fc.tuple(fc.nat({ max: 6 }), fc.integer({ max: 60, min: 0 }), fc.nat({ max: 60 }));
    const answers = mapOf(object, "answers");
    const expect = {
      ...noExpectation,
      maps: [{ map: answers, entries: [], others: "any", count: undefined, span: nowhere } as const],
    };
    const dialogue = fc.record({
      orders: fc.array(order, { minLength: 1, maxLength: 16 }),
      sends: fc.array(fc.uint8Array({ minLength: 1, maxLength: 80 }), { minLength: 1, maxLength: 6 }),
    });
    for (const { orders, sends } of fc.sample(dialogue, { numRuns: 20, seed: 14 })) {
      const maps = orders.map((words, slot) =>
        setPatch(
          mapOf(object, "orders"),
          new Uint8Array(Uint32Array.of(slot).buffer),
          new Uint8Array(Uint32Array.from(words).buffer),
        ),
      );
      const steps = [
        tcpStep(0, { open: { from: place(40_000), to: place(80) } }),
        ...sends.map((send, i) => tcpStep(i + 1, { send: [send], expect })),
      ];
      await agree(planFor(object, "sockops", { entry: "remember", topology, attach, maps, steps }));
    }
  });
});

function cut(stream: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < stream.length; at += pieces.at(-1)!.length)
    pieces.push(stream.slice(at, at + sizes[pieces.length % sizes.length]!));
  return pieces;
}
