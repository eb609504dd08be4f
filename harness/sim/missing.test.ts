import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import {
  fixtureObject,
  mapOf,
  noExpectation,
  nowhere,
  planFor,
  sendStep,
  setPatch,
  steps,
  u32,
} from "../kernel/plan-builder.test.js";
import type { Plan, PlannedExpectation, PlannedSend } from "../model/plan.js";
import { readObject } from "../object/read-object.js";
import { projectRoot } from "../run/project.js";
import { SimSession } from "./session.js";

const counter = fixtureObject("xdp_count");
const frame = new Uint8Array(60);

const missingOf = (plan: Plan): readonly string[] => new SimSession("jit").missing(plan);

function missing(step: Partial<PlannedSend>, more: Partial<Plan> = {}): readonly string[] {
  return missingOf(planFor(counter, "xdp", { steps: steps(sendStep([frame], step)), ...more }));
}

function expecting(more: Partial<PlannedExpectation>): readonly string[] {
  return missing({ expect: { ...noExpectation, ...more } });
}

describe("what the simulator cannot do", () => {
  it("is nothing, for a packet, a verdict and a redirect", () => {
    expect(missing({})).to.deep.equal([]);
    expect(expecting({ redirect: { value: { dev: "eth1" }, span: nowhere } })).to.deep.equal([]);
  });

  it("is a helper that it does not have, with its line", () => {
    const [reason, ...more] = missingOf(planFor(fixtureObject("foreign_helper"), "xdp"));
    expect(reason).to.match(/^helper bpf_skb_load_bytes \(#26\) at .*foreign_helper\.bpf\.c:\d+ is not simulated$/);
    expect(more).to.deep.equal([]);
  });

  it("is any program type but those on packets of a device or socket", () => {
    const plan = { ...planFor(fixtureObject("lwt"), "lwt_in"), programType: "lwt_seg6local" as const };
    expect(missingOf(plan)).to.deep.equal(["programs of type lwt_seg6local are not simulated"]);
  });

  it("is a map of a type that it does not have", () => {
    const object = { ...counter, maps: [{ ...counter.maps[0]!, type: "reuseport_sockarray" as const }] };
    expect(missingOf(planFor(object, "xdp"))).to.deep.equal([
      `map '${counter.maps[0]!.name}': maps of type reuseport_sockarray are not simulated`,
    ]);
  });

  it("is an object for big-endian machines", () => {
    const bytes = readFileSync(join(projectRoot, "fixtures", "object-reader", "every_kind_big_endian.bpf.o"));
    expect(missingOf(planFor(readObject(bytes, "every_kind"), "xdp")).join()).to.match(/the object big-endian/);
  });

  it("is a refused load, whatever the object needs", () => {
    const load = { fails: { value: /invalid/, span: nowhere } };
    expect(missingOf(planFor(fixtureObject("foreign_helper"), "xdp", { load }))).to.deep.equal([
      "a refused load: the simulator has no verifier",
    ]);
  });

  it("is what needs real sockets", () => {
    const command = { value: ["true"], span: nowhere };
    const host = { value: "dut", span: nowhere };
    const common = { index: 0, label: "", span: nowhere, expect: noExpectation, timeoutMs: 1 };
    const ping = {
      kind: "ping" as const,
      from: host,
      to: host,
      count: 1,
      payloadBytes: 0,
      replies: undefined,
      ...common,
    };
    const run = {
      kind: "run" as const,
      host,
      command,
      exit: undefined,
      stdout: undefined,
      background: undefined,
      ready: undefined,
      ...common,
    };
    const service = { name: "", host, command, files: {}, ready: undefined, timeoutMs: 1, span: nowhere };
    expect(missing({}, { steps: steps(ping, run), services: [service] })).to.have.members([
      "run steps need real sockets: backend wire has them",
      "services need real sockets: backend wire has them",
    ]);
  });

  it("is a network around a program that is at no interface, and packets after the program is gone", () => {
    const place = { value: { host: "client", dev: "eth0" }, span: nowhere };
    const frames = [{ place, packets: [] }];
    expect(expecting({ frames })).to.deep.equal([]);
    const plan = (expected: PlannedExpectation) =>
      planFor(fixtureObject("cgroup_skb"), "cgroup_skb/ingress", {
        steps: steps(sendStep([frame], { expect: expected })),
      });
    expect(missingOf(plan({ ...noExpectation, frames })).join()).to.match(/^frames on interfaces/);
    // What counts on other backends only does not count here.
    expect(missingOf(plan({ ...noExpectation, on: { wire: { ...noExpectation, frames } } }))).to.deep.equal([]);
    expect(missingOf(plan({ ...noExpectation, on: { sim: { ...noExpectation, frames } } }))).to.have.lengthOf(1);
    const unload = { kind: "unload" as const, index: 0, label: "", span: nowhere, expect: noExpectation };
    expect(missing({}, { steps: steps(unload, sendStep([frame])) }).join()).to.match(/^packets behind an unload step/);
  });

  it("is a packet that is too short, or too long for one buffer", () => {
    const packets = [new Uint8Array(13), new Uint8Array(3521)].map((bytes) => ({
      linkType: "ethernet" as const,
      bytes,
    }));
    expect(missing({ packets })).to.deep.equal([
      "packet 1 has 13 bytes, less than an Ethernet header",
      "packet 2 has 3521 bytes: programs of type xdp get 3520 at most, or more in section xdp.frags",
    ]);
  });

  it("is a context field that no program of the type has or changes", () => {
    const mark = { mark: { value: { kind: "any" as const }, span: nowhere } };
    expect(missing({ context: { mark: 1 } })).to.deep.equal(["context field mark of xdp programs is not simulated"]);
    expect(expecting({ context: mark })).to.deep.equal(["context field mark of xdp programs is not simulated"]);
    expect(missing({ context: { rx_queue_index: 1 } })).to.deep.equal([]);
  });

  it("is to list or to fill maps that user space cannot list or fill", () => {
    const object = fixtureObject("ring_buffer");
    const map = mapOf(object, "events");
    const wanted = { map, span: nowhere, entries: [], others: "absent" as const, count: undefined };
    const step = sendStep([frame], { expect: { ...noExpectation, maps: [wanted] } });
    const plan = planFor(object, "xdp", { steps: steps(step), maps: [setPatch(map, u32(0), u32(0))] });
    expect(missingOf(plan)).to.deep.equal([
      "entries of map 'events' (ringbuf): only programs write to it",
      "contents of map 'events' (ringbuf): it is a stream: read its records with expect.events",
    ]);
  });
});
