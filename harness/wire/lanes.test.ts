import { expect } from "chai";
import { formatPlace } from "../model/topology.js";
import type { DeviceHook } from "../model/hook.js";
import { onABridge, twoHosts } from "../../netns/example-topologies.test.js";
import { lanesPast } from "./lanes.js";

function lanes(hook: DeviceHook | undefined, topology = twoHosts): string[] {
  return lanesPast(topology, hook ? [{ hook, at: topology.attach }] : []).map(
    ({ from, to, past }) => `${formatPlace(from)} > ${formatPlace(to)}${past ? " past" : ""}`,
  );
}

describe("lanesPast", () => {
  it("never leads into a program at an ingress hook", () => {
    expect(lanes("xdp")).to.deep.equal(["dut:eth0 > client:eth0"]);
    expect(lanes("tc-ingress", onABridge).filter((lane) => lane.endsWith("> dut:eth0"))).to.deep.equal([]);
    expect(lanes("tc-ingress", onABridge)).to.have.length(9);
  });

  it("leads around a program at an egress hook", () => {
    expect(lanes("tcx-egress")).to.deep.equal(["client:eth0 > dut:eth0", "dut:eth0 > client:eth0 past"]);
  });

  it("is every direction where there is no program", () => {
    expect(lanes(undefined)).to.deep.equal(["client:eth0 > dut:eth0", "dut:eth0 > client:eth0"]);
  });
});
