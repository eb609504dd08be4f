import { join } from "node:path";
import { expect } from "chai";
import type { Observation } from "../model/observation.js";
import type { PlannedSend } from "../model/plan.js";
import { readCapture } from "../packet/capture/read.js";
import { captureCase } from "./case-capture.js";
import { prepare } from "./prepare.js";
import { projectRoot } from "./project.js";

describe("captureCase", () => {
  it("has every packet in and out, by hook and place, with the verdict in words", async () => {
    const { prepared } = await prepare([join(projectRoot, "scenarios", "load-balance", "rewrite.yml")], 1);
    const plan = prepared[0]!.plans[0]!;
    const [packet] = (plan.steps[0] as PlannedSend).packets;
    const bytes = packet!.bytes;
    const at = { host: "client", dev: "eth0" };
    const observations: Observation[] = [
      { kind: "load", accepted: true, log: "", errno: 0 },
      { kind: "verdict", step: 0, packet: 0, possible: ["XDP_TX"], evidence: "retval 3", returned: 3, durationNs: 1 },
      { kind: "packet", step: 0, packet: 0, place: { at, direction: "received" }, bytes, timestampNs: 5_000n },
      { kind: "packet", step: 0, packet: undefined, place: "output", bytes, timestampNs: undefined },
    ];
    const seen = [];
    for await (const read of readCapture(captureCase(plan, "kernel", observations), "case.pcapng")) seen.push(read);
    const summary = seen.map(({ interfaceName, comment, timestampNs }) => [interfaceName, comment, timestampNs]);
    expect(summary).to.deep.equal([
      ["into xdp at dut:eth0", "step 1, packet 1: XDP_TX (retval 3)", 4_000n],
      ["client:eth0 received", "step 1, from packet 1", 5_000n],
      ["output of the test run", "step 1, that nothing accounts for", 6_000n],
    ]);
    expect(seen[0]!.verdict).to.deep.equal({ program: "xdp", returned: 3 });
    expect(seen[1]!.packet.bytes).to.deep.equal(bytes);
  });
});
