import { expect } from "chai";
import type { Place } from "../model/topology.js";
import { at, onABridge, threeHosts } from "../../netns/example-topologies.test.js";
import { captured, order } from "./example-frames.test.js";
import { sortFrames, type Window } from "./outputs.js";
import { whereaboutsIn } from "../model/whereabouts.js";

const sent = order(3);
const answer = order(99);

function sorted(frames: readonly (readonly [Place, Uint8Array])[], part: Partial<Window> = {}): string[] {
  const hook = part.hook ?? "xdp";
  const { outputs, strays } = sortFrames({
    hook,
    attachedDev: "eth0",
    times: 1,
    runs: 1,
    sent,
    frames: frames.map(([place, bytes]) => captured(place, bytes)),
    whereabouts: whereaboutsIn(threeHosts, hook),
    silentStack: false,
    ...part,
  });
  return [
    ...outputs.map(({ frame, where, again }) => `${frame.place.host} ${where.kind}${again ? " again" : ""}`),
    ...strays.map(({ place }) => `${place.host} stray`),
  ];
}

describe("sortFrames", () => {
  it("takes what left as the program's while no stack has had anything", () => {
    expect(
      sorted([
        [at("client"), sent],
        [at("server"), answer],
      ]),
    ).to.deep.equal(["client left", "server left"]);
  });

  it("takes what an AF_XDP socket got as the program's", () => {
    const frames = [{ ...captured(at("dut"), answer), queue: 0 }];
    expect(sorted([], { frames })).to.deep.equal(["dut socket"]);
  });

  it("takes the stack's answer to a passed packet for a stray", () => {
    expect(
      sorted([
        [at("dut"), sent],
        [at("client"), answer],
      ]),
    ).to.deep.equal(["dut passed", "client stray"]);
  });

  it("takes everything as the program's where the stack never answers", () => {
    const frames = [
      [at("dut"), sent],
      [at("client"), answer],
    ] as const;
    expect(sorted(frames, { silentStack: true, hook: "tc-ingress" })).to.deep.equal(["dut passed", "client left"]);
  });

  it("takes an answer that made the program run again for a stray", () => {
    const frames = [
      [at("client"), sent],
      [at("dut"), answer],
    ] as const;
    expect(sorted(frames, { runs: 2 })).to.deep.equal(["client left", "dut stray"]);
  });

  it("knows a clone of a passed packet by its bytes", () => {
    const frames = [
      [at("client"), sent],
      [at("dut"), sent],
    ] as const;
    expect(sorted(frames, { hook: "tc-ingress" })).to.deep.equal(["client left", "dut passed again"]);
  });

  it("does not take frames that entered by other interfaces for XDP's, but for TC's", () => {
    const frames = [[at("dut", "eth1"), sent]] as const;
    expect(sorted(frames)).to.deep.equal(["dut stray"]);
    expect(sorted(frames, { hook: "tc-ingress" })).to.deep.equal(["dut entered"]);
  });

  it("counts what a bridge floods once", () => {
    const frames = [
      [at("client"), sent],
      [at("backend1"), sent],
      [at("backend2"), sent],
    ] as const;
    const part = { whereabouts: whereaboutsIn(onABridge, "xdp"), runs: 2 };
    expect(sorted(frames, part)).to.deep.equal(["client left", "backend1 left again", "backend2 left again"]);
  });

  it("takes as many as were sent", () => {
    const frames = Array.from({ length: 5 }, () => [at("dut"), sent] as const);
    expect(sorted(frames, { times: 3 })).to.deep.equal([
      ...Array.from({ length: 3 }, () => "dut passed"),
      ...Array.from({ length: 2 }, () => "dut stray"),
    ]);
  });
});
