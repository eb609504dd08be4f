import { expect } from "chai";
import type { Plan, PlannedSend } from "../model/plan.js";
import { fixtureObject, noExpectation, nowhere, planFor, sendStep } from "../kernel/plan-builder.test.js";
import { twoHosts } from "../../netns/example-topologies.test.js";
import { order } from "./example-frames.test.js";
import { missingFor } from "./missing.js";

function missing(step: Partial<PlannedSend>, part: Partial<Plan> = {}, frame = order(2)): readonly string[] {
  const object = fixtureObject("verdict_on_demand");
  return missingFor({ ...planFor(object, "xdp", { topology: twoHosts, steps: [sendStep([frame], step)] }), ...part });
}

describe("missingFor", () => {
  it("misses nothing in an ordinary plan", () => {
    expect(missing({})).to.deep.equal([]);
  });

  it("names what cannot be done on a wire", () => {
    expect(missing({ context: { mark: 5 } })).to.deep.equal(["context field mark before the program"]);
    expect(missing({}, {}, order(2, 0, 13))).to.deep.equal(["frames shorter than 14 bytes"]);
    expect(missing({}, {}, order(2, 0, 1515))).to.deep.equal(["a frame of 1515 bytes over client:eth0 (MTU 1500)"]);
    expect(missing({}, {}, order(2, 0, 1514))).to.deep.equal([]);
    expect(missing({}, { hook: "socket_filter" })).to.deep.equal(["an interface to attach socket_filter to"]);
    const bytes = order(2);
    expect(missing({ packets: [{ linkType: "raw-ip", bytes }] })).to.deep.equal(["packets without an Ethernet header"]);
  });

  it("names what cannot be seen there", () => {
    const expecting = (part: object): Partial<PlannedSend> => ({ expect: { ...noExpectation, ...part } });
    const verdict = (...value: string[]): object => ({ verdict: { value, span: nowhere } });
    expect(missing(expecting(verdict("17")))).to.deep.equal(["verdict 17"]);
    expect(missing(expecting(verdict("17", "XDP_DROP")))).to.deep.equal([]);
    const mark = { value: { kind: "any" }, span: nowhere };
    expect(missing(expecting({ context: { mark } }))).to.deep.equal(["context field mark after the program"]);
  });

  it("names commands that are not there, but not those of the scenario's own", () => {
    const service = (name: string): object => ({ command: { value: [name], span: nowhere } });
    const services = ["sh", "no-such-command", "./no-such-command"].map(service) as unknown as Plan["services"];
    expect(missing({}, { services })).to.deep.equal(["no-such-command (apt-get install no-such-command)"]);
  });

  it("asks nothing of a plan that has to be refused", () => {
    const load = { fails: { value: /x/, span: nowhere } };
    expect(missing({ context: { mark: 5 } }, { load, hook: "socket_filter" })).to.deep.equal([]);
  });
});
