import { expect } from "chai";
import type { Place, Topology } from "../model/topology.js";
import { sendStep } from "../kernel/plan-builder.test.js";
import { at, onABridge, twoHosts } from "../../netns/example-topologies.test.js";
import type { DeviceHook } from "../model/hook.js";
import { withoutHeard } from "./bystanders.js";
import { captured, order } from "./example-frames.test.js";

interface Circumstances {
  readonly hook?: DeviceHook;
  readonly topology?: Topology;
  readonly from?: Place;
  readonly times?: number;
}

const sent = order(2);
const other = order(3);

function left(
  frames: readonly (readonly [Place, Uint8Array])[],
  { hook = "xdp", topology = onABridge, from = at("client"), times = 1 }: Circumstances = {},
): string[] {
  const all = frames.map(([place, bytes]) => captured(place, bytes));
  return withoutHeard(all, sent, sendStep([sent], { from, times }), topology, hook).map(({ place }) => place.host);
}

describe("withoutHeard", () => {
  it("takes out what a bridge flooded, once for each time it was sent", () => {
    expect(
      left([
        [at("backend1"), sent],
        [at("backend2"), sent],
      ]),
    ).to.deep.equal([]);
    expect(
      left([
        [at("backend1"), sent],
        [at("backend1"), sent],
      ]),
    ).to.deep.equal(["backend1"]);
    expect(
      left(
        [
          [at("backend1"), sent],
          [at("backend1"), sent],
        ],
        { times: 2 },
      ),
    ).to.deep.equal([]);
  });

  it("leaves what is not the frame itself, and what came back to the sender", () => {
    expect(
      left([
        [at("backend1"), other],
        [at("client"), sent],
      ]),
    ).to.deep.equal(["backend1", "client"]);
  });

  it("leaves what reached the program's host", () => {
    expect(left([[at("dut"), sent]])).to.deep.equal(["dut"]);
  });

  it("leaves everything where the program stands before the wire", () => {
    const egress = { hook: "tc-egress", topology: twoHosts, from: at("dut") } as const;
    expect(left([[at("client"), sent]], egress)).to.deep.equal(["client"]);
  });
});
