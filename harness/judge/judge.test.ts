import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { fromHex } from "../model/hex.js";
import type { Observation, PacketObservation, VerdictObservation } from "../model/observation.js";
import type { Plan, PlannedSend } from "../model/plan.js";
import { readObject } from "../object/read-object.js";
import { planScenario } from "../plan/plan.js";
import { projectRoot } from "../run/project.js";
import { parseScenario } from "../scenario/parse.js";
import { judge } from "./judge.js";
import { outcomeOf } from "./outcome.js";

/** One case of a scenario for a shipped program, planned as `run` would plan it. */
async function planCase(lines: string, program = "xdp_count"): Promise<Plan> {
  const text = `name: s\nprogram: ${program}.bpf.c\nhook: xdp\ncases:\n  - name: c\n${lines.replace(/^/gm, "    ")}`;
  const { scenario, diagnostics } = parseScenario(text, "s.yml");
  expect(diagnostics).to.deep.equal([]);
  const bytes = readFileSync(join(projectRoot, "fixtures", "objects", `${program}.bpf.o`));
  const object = readObject(new Uint8Array(bytes), program);
  const readCapture = (path: string): Promise<Uint8Array> => Promise.reject(new Error(path));
  const [plan] = await planScenario(scenario!, object, { seed: 1, readCapture });
  return plan!;
}

const accepted: Observation = { kind: "load", accepted: true, log: "", errno: 0 };

function verdict(...possible: string[]): VerdictObservation {
  const [evidence, returned, durationNs] = ["as told", undefined, undefined];
  return { kind: "verdict", step: 0, packet: 0, possible, evidence, returned, durationNs };
}

function frame(plan: Plan, packet: number | undefined, dev = "eth0"): PacketObservation {
  const { bytes } = (plan.steps[0] as PlannedSend).packets[0]!;
  const place = { at: { host: "client", dev }, direction: "received" as const };
  return { kind: "packet", step: 0, packet, place, bytes, timestampNs: undefined };
}

describe("judge", () => {
  it("passes what is as written", async () => {
    const plan = await planCase("send: [eth, ipv4]\nexpect: { verdict: XDP_PASS }");
    const judgement = judge(plan, "kernel", [accepted, verdict("XDP_PASS")]);
    expect(judgement).to.deep.equal({ mismatches: [], missing: [] });
    expect(outcomeOf(plan, "kernel", judgement).kind).to.equal("passed");
  });

  it("takes evidence that fits several verdicts where one of them is expected", async () => {
    const plan = await planCase("send: [eth, ipv4]\nexpect: { verdict: XDP_DROP }");
    expect(judge(plan, "wire", [accepted, verdict("XDP_DROP", "XDP_ABORTED")]).mismatches).to.deep.equal([]);
    const [mismatch] = judge(plan, "wire", [accepted, verdict("XDP_PASS")]).mismatches;
    expect(mismatch).to.deep.include({ what: "verdict", expected: "XDP_DROP", actual: "XDP_PASS", step: "step 1" });
    expect(mismatch?.span.start).to.deep.include({ line: 7, column: 24 });
  });

  it("compares costs of every run, and global variables", async () => {
    const cost = "cost: { instructions: { max: 20 }, helpers: { bpf_map_lookup_elem: 1 }, maps: { packets: 2 } }";
    const plan = await planCase(`send: [eth, ipv4]\nexpect: { ${cost} }`);
    const seen = (instructions: number, lookups: number): Observation => ({
      kind: "cost",
      step: 0,
      packet: 0,
      instructions,
      helpers: { bpf_map_lookup_elem: lookups },
      maps: { packets: { lookup: lookups, update: 1 } },
    });
    expect(judge(plan, "sim", [accepted, seen(20, 1)])).to.deep.equal({ mismatches: [], missing: [] });
    const whats = judge(plan, "sim", [accepted, seen(20, 1), seen(21, 2)]).mismatches.map(({ what }) => what);
    expect(whats).to.deep.equal(["cost.instructions", "cost.helpers.bpf_map_lookup_elem", "cost.maps.packets"]);
    expect(judge(plan, "kernel", [accepted]).missing).to.have.length(1);

    const globals = await planCase("send: [eth]\nexpect: { globals: { refused: { min: 2 } } }", "globals");
    const values = (refused: number): Observation => ({
      kind: "globals",
      step: 0,
      values: [{ name: "refused", bytes: Uint8Array.of(refused, 0, 0, 0, 0, 0, 0, 0) }],
    });
    expect(judge(globals, "wire", [accepted, values(2)]).mismatches).to.deep.equal([]);
    const [mismatch] = judge(globals, "wire", [accepted, values(1)]).mismatches;
    expect(mismatch).to.deep.include({ what: "globals.refused", expected: "at least 2", actual: "1" });
    expect(judge(globals, "wire", [accepted]).missing).to.deep.equal(["global variable refused"]);
  });

  it("skips by name what nothing was seen of, and never passes it", async () => {
    const plan = await planCase("send: [eth, ipv4]\nexpect: { verdict: XDP_PASS, maps: { packets: { sum: 1 } } }");
    const judgement = judge(plan, "kernel", [accepted, verdict("XDP_PASS")]);
    expect(judgement.missing).to.deep.equal(["contents of map packets"]);
    const outcome = outcomeOf(plan, "kernel", judgement);
    expect(outcome).to.deep.equal({ kind: "skipped", reason: "not seen on kernel: contents of map packets" });
  });

  it("fails a frame that nothing accounts for, whether or not silence was asserted", async () => {
    const plan = await planCase("send: [eth, ipv4]\nexpect: { verdict: XDP_PASS }");
    const seen = [accepted, verdict("XDP_PASS"), frame(plan, undefined)];
    expect(judge(plan, "wire", seen).mismatches.map((m) => m.what)).to.deep.equal(["silence on client:eth0"]);
    expect(judge(plan, "wire", [accepted, verdict("XDP_PASS"), frame(plan, 0)]).mismatches).to.deep.equal([]);
  });

  it("finds the one repetition that did not come out", async () => {
    const plan = await planCase("send: [eth, ipv4]\ntimes: 2\nexpect: { packet: { eth: } }");
    const seen = [accepted, verdict("XDP_PASS"), frame(plan, 0)];
    expect(judge(plan, "wire", [...seen, frame(plan, 0)]).mismatches).to.deep.equal([]);
    const [mismatch] = judge(plan, "wire", [...seen, verdict("XDP_DROP")]).mismatches;
    expect(mismatch).to.deep.include({ what: "packet", expected: "to come out" });
  });

  it("fails a clone that nobody asked for beside a packet that passed", async () => {
    const plan = await planCase("send: [eth, ipv4]\nexpect: { unchanged: all }");
    const clone = frame(plan, 0);
    const place = { at: { host: "dut", dev: "eth0" }, direction: "stack" as const };
    const seen = [accepted, verdict("TC_ACT_OK", "TC_ACT_PIPE"), { ...clone, place }];
    expect(judge(plan, "wire", seen).mismatches).to.deep.equal([]);
    expect(judge(plan, "wire", [...seen, clone]).mismatches.map((m) => m.what)).to.deep.equal([
      "silence on client:eth0",
    ]);
    const listed = await planCase('send: [eth, ipv4]\nexpect: { frames: { "client:eth0": [[eth, ipv4]] } }');
    expect(judge(listed, "wire", [...seen, clone]).mismatches).to.deep.equal([]);
  });

  it("wants a verdict of every packet", async () => {
    const plan = await planCase("send: { packets: [[eth], [eth]] }\nexpect: { verdict: XDP_PASS }");
    expect(judge(plan, "wire", [accepted, verdict("XDP_PASS")]).missing).to.deep.equal(["verdict"]);
  });

  it("wants exactly the listed frames at a place", async () => {
    const lines = 'send: [eth, ipv4]\nexpect: { frames: { "client:eth0": [[eth, ipv4]] } }';
    const plan = await planCase(lines);
    expect(judge(plan, "wire", [accepted, frame(plan, 0)]).mismatches).to.deep.equal([]);
    expect(judge(plan, "wire", [accepted]).mismatches[0]).to.deep.include({ actual: "unseen" });
    const twice = judge(plan, "wire", [accepted, frame(plan, 0), frame(plan, 0)]).mismatches;
    expect(twice.map((m) => m.expected)).to.deep.equal(["no further frame"]);
  });

  it("wants right checksums of frames that others have made, unless one is named", async () => {
    const plan = await planCase('send: [eth, ipv4]\nexpect: { frames: { "client:eth0": [[eth, ipv4]] } }');
    const answer = { ...frame(plan, 0), packet: undefined };
    expect(judge(plan, "wire", [accepted, answer]).mismatches).to.deep.equal([]);
    const bytes = answer.bytes.with(25, answer.bytes[25]! ^ 1);
    const [mismatch] = judge(plan, "wire", [accepted, { ...answer, bytes }]).mismatches;
    expect(mismatch?.details.join()).to.match(/ipv4\.checksum is wrong$/);
    const named = "send: [eth, ipv4]\nexpect: { frames: { 'client:eth0': [[eth, ipv4: { checksum: any }]] } }";
    expect(judge(await planCase(named), "wire", [accepted, { ...answer, bytes }]).mismatches).to.deep.equal([]);
  });

  it("adds the value up over CPUs and names the map, the slot and both numbers", async () => {
    const plan = await planCase("send: [eth, ipv4]\nexpect: { maps: { packets: { sum: 5 } } }");
    const values = [fromHex("0300000000000000"), fromHex("0100000000000000")];
    const entries = [{ key: fromHex("00000000"), values }];
    const [mismatch] = judge(plan, "kernel", [accepted, { kind: "map", step: 0, map: "packets", entries }]).mismatches;
    expect(mismatch).to.deep.include({ what: "maps.packets[0].sum", expected: "5", actual: "4" });
  });

  it("says what the program printed beside a failure", async () => {
    const plan = await planCase("send: [eth, ipv4]\nexpect: { verdict: XDP_DROP }");
    const printed: Observation = { kind: "printk", step: 0, text: "no such flow" };
    const [mismatch] = judge(plan, "kernel", [accepted, verdict("XDP_PASS"), printed]).mismatches;
    expect(mismatch?.details).to.include("printk: no such flow");
  });

  it("fails a refusal that nobody expected, and a load that had to be refused", async () => {
    const plan = await planCase("send: [eth, ipv4]\nexpect: { verdict: XDP_PASS }");
    const refused: Observation = { kind: "load", accepted: false, log: "R1 invalid mem access", errno: 13 };
    const judgement = judge(plan, "kernel", [refused]);
    expect(judgement.mismatches.map((m) => m.what)).to.deep.equal(["load"]);
    const wanted = { ...plan, load: { fails: { value: /mem access/, span: plan.span } } };
    expect(judge(wanted, "kernel", [refused]).mismatches).to.deep.equal([]);
    expect(judge(wanted, "kernel", [accepted]).mismatches[0]).to.deep.include({ what: "load", actual: "accepted" });
  });

  it("turns an expected failure round", async () => {
    const plan = await planCase("xfail: { wire: it is slow }\nsend: [eth, ipv4]\nexpect: { verdict: XDP_DROP }");
    const failing = judge(plan, "wire", [accepted, verdict("XDP_PASS")]);
    expect(outcomeOf(plan, "wire", failing).kind).to.equal("passed");
    expect(outcomeOf(plan, "kernel", failing).kind).to.equal("failed");
    const passing = judge(plan, "wire", [accepted, verdict("XDP_DROP")]);
    expect(outcomeOf(plan, "wire", passing).kind).to.equal("failed");
  });
});
