import { expect } from "chai";
import type { Plan, PlannedSend } from "../model/plan.js";
import { missingFor } from "./missing.js";
import { fixtureObject, mapOf, noExpectation, nowhere, planFor, sendStep, steps } from "./plan-builder.test.js";

const xdp = fixtureObject("xdp_drop_count");
const long = new Uint8Array(3521);

function missing(step: Partial<PlannedSend>, more: Partial<Plan> = {}): string[] {
  return missingFor(planFor(xdp, "xdp", { steps: steps(sendStep([new Uint8Array(60)], step)), ...more }));
}

describe("what a test run cannot do", () => {
  it("is nothing, for a packet and a verdict", () => {
    expect(missing({})).to.deep.equal([]);
  });

  it("is any program type without a test run", () => {
    expect(missingFor({ ...planFor(xdp, "xdp"), programType: "sock_ops" })).to.have.lengthOf(1);
  });

  it("is a packet that is too short, or too long for one buffer", () => {
    const packets = [new Uint8Array(13), long].map((bytes) => ({ linkType: "ethernet" as const, bytes }));
    expect(missing({ packets })).to.deep.equal([
      "packet 1 has 13 bytes: BPF_PROG_TEST_RUN takes 14 at least",
      "packet 2 has 3521 bytes: programs of type xdp get 3520 at most, or more in section xdp.frags",
    ]);
  });

  it("is not a long packet for a program that takes fragments", () => {
    const object = { ...xdp, programs: xdp.programs.map((program) => ({ ...program, frags: true })) };
    expect(missingFor(planFor(object, "xdp", { steps: steps(sendStep([long])) }))).to.deep.equal([]);
  });

  it("is where a packet goes", () => {
    const expectation = { ...noExpectation, redirect: { value: { dev: "eth1" }, span: nowhere } };
    expect(missing({ expect: expectation })).to.deep.equal(["redirect target: BPF_PROG_TEST_RUN does not tell it"]);
  });

  it("is what another backend alone is asked", () => {
    const redirect = { ...noExpectation, redirect: { value: { dev: "eth1" }, span: nowhere } };
    expect(missing({ expect: { ...noExpectation, on: { wire: redirect } } })).to.deep.equal([]);
    expect(missing({ expect: { ...noExpectation, on: { kernel: redirect } } })).to.have.lengthOf(1);
  });

  it("is a map whose contents the kernel keeps to itself", () => {
    const object = fixtureObject("ring_buffer");
    const map = mapOf(object, "events");
    const wanted = { map, span: nowhere, entries: [], others: "absent" as const, count: undefined };
    const step = sendStep([new Uint8Array(60)], { expect: { ...noExpectation, maps: [wanted] } });
    expect(missingFor(planFor(object, "xdp", { steps: steps(step) }))).to.deep.equal([
      "contents of map 'events' (ringbuf): it is a stream: read its records with expect.events",
    ]);
  });

  it("is a network after the program is gone", () => {
    const unload = { kind: "unload" as const, index: 0, label: "", span: nowhere, expect: noExpectation };
    const send = sendStep([new Uint8Array(60)]);
    expect(missingFor(planFor(xdp, "xdp", { steps: steps(send, unload) }))).to.deep.equal([]);
    expect(missingFor(planFor(xdp, "xdp", { steps: steps(unload, send) }))).to.have.lengthOf(1);
  });
});
