import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readObject } from "../object/read-object.js";
import { projectRoot } from "../run/project.js";
import { XdpWorld } from "../sim/hooks/xdp.js";
import { SimulatedObject } from "../sim/simulated-object.js";
import { World } from "../sim/world.js";

const name = "xdp_blacklist";
const entries = 100_000;
const packets = 1_000_000;
const XDP_DROP = 1;

/** Prints how much memory a hash of 100,000 entries takes, and a million packets that are looked up in it. */
export function benchMemory(): void {
  const simulated = new SimulatedObject(
    readObject(new Uint8Array(readFileSync(join(projectRoot, "fixtures", "objects", `${name}.bpf.o`))), name),
    { world: new World({ seed: 1 }), engine: "jit", globals: [], hook: (...parts) => new XdpWorld(...parts) },
  );
  const { machine, hook } = simulated;
  const program = simulated.program(name);
  const addresses = simulated.maps.get("addresses_v4")!;
  const value = Uint8Array.of(XDP_DROP, 0, 0, 0);
  for (let i = 0; i < entries; i++) addresses.set(Uint8Array.of(10, i >>> 16, i >>> 8, i), [value]);
  const bytes = new Uint8Array(64);
  bytes.set([0x08, 0x00, 0x45], 12);
  let dropped = 0;
  const send = (from: number, to: number) => {
    for (let i = from; i < to; i++) {
      const source = i % (2 * entries);
      bytes.set([10, source >>> 16, source >>> 8, source], 26);
      hook.open({ bytes });
      machine.run(program, hook.context);
      if (machine.arguments.result32 === XDP_DROP) dropped++;
    }
  };
  send(0, packets / 10);
  const early = residentMb();
  send(packets / 10, packets);
  console.log(
    `${entries} hash entries, ${packets} packets, ${dropped} of them found: ` +
      `${early} MB resident after a tenth of them, ${residentMb()} MB after all`,
  );
}

function residentMb(): number {
  return Math.round(process.memoryUsage.rss() / 1e6);
}
