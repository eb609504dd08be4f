import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import * as fc from "fast-check";
import { helperName } from "../isa/helper-names.js";
import { loadObject } from "../kernel/load.js";
import { fixtureObject, planFor } from "../kernel/plan-builder.test.js";
import { whyNoKernel } from "../kernel/probe.js";
import { RunFolder } from "../kernel/run-folder.js";
import { TestRun } from "../kernel/test-run.js";
import { toHex } from "../model/hex.js";
import type { BpfObject, ProgramSpec } from "../model/object.js";
import { packetArbitrary } from "../packet/arbitraries.js";
import { projectRoot } from "../run/project.js";
import { engineNames } from "./engine.js";
import {
  hookOf,
  kernelMaps,
  runKernel,
  runSimulator,
  simulate,
  simulatedMaps,
  type TestedType,
} from "./side-by-side.test.js";

/** The kernel wants Ethernet headers, and of an skb that says that it is IP the whole header (Linux 6.18). */
function leastBytes(type: TestedType): number {
  return type === "xdp" ? 14 : 14 + 40;
}

/** Packets of all shapes, some cut off, some with a byte that is wrong. */
function packets(type: TestedType): fc.Arbitrary<Uint8Array> {
  return fc
    .tuple(packetArbitrary, fc.option(fc.nat(80)), fc.option(fc.tuple(fc.nat(60), fc.nat(255))))
    .map(([{ bytes }, length, change]) => {
      const copy = new Uint8Array(Math.max(leastBytes(type), Math.min(bytes.length, length ?? 1500)));
      copy.set(bytes.subarray(0, copy.length));
      if (change && change[0] < copy.length) copy[change[0]] = change[1];
      return copy;
    });
}

describe("simulator and kernel", () => {
  const folder = new RunFolder(`agreement-${process.pid}`);
  let testRun: TestRun;
  let compared = 0;

  before(function () {
    if (whyNoKernel() !== undefined) this.skip();
    testRun = new TestRun();
  });
  after(() => folder.close());

  for (const { object, program, type } of testablePrograms()) {
    it(`agree on ${object.name}, program ${program.name}`, () => {
      const samples = fc.sample(packets(type), { numRuns: 200, seed: 1 });
      const plan = planFor(object, hookOf[type], { entry: program.name });
      const result = loadObject(plan, folder);
      // What the verifier refuses cannot be compared.
      if (!result.accepted) return;
      compared++;
      try {
        const expected = samples.map((bytes) => runKernel(result.loaded, testRun, type, { bytes }));
        const expectedMaps = kernelMaps(object, result.loaded);
        for (const engine of engineNames) {
          const simulated = simulate(object, type, engine);
          const actual = samples.map((bytes) => runSimulator(simulated, program.name, { bytes }));
          actual.forEach((outcome, i) => expect(outcome, toHex(samples[i]!)).to.deep.equal(expected[i]));
          if (!dependsOnMore(object)) expect(simulatedMaps(object, simulated)).to.deep.equal(expectedMaps);
        }
      } finally {
        result.loaded.close();
      }
    });
  }

  it("were compared at all", () => {
    expect(compared).to.be.greaterThan(25);
  });
});

/**
 * Whether maps may hold what the two cannot have in common: the time, or whether events were delivered, for which
 * nobody opens perf buffers in the kernel here.
 */
function dependsOnMore({ helpers }: BpfObject): boolean {
  return helpers.some((number) => ["bpf_ktime_get_ns", "bpf_perf_event_output"].includes(helperName(number) ?? ""));
}

interface TestedProgram {
  readonly object: BpfObject;
  readonly program: ProgramSpec;
  readonly type: TestedType;
}

/** Programs of the committed objects that a test run can start. */
function testablePrograms(): TestedProgram[] {
  const refused = readdirSync(join(projectRoot, "bpf", "refused")).map((file) => file.split(".")[0]!);
  return readdirSync(join(projectRoot, "fixtures", "objects"))
    .filter((file) => file.endsWith(".bpf.o") && !refused.includes(file.split(".")[0]!))
    .flatMap((file) => {
      const object = fixtureObject(file.slice(0, -".bpf.o".length));
      return object.programs.flatMap((program) => {
        const { type, attachType } = program;
        // A lookup has addresses instead of a packet: hooks.live.test.ts draws these.
        if (type === undefined || !(type in hookOf) || type === "sk_lookup") return [];
        if (attachType === "xdp_devmap" || attachType === "xdp_cpumap") return [];
        return [{ object, program, type: type as TestedType }];
      });
    });
}
