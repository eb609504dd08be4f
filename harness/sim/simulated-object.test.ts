import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { fromHex, toHex } from "../model/hex.js";
import { readObject } from "../object/read-object.js";
import { projectRoot } from "../run/project.js";
import { engineNames, type EngineName } from "./engine.js";
import { XdpWorld } from "./hooks/xdp.js";
import { SimulatedObject } from "./simulated-object.js";
import { World } from "./world.js";

function load(name: string, engine: EngineName, globals: Record<string, Uint8Array> = {}): SimulatedObject<XdpWorld> {
  const bytes = readFileSync(join(projectRoot, "fixtures", "objects", `${name}.bpf.o`));
  const object = readObject(bytes, name);
  const patches = Object.entries(globals).map(([global, value]) => {
    const { section, offsetBytes } = object.globals.find((spec) => spec.name === global)!;
    return { name: global, section, offsetBytes, bytes: value };
  });
  const world = new World({ seed: 1 });
  return new SimulatedObject(object, {
    world,
    engine,
    globals: patches,
    hook: (...parts) => new XdpWorld(...parts),
  });
}

function run(object: SimulatedObject<XdpWorld>, program: string, bytes: Uint8Array): number {
  const engine = object.program(program);
  object.hook.open({ bytes });
  object.machine.run(engine, object.hook.context);
  return object.machine.arguments.result32;
}

/** A TCP segment from the load balancer's client to it. */
const segment = fromHex(
  "0242ac110005 0242ac110004 0800" +
    "4500002800000000 4006 0000 ac110004 ac110005" +
    "9c400050 00000000 00000000 5002ffff 00000000",
);

for (const engine of engineNames) {
  describe(`objects on the ${engine}`, () => {
    it("count packets in a per-CPU array", () => {
      const object = load("xdp_count", engine);
      for (let i = 0; i < 3; i++) run(object, object.object.programs[0]!.name, segment);
      const [entry] = [...object.maps.all][0]!.entries();
      expect(toHex(entry!.values[0]!)).to.match(/^03000000/);
    });

    it("read globals as they were set before loading", () => {
      const none = load("xdp_lb", engine, { backend_count: fromHex("00000000") });
      expect(run(none, "xdp_lb", segment)).to.equal(1);
      expect(run(load("xdp_lb", engine), "xdp_lb", segment)).to.equal(3);
    });

    it("name the C source line, the address and the region of a fault", () => {
      const object = load("xdp_lb_no_bounds_check", engine);
      expect(() => run(object, "xdp_lb", segment.subarray(0, 36))).to.throw(
        /xdp_lb\.bpf\.c:\d+: (reads|writes) \d bytes? at 0x[0-9a-f]+: \d+ bytes? past the end of the packet \(36 bytes\) \(instruction \d+: \(/,
      );
    });

    it("name the helper that is not simulated, with its source line", () => {
      const object = load("foreign_helper", engine);
      expect(() => object.program(object.object.programs[0]!.name)).to.throw(
        /^helper bpf_\w+ \(#\d+\) at \S*foreign_helper\.bpf\.c:\d+ is not simulated$/,
      );
    });

    it("stop at a loop that never ends, with the budget that is given", () => {
      const object = load("unbounded_loop", engine);
      expect(() => run(object, object.object.programs[0]!.name, segment)).to.throw(/more instructions than it may/);
    });

    it("refuse maps whose values no memory holds", () => {
      const object = load("xdp_count", engine).object;
      const [map] = object.maps;
      const large = { ...object, maps: [{ ...map!, valueSizeBytes: 0xfffffff0 }] };
      const options = { world: new World({ seed: 1 }), engine, globals: [] };
      expect(() => new SimulatedObject(large, { ...options, hook: (...parts) => new XdpWorld(...parts) })).to.throw(
        /needs more memory than the simulator has/,
      );
    });

    it("fault at a value that was not found", () => {
      const object = load("missing_null_check", engine);
      expect(() => run(object, object.object.programs[0]!.name, segment)).to.throw(/a null pointer/);
    });
  });
}
