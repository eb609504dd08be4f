import { expect } from "chai";
import { existsSync, readdirSync } from "node:fs";
import type { Session } from "../model/backend.js";
import type { Hook, DeviceHook } from "../model/hook.js";
import type { Observation } from "../model/observation.js";
import type { Plan, PlannedHttp, PlannedStep } from "../model/plan.js";
import type { Service } from "../model/scenario.js";
import { formatPlace } from "../model/topology.js";
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
import { ledgerRoot } from "../../netns/ledger.js";
import {
  at,
  device,
  hostWith,
  skipWithoutRoot,
  threeHosts,
  twoHosts,
  uniqueId,
} from "../../netns/example-topologies.test.js";
import { createNetwork } from "../../netns/network.js";
import { attach } from "./attach/attach.js";
import { loadPassProgram } from "./attach/pass-program.js";
import { wireBackend } from "./backend.js";
import { order } from "./example-frames.test.js";

const object = fixtureObject("verdict_on_demand");
const ports = [
  setPatch(mapOf(object, "ports"), u32(0), { kind: "device", dev: "eth0", program: undefined }),
  setPatch(mapOf(object, "ports"), u32(1), { kind: "device", dev: "eth1", program: undefined }),
];
const spanned = { span: nowhere };

const stepBase = { index: 0, label: "", span: nowhere, expect: noExpectation };

/** The default topology with 10.0.0.1 and 10.0.0.2. */
const addressed = {
  ...twoHosts,
  hosts: [
    hostWith("client", [device("eth0", 1, ["10.0.0.1/24"])]),
    hostWith("dut", [device("eth0", 2, ["10.0.0.2/24"])]),
  ],
};

/** Answers `answer 1`, `answer 2`, … on port 8080. */
function webServer(host: string, address: string): Service {
  const source =
    'import { createServer } from "node:http"; let n = 0;' +
    `createServer((_, reply) => reply.end(\`answer \${++n}\`)).listen(8080, "${address}");`;
  return {
    name: "web",
    host: { value: host, ...spanned },
    command: { value: [process.execPath, "server.mjs"], ...spanned },
    files: { "server.mjs": source },
    ready: { tcpPort: 8080 },
    timeoutMs: 10_000,
    span: nowhere,
  };
}

function httpStep(from: string, url: string, timeoutMs: number, times = 1): PlannedHttp {
  return {
    ...stepBase,
    kind: "http",
    from: { value: from, ...spanned },
    url: { value: url, ...spanned },
    times,
    timeoutMs,
    status: undefined,
    body: undefined,
    bodies: undefined,
    fails: false,
  };
}

describe("the wire backend", function () {
  before(skipWithoutRoot);

  const runId = uniqueId();
  let session: Session;
  before(async () => {
    session = await wireBackend.open({ runId, port: "af_packet" });
  });
  after(async () => {
    await session.close();
  });

  function run(hook: Hook, list: readonly PlannedStep[], more: Partial<Plan> = {}): Promise<readonly Observation[]> {
    return session.run(planFor(object, hook, { topology: threeHosts, maps: ports, steps: steps(...list), ...more }));
  }

  for (const hook of ["xdp", "xdp-native", "xdp-generic"] as const)
    it(`tells all verdicts of ${hook} apart, and where packets went`, async () => {
      const seen = await run(hook, [sendStep([0, 1, 2, 3, 4].map((verdict) => order(verdict, 1)))]);
      expect(verdicts(seen)).to.deep.equal(["XDP_ABORTED", "XDP_DROP", "XDP_PASS", "XDP_TX", "XDP_REDIRECT"]);
      expect(packets(seen)).to.deep.equal(["2 dut:eth0 stack", "3 client:eth0 received", "4 server:eth0 received"]);
      expect(ofKind(seen, "redirect").map(({ target }) => target)).to.deep.equal(["eth1"]);
      expect(ofKind(seen, "packet").every(({ packet, bytes }) => bytes[14] === packet)).to.equal(true);
    });

  it("tells XDP_TX from a redirect to the interface itself", async () => {
    const seen = await run("xdp", [sendStep([order(3), order(4, 0)])]);
    expect(verdicts(seen)).to.deep.equal(["XDP_TX", "XDP_REDIRECT"]);
  });

  for (const hook of ["tc-ingress", "tcx-ingress"] as const)
    it(`sees what passes ${hook}, is dropped, redirected, cloned`, async () => {
      const seen = await run(hook, [sendStep([0, 2, 7, 100, 101].map((verdict) => order(verdict)))]);
      expect(verdicts(seen)).to.deep.equal([
        "TC_ACT_OK",
        "TC_ACT_SHOT",
        "TC_ACT_REDIRECT",
        "TC_ACT_REDIRECT",
        "TC_ACT_OK",
      ]);
      expect(packets(seen)).to.deep.equal(
        [
          "0 dut:eth0 stack",
          "2 client:eth0 received",
          "3 client:eth0 received",
          "4 client:eth0 received",
          "4 dut:eth0 stack",
        ].toSorted(),
      );
    });

  for (const hook of ["tc-egress", "tcx-egress"] as const)
    it(`sees what passes ${hook} and what is dropped`, async () => {
      const seen = await run(hook, [sendStep([order(0), order(2)], { from: at("dut") })]);
      expect(verdicts(seen)).to.deep.equal(["TC_ACT_OK", "TC_ACT_SHOT"]);
      expect(packets(seen)).to.deep.equal(["0 client:eth0 received"]);
    });

  it("counts every repetition, from one sender and from several, and none of its own frames", async () => {
    const counter = { map: mapOf(object, "runs"), entries: [], others: "any", count: undefined, ...spanned } as const;
    const expecting = { ...noExpectation, maps: [counter] };
    const seen = await run("xdp", [
      sendStep([order(2)], { times: 300, expect: expecting }),
      sendStep([order(1), order(3)], { times: 500, senders: 3, expect: expecting }),
    ]);
    const values = ofKind(seen, "map").map(({ entries }) => new DataView(entries[0]!.values[0]!.slice().buffer));
    expect(values.map((value) => value.getUint32(0, true))).to.deep.equal([0, 300, 1300]);
    expect(ofKind(seen, "verdict").map(({ evidence }) => evidence.split(":")[0])).to.deep.equal([
      "300 of 300",
      "500 of 500",
      "500 of 500",
    ]);
    expect(packets(seen).filter((line) => line.startsWith("undefined"))).to.deep.equal([]);
  });

  it("reports what no packet accounts for: the answer of a stack", async () => {
    const topology = {
      ...twoHosts,
      hosts: [hostWith("client", [device("eth0", 1)]), hostWith("dut", [device("eth0", 2, ["10.0.0.2/24"])])],
    };
    // ARP: who has 10.0.0.2? tell 10.0.0.1. The first byte behind the header is 0: TC_ACT_OK.
    const request = Uint8Array.from([
      ...[255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 8, 6],
      ...[0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2],
    ]);
    const seen = await run("tc-ingress", [sendStep([request])], { topology, maps: [] });
    expect(verdicts(seen)).to.deep.equal(["TC_ACT_OK"]);
    expect(packets(seen)).to.deep.equal(["0 dut:eth0 stack", "undefined client:eth0 received"]);
  });

  it("says that the program never ran", async () => {
    // From the server nothing gets to dut:eth0, which is what the program is attached to.
    const seen = await run("xdp", [sendStep([order(2)], { from: at("server") })]);
    expect(ofKind(seen, "fault").map(({ message }) => message)).to.deep.equal([
      "the program never ran: nothing reached dut:eth0",
    ]);
    expect(verdicts(seen)).to.deep.equal([]);
  });

  it("lets everything pass once the program is unloaded", async () => {
    const unload: PlannedStep = { kind: "unload", index: 1, label: "step 2", span: nowhere, expect: noExpectation };
    for (const hook of ["xdp", "tc-ingress", "tcx-ingress"] as const) {
      const seen = await run(hook, [sendStep([order(hook === "xdp" ? 1 : 2)]), unload, sendStep([order(1)])]);
      expect(packets(seen), hook).to.deep.equal(["0 dut:eth0 stack"]);
      expect(verdicts(seen), hook).to.have.length(1);
    }
  });

  it("speaks to services over HTTP, runs commands, and ends both", async () => {
    const http = httpStep("client", "http://10.0.0.2:8080/", 5_000, 2);
    const refused = { ...http, url: { value: "http://10.0.0.2:1/", ...spanned }, times: 1 };
    const command = (...value: string[]): PlannedStep => ({
      ...stepBase,
      kind: "run",
      host: { value: "client", ...spanned },
      command: { value, ...spanned },
      timeoutMs: 200,
      exit: undefined,
      stdout: undefined,
      background: undefined,
      ready: undefined,
    });
    const list = [http, refused, command("sh", "-c", "echo out; echo err >&2; exit 3"), command("sleep", "1000")];
    const pass = fixtureObject("xdp_count");
    const seen = await session.run(
      planFor(pass, "xdp", { topology: addressed, services: [webServer("dut", "10.0.0.2")], steps: steps(...list) }),
    );
    const [answered, failed] = ofKind(seen, "http").map(({ responses }) => responses);
    expect(answered).to.deep.equal([
      { status: 200, body: "answer 1", error: undefined },
      { status: 200, body: "answer 2", error: undefined },
    ]);
    expect(failed![0]!.error).to.match(/connect|refused/i);
    const [ended, stuck] = ofKind(seen, "run");
    expect(ended).to.include({ exitCode: 3, timedOut: false, stdout: "out\n", stderr: "err\n" });
    expect(stuck).to.include({ exitCode: undefined, timedOut: true });
  });

  for (const [hook, entry] of [
    ["cgroup_skb/egress", "cgroup_egress"],
    ["cgroup_skb/ingress", "cgroup_ingress"],
  ] as const)
    it(`puts the processes of the program's host behind ${hook}`, async () => {
      const program = fixtureObject("cgroup_skb");
      const port = new Uint8Array([0x1f, 0x90]);
      const denied = mapOf(program, "denied_ports");
      const counter = { map: denied, entries: [], others: "any", count: undefined, ...spanned } as const;
      const from = hook === "cgroup_skb/egress" ? "dut" : "client";
      const server = from === "dut" ? "client" : "dut";
      const plan = planFor(program, hook, {
        entry,
        topology: addressed,
        maps: [setPatch(denied, port, new Uint8Array(8))],
        services: [webServer(server, server === "dut" ? "10.0.0.2" : "10.0.0.1")],
        steps: steps({
          ...httpStep(from, `http://10.0.0.${server === "dut" ? 2 : 1}:8080/`, 300),
          expect: { ...noExpectation, maps: [counter] },
        }),
      });
      expect(session.missing(plan)).to.deep.equal([]);
      const seen = await session.run(plan);
      expect(ofKind(seen, "http")[0]!.responses[0]!.error).to.match(/timed out|timeout/i);
      expect(ofKind(seen, "map").at(-1)!.entries[0]!.values[0]![0]).to.be.greaterThan(0);
    });

  it("says what a service that does not start had to say", async () => {
    const service: Service = {
      name: "broken",
      host: { value: "dut", ...spanned },
      command: { value: ["sh", "-c", "echo no such config >&2; exit 4"], ...spanned },
      files: {},
      ready: { tcpPort: 80 },
      timeoutMs: 5_000,
      span: nowhere,
    };
    const failure = await run("xdp", [], { services: [service] }).catch((error: Error) => error.message);
    expect(failure).to.equal("service broken ended with status 4 before it was ready:\nno such config");
  });

  it("refuses to take another program's place", async () => {
    await using network = await createNetwork(twoHosts, uniqueId());
    const fd = loadPassProgram();
    const place = (hook: DeviceHook) =>
      attach(network, { hook, at: twoHosts.attach, programFd: fd, order: 0 }, new Set([formatPlace(twoHosts.attach)]));
    const first = place("xdp-generic");
    expect(() => place("xdp-generic")).to.throw(/dut:eth0 has a program attached already/);
    await first.detach();
    await place("xdp").detach();
  });

  it("leaves no namespace, process or file behind", () => {
    const left = [ledgerRoot, "/run/netns"].filter(existsSync).flatMap((folder) => readdirSync(folder));
    expect(left.filter((name) => name.includes(runId))).to.deep.equal([]);
  });
});

function ofKind<K extends Observation["kind"]>(
  seen: readonly Observation[],
  kind: K,
): readonly Extract<Observation, { kind: K }>[] {
  return seen.filter((o): o is Extract<Observation, { kind: K }> => o.kind === kind);
}

/** The first possible verdict of each packet: by convention the most likely one. */
function verdicts(seen: readonly Observation[]): readonly string[] {
  return ofKind(seen, "verdict").map(({ possible }) => possible[0]!);
}

function packets(seen: readonly Observation[]): readonly string[] {
  return ofKind(seen, "packet")
    .map(({ packet, place }) =>
      place === "output" ? "output" : `${packet} ${formatPlace(place.at)} ${place.direction}`,
    )
    .toSorted();
}
