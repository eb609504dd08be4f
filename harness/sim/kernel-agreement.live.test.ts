import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import * as fc from "fast-check";
import { loadObject } from "../kernel/load.js";
import type { LoadedObject } from "../kernel/loaded-object.js";
import { fixtureObject, planFor } from "../kernel/plan-builder.test.js";
import { whyNoKernel } from "../kernel/probe.js";
import { whyUnreadable } from "../kernel/maps.js";
import { RunFolder } from "../kernel/run-folder.js";
import { TestRun } from "../kernel/test-run.js";
import { toHex } from "../model/hex.js";
import type { BpfObject, MapSpec, ProgramSpec } from "../model/object.js";
import { packetArbitrary } from "../packet/arbitraries.js";
import { projectRoot } from "../run/project.js";
import { engineNames } from "./engine.js";
import { XdpWorld } from "./hooks/xdp.js";
import { SimulatedObject } from "./simulated-object.js";
import { World } from "./world.js";

/** Packets of all shapes, some cut off, some with a byte that is wrong. */
const packets = fc
  .tuple(packetArbitrary, fc.option(fc.nat(80)), fc.option(fc.tuple(fc.nat(60), fc.nat(255))))
  .map(([{ bytes }, length, change]) => {
    const copy = bytes.slice(0, Math.max(14, Math.min(bytes.length, length ?? 1500)));
    if (change && change[0] < copy.length) copy[change[0]] = change[1];
    return copy.length < 14 ? new Uint8Array(14) : copy;
  });

interface Outcome {
  readonly returned: number;
  readonly packet: string;
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

  for (const { object, program } of xdpPrograms()) {
    it(`agree on ${object.name}, program ${program.name}`, () => {
      const samples = fc.sample(packets, { numRuns: 200, seed: 1 });
      const plan = planFor(object, "xdp", { entry: program.name });
      const result = loadObject(plan, folder);
      // What the verifier refuses cannot be compared.
      if (!result.accepted) return;
      compared++;
      try {
        const expected = samples.map((bytes) => runKernel(result.loaded, testRun, bytes));
        const expectedMaps = kernelMaps(object, result.loaded);
        for (const engine of engineNames) {
          const world = new World({ seed: 1 });
          const hook = (...parts: ConstructorParameters<typeof XdpWorld>) => new XdpWorld(...parts);
          const simulated = new SimulatedObject(object, { world, engine, globals: [], hook });
          const actual = samples.map((bytes) => runSimulator(simulated, program.name, bytes));
          actual.forEach((outcome, i) => expect(outcome, toHex(samples[i]!)).to.deep.equal(expected[i]));
          expect(simulatedMaps(object, simulated)).to.deep.equal(expectedMaps);
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

/** Programs of the committed objects that the kernel accepts and that a test run can start. */
function xdpPrograms(): { readonly object: BpfObject; readonly program: ProgramSpec }[] {
  const refused = readdirSync(join(projectRoot, "bpf", "refused")).map((file) => file.split(".")[0]!);
  return readdirSync(join(projectRoot, "fixtures", "objects"))
    .filter((file) => file.endsWith(".bpf.o") && !refused.includes(file.split(".")[0]!))
    .flatMap((file) => {
      const object = fixtureObject(file.slice(0, -".bpf.o".length));
      return object.programs
        .filter(({ type, attachType }) => type === "xdp" && attachType !== "xdp_devmap" && attachType !== "xdp_cpumap")
        .map((program) => ({ object, program }));
    });
}

function runKernel(loaded: LoadedObject, testRun: TestRun, bytes: Uint8Array): Outcome {
  testRun.select(loaded.programFd, "xdp");
  testRun.add(bytes);
  testRun.run();
  return { returned: testRun.returned(0) >>> 0, packet: toHex(testRun.packetOut(0)) };
}

function runSimulator(simulated: SimulatedObject<XdpWorld>, program: string, bytes: Uint8Array): Outcome {
  const { machine, hook } = simulated;
  const engine = simulated.program(program);
  hook.open({ bytes });
  machine.run(engine, hook.context);
  return { returned: machine.arguments.result32, packet: toHex(hook.metadata()) + toHex(hook.packet()) };
}

type Contents = Record<string, Record<string, string>>;

/** By map and key: the value, of per-CPU maps the sum of their 32-bit words. */
function contentsOf(
  maps: readonly MapSpec[],
  entriesOf: (map: MapSpec) => Iterable<{ readonly key: Uint8Array; readonly values: readonly Uint8Array[] }>,
): Contents {
  return Object.fromEntries(
    maps.map((map) => [
      map.name,
      Object.fromEntries([...entriesOf(map)].map(({ key, values }) => [toHex(key), sumOf(values)]).sort()),
    ]),
  );
}

function sumOf(values: readonly Uint8Array[]): string {
  const [only] = values;
  if (values.length === 1 && only) return toHex(only);
  const words = values.map((value) => new Uint32Array(value.slice(0, value.length & ~3).buffer));
  return words.reduce((sum, more) => sum.map((word, i) => word + more[i]!)).join(" ");
}

/** What the programs themselves may have written to. */
function comparedMaps(object: BpfObject): MapSpec[] {
  return object.maps.filter((map) => whyUnreadable(map) === undefined && map.type !== "prog_array");
}

function kernelMaps(object: BpfObject, loaded: LoadedObject): Contents {
  return contentsOf(comparedMaps(object), (map) => loaded.readMap(map));
}

function simulatedMaps(object: BpfObject, simulated: SimulatedObject<XdpWorld>): Contents {
  return contentsOf(comparedMaps(object), (map) => simulated.maps.get(map.name)!.entries());
}
