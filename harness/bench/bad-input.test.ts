import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { engineNames } from "../sim/engine.js";
import { MemoryPool } from "../sim/memory-pool.js";
import { projectRoot } from "../run/project.js";
import { drawFrom, Victim, type Result } from "./bad-input.js";

const memories = new MemoryPool();
const victims = ["xdp_lb", "map_in_map", "tail_call", "queue_stack_bloom", "tc_ping_pong", "ring_buffer"].map(
  (name) =>
    new Victim(name, new Uint8Array(readFileSync(join(projectRoot, "fixtures", "objects", `${name}.bpf.o`))), memories),
);

describe("bad input for the simulator (npm run soak:sim does much more of it)", () => {
  it("ends in an answer, a fault or a clear refusal, and there are some of each", () => {
    const seen = new Set<Result>();
    for (let seed = 1; seed <= 600; seed++) {
      const draw = drawFrom(seed);
      const victim = victims[draw(victims.length)]!;
      seen.add(victim.run(victim.mutated(draw), engineNames[draw(engineNames.length)]!, draw));
    }
    expect([...seen].toSorted()).to.deep.equal(["answer", "fault", "refused"]);
  }).timeout(30_000);
});
