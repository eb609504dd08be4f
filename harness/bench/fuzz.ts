/**
 * `npm run bench:fuzz`: packets a second, on one core, of the three ways in which a program is fuzzed. Lines
 * `rate NAME R`:
 *
 * - `guided`: coverage-guided search, its mutations, repairs and looks at the outcome included
 * - `property`: cases that fast-check draws, held to the default properties in the simulator
 * - `differential`: drawn packets through simulator and kernel, verdict and bytes compared; where a kernel can be asked
 */
import { cpus } from "node:os";
import { join } from "node:path";
import { anyProperty } from "../fuzz/campaign.js";
import { FastChance } from "../fuzz/chance.js";
import { checkProperty, sourceOf } from "../fuzz/check-property.js";
import { inputOf, drawDraft } from "../fuzz/draft.js";
import { GuidedSearch } from "../fuzz/guided-search.js";
import { Laboratory } from "../fuzz/laboratory.js";
import { defaultProperties, properties } from "../fuzz/properties.js";
import { kernelPeer } from "../fuzz/run-property.js";
import { subjectOf } from "../fuzz/subject.js";
import { whyNoKernel } from "../kernel/probe.js";
import { planReplay } from "../plan/replay.js";
import { replayProgram } from "../plan/replay-program.js";
import { readProgram } from "../run/object.js";
import { projectRoot } from "../run/project.js";
import { median, quartiles } from "./statistics.js";

const rounds = 9;

interface Way {
  readonly name: string;
  /** Does about so much and says how many packets or cases that were. */
  readonly run: () => number;
}

const object = await readProgram(join(projectRoot, "fixtures", "objects", "router.bpf.o"));
const program = replayProgram(object, undefined, undefined);
const plan = planReplay({ object, program, packets: [], maps: [], seed: 1 });
const step = anyProperty(plan, false);
const subject = subjectOf(plan, step);
const source = sourceOf(plan, step);

function guided(): Way {
  const { packets, constants } = source;
  const laboratory = new Laboratory(subject, { properties: defaultProperties });
  const examine = laboratory.examine.bind(laboratory);
  const search = new GuidedSearch(subject, { seed: 1, constants, packets, examine });
  const chance = new FastChance(1);
  search.plant(inputOf(drawDraft(chance, source)).flatMap((each) => (each.kind === "packet" ? [each.packet] : [])));
  return {
    name: "guided",
    run() {
      const before = search.executions;
      search.search(100_000);
      return search.executions - before;
    },
  };
}

function property(): Way {
  const laboratory = new Laboratory(subject, { properties: defaultProperties });
  let seed = 0;
  return {
    name: "property",
    run: () => checkProperty(source, (input) => laboratory.examine(input), { runs: 5000, seed: seed++ }).runs,
  };
}

async function differential(): Promise<Way> {
  const peers = [await kernelPeer(subject)];
  const laboratory = new Laboratory(subject, {
    properties: properties.filter(({ kind }) => kind === "agreement"),
    peers,
  });
  const chance = new FastChance(1);
  return {
    name: "differential",
    run() {
      const runs = 20_000;
      for (let run = 0; run < runs; run++) {
        const wrong = laboratory.examine(inputOf(drawDraft(chance, source)));
        if (wrong) throw new Error(`${wrong.what}: simulator ${wrong.actual}, kernel ${wrong.expected}`);
      }
      return runs;
    },
  };
}

function measure({ name, run }: Way): void {
  run();
  const perSecond: number[] = [];
  const perCpuSecond: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const cpu = process.cpuUsage();
    const start = performance.now();
    const runs = run();
    perSecond.push((runs / (performance.now() - start)) * 1000);
    const { user, system } = process.cpuUsage(cpu);
    perCpuSecond.push((runs / (user + system)) * 1e6);
  }
  const { low, high } = quartiles([...perSecond]);
  const [middle, ofCpu] = [median([...perSecond]), median([...perCpuSecond])].map((rate) => Math.round(rate));
  console.log(
    `${name.padEnd(13)} quartiles ${Math.round(low)}–${Math.round(high)} a second; ${ofCpu} a second of processor time`,
  );
  console.log(`rate ${name} ${middle}`);
}

console.log(`${plan.program.name} (XDP), ${plan.program.instructions.length / 8} instructions; ${rounds} rounds`);
console.log(`${cpus().length} CPUs, ${cpus()[0]?.model ?? "unknown CPU"}`);
measure(guided());
measure(property());
const noKernel = whyNoKernel();
if (noKernel === undefined) measure(await differential());
else console.log(`differential: skipped: ${noKernel}`);
