import { expect } from "chai";
import type { Place } from "../model/topology.js";
import { at, threeHosts } from "../../netns/example-topologies.test.js";
import type { DeviceHook } from "../model/hook.js";
import { captured, order } from "./example-frames.test.js";
import { sortFrames, type Window } from "./outputs.js";
import { isVisibleVerdict, redirectTargets, tcFindings, xdpFindings, type XdpCounts } from "./verdict.js";
import { whereaboutsIn } from "../model/whereabouts.js";

const none: XdpCounts = { aborted: 0, txFailed: 0, invalid: 0, redirected: 0, redirectFailed: 0 };

function seenBy(hook: DeviceHook, places: readonly Place[], times = 1): Window {
  const frames = places.map((place) => captured(place, order(0)));
  const whereabouts = whereaboutsIn(threeHosts, hook);
  return { hook, attachedDev: "eth0", times, runs: times, sent: order(0), frames, whereabouts, silentStack: true };
}

function xdp(places: readonly Place[], counts?: Partial<XdpCounts>, times = 1): string[] {
  const window = seenBy("xdp", places, times);
  const findings = xdpFindings(window, sortFrames(window).outputs, counts && { ...none, ...counts });
  return findings.map(({ possible, count }) => `${count} ${possible.join("|")}`);
}

describe("XDP verdicts", () => {
  it("follow from where the packet turned up", () => {
    expect(xdp([at("dut")])).to.deep.equal(["1 XDP_PASS"]);
    expect(xdp([at("client")])).to.deep.equal(["1 XDP_TX|XDP_REDIRECT"]);
    expect(xdp([at("server")])).to.deep.equal(["1 XDP_REDIRECT"]);
    expect(xdp([])).to.deep.equal(["1 XDP_DROP|XDP_ABORTED"]);
  });

  it("are told apart by tracepoints where the evidence is the same", () => {
    expect(xdp([at("client")], {})).to.deep.equal(["1 XDP_TX"]);
    expect(xdp([at("client")], { redirected: 1 })).to.deep.equal(["1 XDP_REDIRECT"]);
    expect(xdp([], {})).to.deep.equal(["1 XDP_DROP"]);
    expect(xdp([], { aborted: 1 })).to.deep.equal(["1 XDP_ABORTED"]);
    expect(xdp([], { txFailed: 1 })).to.deep.equal(["1 XDP_TX"]);
    expect(xdp([], { redirectFailed: 1 })).to.deep.equal(["1 XDP_REDIRECT"]);
    expect(xdp([], { redirected: 1 })).to.deep.equal(["1 XDP_REDIRECT"]);
    expect(xdp([], { invalid: 1 })).to.deep.equal(["1 a value that is no verdict"]);
  });

  it("know a redirect to a CPU map, which ends in the stack", () => {
    expect(xdp([at("dut")], { redirected: 1 })).to.deep.equal(["1 XDP_REDIRECT"]);
  });

  it("are not confused by packets that look alike", () => {
    const places = [at("client"), at("server"), at("server")];
    expect(xdp(places, { redirected: 2 }, 3)).to.deep.equal(["2 XDP_REDIRECT", "1 XDP_TX"]);
  });

  it("add up to what was sent", () => {
    const places = [at("dut"), at("dut"), at("client")];
    expect(xdp(places, { aborted: 1 }, 6)).to.deep.equal(["2 XDP_PASS", "1 XDP_TX", "1 XDP_ABORTED", "2 XDP_DROP"]);
  });
});

describe("TC verdicts", () => {
  const tc = (hook: DeviceHook, places: readonly Place[]): readonly string[] => {
    const window = seenBy(hook, places);
    return tcFindings(window, sortFrames(window).outputs)[0]!.possible;
  };

  it("follow from where the packet turned up", () => {
    expect(tc("tc-ingress", [at("dut")]))
      .to.include("TC_ACT_OK")
      .and.not.include("TC_ACT_SHOT");
    expect(tc("tc-ingress", [at("server")]))
      .to.include("TC_ACT_REDIRECT")
      .and.not.include("TC_ACT_OK");
    expect(tc("tc-ingress", [])).to.include("TC_ACT_SHOT").and.not.include("TC_ACT_OK");
    expect(tc("tc-egress", [at("client")]))
      .to.include("TC_ACT_OK")
      .and.not.include("TC_ACT_SHOT");
    expect(tc("tc-egress", [at("server")]))
      .to.include("TC_ACT_REDIRECT")
      .and.not.include("TC_ACT_OK");
  });

  it("call a packet that was cloned and passed a passed one", () => {
    expect(tc("tc-ingress", [at("server"), at("dut")])).to.include("TC_ACT_OK");
  });

  it("know that tcx passes what cls_bpf steals", () => {
    expect(tc("tcx-ingress", [at("dut")])).to.include("TC_ACT_STOLEN");
    expect(tc("tc-ingress", [at("dut")])).to.not.include("TC_ACT_STOLEN");
  });
});

describe("redirectTargets", () => {
  it("names the interface of the program's host", () => {
    const window = seenBy("xdp", [at("server")]);
    const { outputs } = sortFrames(window);
    expect(redirectTargets(outputs, xdpFindings(window, outputs, undefined))).to.deep.equal(["eth1"]);
  });
});

describe("isVisibleVerdict", () => {
  it("knows names, not numbers", () => {
    expect(["XDP_ABORTED", "TC_ACT_SHOT", "TC_ACT_UNSPEC"].every(isVisibleVerdict)).to.equal(true);
    expect(["17", "SK_PASS", "BPF_OK"].some(isVisibleVerdict)).to.equal(false);
  });
});
