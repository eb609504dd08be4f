import { expect } from "chai";
import { fromHex } from "../model/hex.js";
import type { MapSpec } from "../model/object.js";
import type { RedirectObservation, VerdictObservation } from "../model/observation.js";
import type { Plan, RedirectTarget } from "../model/plan.js";
import { judgeRedirect } from "./redirect.js";

const position = { line: 1, column: 1, offset: 0 };
const span = { file: "r.yml", start: position, end: position };
const key = fromHex("02000000");

/** A plan that puts eth1 into slot 2 of the devmap, and eth2 before step 1. */
const slot = (dev: string) => ({
  map: { name: "ports" } as MapSpec,
  op: "set",
  key,
  value: { kind: "device", dev, program: undefined },
  span,
});
const plan = {
  maps: [slot("eth1"), { ...slot("eth1"), map: { name: "sockets" }, value: { kind: "xsk", queue: 1 } }],
  steps: [
    { kind: "send", index: 0 },
    { kind: "maps", index: 1, patches: [slot("eth2")] },
  ],
} as unknown as Plan;

function whats(target: RedirectTarget, step: number, ...devices: string[]): readonly string[] {
  const redirects = devices.map((target): RedirectObservation => ({ kind: "redirect", step, packet: 0, target }));
  const verdicts = [{ possible: [devices.length > 0 ? "XDP_REDIRECT" : "XDP_DROP"] } as unknown as VerdictObservation];
  const { findings, missing } = judgeRedirect({ value: target, span }, plan, step, { redirects, verdicts });
  return [...findings.map((f) => `${f.what} ${f.expected} ${f.actual}`), ...missing];
}

describe("judgeRedirect", () => {
  it("compares the interface by name", () => {
    expect(whats({ dev: "eth1" }, 0, "eth1")).to.deep.equal([]);
    expect(whats({ dev: "eth1" }, 0, "eth2")).to.deep.equal(["redirect.dev eth1 eth2"]);
  });

  it("takes a slot of a devmap for the interface that is in it by then", () => {
    expect(whats({ map: "ports", key }, 0, "eth1")).to.deep.equal([]);
    expect(whats({ map: "ports", key }, 1, "eth2")).to.deep.equal([]);
    expect(whats({ map: "ports", key }, 1, "eth1")).to.deep.equal(["redirect.ports eth2 eth1"]);
  });

  it("says that there was none where the verdict was another", () => {
    expect(whats({ dev: "eth1" }, 0)).to.deep.equal(["redirect.dev eth1 none: XDP_DROP"]);
  });

  it("takes a slot of an xskmap for the socket's queue", () => {
    expect(whats({ map: "sockets", key }, 0, "queue 1")).to.deep.equal([]);
    expect(whats({ map: "sockets", key }, 0, "eth1")).to.deep.equal(["redirect.sockets queue 1 eth1"]);
  });

  it("names what it cannot compare: a slot that holds neither interface nor socket", () => {
    expect(whats({ map: "cpus", key }, 0, "eth1")).to.deep.equal([
      "slot of a redirect map without interfaces or sockets",
    ]);
  });
});
