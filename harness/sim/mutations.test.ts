import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { HarnessError } from "../model/error.js";
import { readObject } from "../object/read-object.js";
import { projectRoot } from "../run/project.js";
import { engineNames } from "./engine.js";
import { ProgramFault } from "./fault.js";
import { packetHook } from "./hooks/packet-hook.js";
import { SimulatedObject } from "./simulated-object.js";
import { World } from "./world.js";

const originals = ["xdp_lb", "map_in_map", "tail_call", "queue_stack_bloom", "tc_ping_pong", "ring_buffer"].map(
  (name) => new Uint8Array(readFileSync(join(projectRoot, "fixtures", "objects", `${name}.bpf.o`))),
);

const budget = 20_000;

/** Bytes changed anywhere; most of them in what is executed, since that is most of a file. */
const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 });

describe("broken objects on the simulator", () => {
  it("end in a clear error, a fault or an answer, never in anything else", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...originals),
        changes,
        fc.uint8Array({ minLength: 14 }),
        (original, edits, packet) => {
          const bytes = original.slice();
          for (const [at, value] of edits) bytes[at % bytes.length] = value;
          for (const engine of engineNames) tryToRun(bytes, engine, packet);
        },
      ),
      { numRuns: 400 },
    );
  }).timeout(60_000);
});

function tryToRun(bytes: Uint8Array, engine: (typeof engineNames)[number], packet: Uint8Array): void {
  try {
    const object = readObject(bytes, "broken");
    for (const { name, type } of object.programs) {
      const hook = type && packetHook(type);
      if (!hook) continue;
      const simulated = new SimulatedObject(object, { world: new World({ seed: 1 }), engine, globals: [], hook });
      const program = simulated.program(name);
      simulated.hook.accept({ linkType: "ethernet", bytes: packet }, {});
      simulated.machine.run(program, simulated.hook.context, budget);
    }
  } catch (error) {
    if (!(error instanceof HarnessError) && !(error instanceof ProgramFault)) throw error;
  }
}
