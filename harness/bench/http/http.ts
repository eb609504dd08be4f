import type { BenchGroup } from "../../model/bench.js";
import { harnessError } from "../../model/error.js";
import { RunFolder } from "../../kernel/run-folder.js";
import { findCommand } from "../../../netns/find-command.js";
import type { Network } from "../../../netns/network.js";
import { runCommand } from "../../wire/process/command.js";
import { list } from "../../scenario/decoder.js";
import { defaulted, object, required, type ObjectOf } from "../../scenario/object.js";
import { boolean, word } from "../../scenario/scalars.js";
import type { BenchContext, Measured } from "../context.js";
import { bounded, kind, roundFields } from "../definition/kind.js";
import { measureGroup, type Contender } from "../group.js";
import { caseFields, planOfCase } from "../programs/plan-of-case.js";
import { contextSwitches } from "../wire/process-counts.js";
import { setUp } from "../wire/set-up.js";
import { readWrk, type WrkReport } from "./wrk-report.js";

const contenderFields = {
  ...caseFields,
  from: required(word("the name of a host"), "the host that the requests come from", "client"),
  url: required(word("a URL"), "what is asked for", "http://192.0.2.80/"),
  attached: defaulted(boolean, true, "false: the scenario's hosts and services without its programs"),
};

const fields = {
  contenders: required(
    list(object("a contender", contenderFields)),
    "what scenarios set up; the first is what others are held against",
    [{ name: "nginx", scenario: "nginx.yml", from: "client", url: "http://192.0.2.80/" }],
  ),
  ...roundFields(6),
  connections: bounded(16, 256, "connections at the same time, where throughput is measured"),
  milliseconds: bounded(1_000, 10_000, "how long the load lasts in a round", 100),
};

type Options = ObjectOf<typeof fields>;

/** Requests that are real, of wrk, to servers that are. */
export const http = kind("HTTP requests against what scenarios set up", fields, (options) => {
  return (context) => measureHttp(options, context);
});

interface Stood {
  readonly name: string;
  readonly network: Network;
  readonly from: string;
  readonly url: string;
}

async function measureHttp(options: Options, context: BenchContext): Promise<Measured> {
  const missing = ["wrk", "nginx"].find((name) => findCommand(name) === undefined);
  if (missing !== undefined)
    throw harnessError("tool", `${missing} is not installed`, { hint: `apt install ${missing}` });
  const folder = new RunFolder(`bench-${process.pid}`);
  const stood: Stood[] = [];
  const stand = async (written: Options["contenders"][number]): Promise<Stood> => {
    context.progress(`http: setting up ${written.name}`);
    const plan = await planOfCase(written, context.file, context.seed);
    const network = await setUp(plan, `bench${process.pid}x${stood.length}`, folder, written.attached);
    stood.push({ name: written.name, network, from: written.from, url: written.url });
    return stood.at(-1)!;
  };
  try {
    for (const each of options.contenders) await stand(each);
    const contenders = [...stood];
    const [first] = options.contenders;
    if (!first) throw harnessError("scenario", `${context.file}: there are no contenders`);
    const control = await stand(first);
    context.progress("http: load");
    const load = await measureLoad(contenders, control, options, context.seed);
    context.progress("http: one request at a time");
    return { groups: [load, await measureLatency(contenders, control, options, context.seed)], notes };
  } finally {
    for (const { network } of stood) await network[Symbol.asyncDispose]();
    folder.close();
  }
}

const notes = ["Load generator, balancer and web servers share this machine's CPUs: what one saves, the others have."];

async function measureLoad(all: readonly Stood[], control: Stood, options: Options, seed: number): Promise<BenchGroup> {
  const turn = async (at: Stood): Promise<WrkReport> => wrk(at, options.connections, options.milliseconds);
  const contenders = all.map((each): Contender => {
    let requests = 0;
    let switches = 0;
    return {
      id: each.name,
      title: each.name,
      async measure() {
        const before = contextSwitches(each.network);
        const report = await turn(each);
        requests += report.requests;
        switches += contextSwitches(each.network) - before;
        return report.requestsPerSecond;
      },
      finish: () => ({ counts: { "servers' context switches a request": switches / requests } }),
    };
  });
  return measureGroup({
    id: "http/load",
    title: `Requests a second, ${options.connections} connections`,
    method: `wrk with one thread for ${options.milliseconds} ms a round; connections are kept open`,
    unit: "requests/s",
    better: "higher",
    rounds: options.rounds,
    warmUpRounds: options["warm-up"],
    seed,
    contenders: contenders as [Contender, ...Contender[]],
    control: { id: control.name, measure: async () => (await turn(control)).requestsPerSecond },
    skipped: [],
  });
}

async function measureLatency(
  all: readonly Stood[],
  control: Stood,
  options: Options,
  seed: number,
): Promise<BenchGroup> {
  const turn = async (at: Stood): Promise<WrkReport> => wrk(at, 1, options.milliseconds);
  const contenders = all.map((each): Contender => {
    let p99 = 0;
    return {
      id: each.name,
      title: each.name,
      async measure() {
        const report = await turn(each);
        p99 = Math.max(p99, report.p99Us);
        return report.p50Us;
      },
      finish: () => ({ counts: { "highest p99 of a round, µs": p99 } }),
    };
  });
  return measureGroup({
    id: "http/latency",
    title: "One request at a time",
    method: `wrk with one connection for ${options.milliseconds} ms a round; a value is the round's median request`,
    unit: "µs",
    better: "lower",
    rounds: options.rounds,
    warmUpRounds: options["warm-up"],
    seed,
    contenders: contenders as [Contender, ...Contender[]],
    control: { id: control.name, measure: async () => (await turn(control)).p50Us },
    skipped: [],
  });
}

async function wrk({ network, from, url, name }: Stood, connections: number, milliseconds: number): Promise<WrkReport> {
  const duration = `${Math.max(1, Math.round(milliseconds / 1000))}s`;
  const argv = ["wrk", "-t1", `-c${connections}`, `-d${duration}`, "--latency", url];
  const { stdout, stderr } = await runCommand(network, from, argv, milliseconds + 10_000);
  const report = readWrk(stdout);
  if (!report) throw harnessError("service", `${name}: wrk got no answers from ${url}: ${stdout}${stderr}`.trim());
  return report;
}
