import type { BenchGroup } from "../../model/bench.js";
import { harnessError } from "../../model/error.js";
import { RunFolder } from "../../kernel/run-folder.js";
import type { Network } from "../../../netns/network.js";
import { runCommand } from "../../wire/process/command.js";
import { list } from "../../scenario/decoder.js";
import { defaulted, type ObjectOf } from "../../scenario/object.js";
import { integer } from "../../scenario/scalars.js";
import { compileC } from "../compile-c.js";
import type { BenchContext, Measured } from "../context.js";
import { bounded, kind, roundFields } from "../definition/kind.js";
import { measureGroup, type Contender } from "../group.js";
import { Histogram } from "../method/histogram.js";
import { planText } from "../planned-program.js";
import { median } from "../statistics.js";
import { contextSwitches, loopbackPackets } from "../wire/process-counts.js";
import { setUp } from "../wire/set-up.js";
import { startReady } from "../wire/start-ready.js";

const mostMessageBytes = 1 << 20;

const fields = {
  sizes: defaulted(list(integer(1, mostMessageBytes)), [64, 1_024, 16_384, 65_536], "bytes of a message"),
  ...roundFields(10),
  messages: bounded(500, 10_000, "messages that come back, in a round"),
  megabytes: bounded(16, 1_000, "one way in a round"),
};

type Options = ObjectOf<typeof fields>;

export const sockets = kind("a TCP connection on one machine, with and without sockmap", fields, (options) => {
  return (context) => measureSockets(options, context);
});

/** bpf/sockmap_redirect.bpf.c for all processes of one host. */
const scenario = `
name: two processes of one host talk
program: sockmap_redirect.bpf.c
hook: sockops
attach: [{ hook: sk_msg }]
topology:
  hosts: { dut: { interfaces: { eth0: { addresses: [10.0.0.2/24] } } }, client: { interfaces: { eth0: {} } } }
  links: [[client:eth0, dut:eth0]]
  attach: dut:eth0
cases:
  - name: they connect
    tcp: { from: dut, to: dut:7000 }
    expect: { maps: { sockets: { count: 2 } } }
`;

/** A host on which the server listens. */
interface Ground {
  readonly id: "tcp" | "sockmap";
  readonly title: string;
  readonly network: Network;
}

const host = "dut";
const place = ["127.0.0.1", "7000"] as const;

async function measureSockets(options: Options, context: BenchContext): Promise<Measured> {
  const talk = await compileC("sockets/talk.c");
  if ("reason" in talk) throw harnessError("tool", talk.reason);
  const folder = new RunFolder(`bench-${process.pid}`);
  const grounds: Ground[] = [];
  const [plan] = await planText(scenario, "sockets.yml", context.seed);
  const prepare = async (id: Ground["id"], title: string): Promise<Ground> => {
    const network = await setUp(plan!, `bench${process.pid}x${grounds.length}`, folder, id === "sockmap");
    grounds.push({ id, title, network });
    await startReady(network, host, [talk.path, "server", ...place]);
    return grounds.at(-1)!;
  };
  try {
    context.progress("sockets: setting up");
    const compared = [await prepare("tcp", "TCP over lo"), await prepare("sockmap", "sockmap")];
    const control = await prepare("tcp", "TCP over lo");
    context.progress("sockets: messages there and back");
    const echo = await measureEcho(talk.path, compared, control, options, context.seed);
    context.progress("sockets: messages one way");
    return { groups: [echo, await measureStream(talk.path, compared, control, options, context.seed)], notes: [] };
  } finally {
    for (const { network } of grounds) await network[Symbol.asyncDispose]();
    folder.close();
    talk.remove();
  }
}

function points(compared: readonly Ground[], sizes: readonly number[]) {
  return compared.flatMap((ground) =>
    sizes.map((size) => ({
      ground,
      size,
      names: {
        id: `${ground.id}/${size}`,
        title: `${ground.title}: ${size.toLocaleString("en")} bytes`,
        series: ground.title,
        x: size,
      },
    })),
  );
}

const axis = { title: "the size of a message", unit: "bytes" };

async function measureEcho(
  talk: string,
  compared: readonly Ground[],
  control: Ground,
  options: Options,
  seed: number,
): Promise<BenchGroup> {
  const count = options.messages;
  const echo = (at: Ground, size: number): Promise<readonly number[]> => client(talk, at, "echo", size, count);
  const contenders = points(compared, options.sizes).map(({ ground, size, names }): Contender => {
    const histogram = new Histogram();
    const done = { turns: 0, packets: 0, switches: 0 };
    return {
      ...names,
      async measure() {
        const packets = loopbackPackets(ground.network, host);
        const switches = contextSwitches(ground.network);
        const times = await echo(ground, size);
        for (const ns of times) histogram.add(ns);
        done.turns++;
        done.packets += loopbackPackets(ground.network, host) - packets;
        done.switches += contextSwitches(ground.network) - switches;
        return median(times);
      },
      finish: () => ({
        latency: histogram.latency(),
        counts: {
          "packets on lo": done.packets / done.turns / count,
          "server's context switches": done.switches / done.turns / count,
        },
      }),
    };
  });
  return measureGroup({
    id: "sockets/echo",
    title: "A message there and back, by its size",
    method: `one connection, TCP_NODELAY, one message at a time; by CLOCK_MONOTONIC in the client; a value is the median of ${count} messages`,
    unit: "ns",
    better: "lower",
    rounds: options.rounds,
    warmUpRounds: options["warm-up"],
    seed,
    contenders: contenders as [Contender, ...Contender[]],
    control: { id: contenders[0]!.id, measure: async () => median(await echo(control, options.sizes[0]!)) },
    skipped: [],
    axis,
  });
}

async function measureStream(
  talk: string,
  compared: readonly Ground[],
  control: Ground,
  options: Options,
  seed: number,
): Promise<BenchGroup> {
  const total = options.megabytes * 1e6;
  const stream = async (at: Ground, size: number): Promise<number> => {
    const count = Math.max(1, Math.min(20_000, Math.round(total / size)));
    const [ns] = await client(talk, at, "stream", size, count);
    return (count * size * 1e3) / ns!;
  };
  const contenders = points(compared, options.sizes).map(({ ground, size, names }): Contender => ({
    ...names,
    measure: () => stream(ground, size),
  }));
  return measureGroup({
    id: "sockets/stream",
    title: "Messages one way, by their size",
    method: `one connection; up to ${options.megabytes} MB and 20,000 messages a round, until the receiver has all and says so`,
    unit: "MB/s",
    better: "higher",
    rounds: options.rounds,
    warmUpRounds: options["warm-up"],
    seed,
    contenders: contenders as [Contender, ...Contender[]],
    control: { id: contenders[0]!.id, measure: () => stream(control, options.sizes[0]!) },
    skipped: [],
    axis,
  });
}

const clientTimeoutMs = 60_000;

async function client(
  talk: string,
  { network, title }: Ground,
  mode: "echo" | "stream",
  size: number,
  count: number,
): Promise<readonly number[]> {
  const argv = [talk, "client", ...place, mode, String(size), String(count)];
  const { exitCode, stdout, stderr } = await runCommand(network, host, argv, clientTimeoutMs);
  const times = stdout.trim().split(" ").map(Number);
  if (exitCode !== 0 || times.length !== (mode === "echo" ? count : 1))
    throw harnessError("service", `${title}: ${stderr.trim() || `status ${exitCode}`}`);
  return times;
}
