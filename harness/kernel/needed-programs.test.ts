import { expect } from "chai";
import { neededPrograms } from "./needed-programs.js";
import { fixtureObject, mapOf, planFor, setPatch, u32 } from "./plan-builder.test.js";

describe("neededPrograms", () => {
  it("leaves other programs of the object out", () => {
    const plan = planFor(fixtureObject("cgroup_skb"), "cgroup_skb/egress", { entry: "cgroup_egress" });
    expect([...neededPrograms(plan)]).to.deep.equal([["cgroup_egress", { type: 8, attachType: 1 }]]);
  });

  it("takes the programs that map entries name, each for its place", () => {
    const object = fixtureObject("redirect");
    const ports = mapOf(object, "ports");
    const value = { kind: "device", dev: "eth1", program: "on_egress" } as const;
    const plan = planFor(object, "xdp", { maps: [setPatch(ports, u32(0), value)] });
    expect(neededPrograms(plan).get("on_egress")).to.deep.equal({ type: 6, attachType: 33 });
  });

  it("takes tail call targets of later steps, too", () => {
    const object = fixtureObject("tail_call");
    const patch = setPatch(mapOf(object, "stages"), u32(0), { kind: "program", name: "drop_stage" });
    const step = { kind: "maps" as const, patches: [patch] };
    const plan = planFor(object, "xdp", { entry: "dispatch" });
    const later = { ...plan, steps: [{ ...step, index: 0, label: "", span: plan.span, expect: {} as never }] };
    expect([...neededPrograms(later).keys()]).to.include.members(["dispatch", "drop_stage"]);
  });
});
