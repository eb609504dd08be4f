/**
 * `npm run bench:wire`: what one scenario over the wire takes, from making the network to its removal: default
 * topology, native XDP attached, three packets sent and their verdicts found out. The last line is `median M ms`.
 */
import { readFile } from "node:fs/promises";
import { cpus, release } from "node:os";
import { join } from "node:path";
import type { Session } from "../model/backend.js";
import { harnessError } from "../model/error.js";
import type { Plan } from "../model/plan.js";
import { planScenario } from "../plan/plan.js";
import { readObject } from "../object/read-object.js";
import { projectRoot } from "../run/project.js";
import { parseScenario } from "../scenario/parse.js";
import { wireBackend } from "../wire/backend.js";
import { median, quartiles } from "./statistics.js";

const rounds = 41;
/** The first ones load libraries and code. */
const warmUps = 3;

const scenarioText = `
name: three packets
program: xdp_drop_count.bpf.o
hook: xdp
cases:
  - name: are dropped
    send:
      packets:
        - [{ eth: {} }, { ipv4: {} }, { udp: {} }]
        - [{ eth: {} }, { ipv4: {} }, { tcp: {} }]
        - [{ eth: {} }, { ipv6: {} }, { udp: {} }]
    expect: { verdict: XDP_DROP }
`;

async function main(): Promise<void> {
  const plan = await makePlan();
  const session = await wireBackend.open({ runId: `bench-${process.pid}`, port: "af_packet" });
  try {
    for (let i = 0; i < warmUps; i++) await timeOne(session, plan);
    const times: number[] = [];
    for (let i = 0; i < rounds; i++) times.push(await timeOne(session, plan));
    report(times);
  } finally {
    await session.close();
  }
}

async function makePlan(): Promise<Plan> {
  const file = "bench.yml";
  const { scenario, diagnostics } = parseScenario(scenarioText, file);
  if (!scenario || diagnostics.length > 0)
    throw harnessError("internal", diagnostics.map(({ message }) => message).join("\n"));
  const bytes = await readFile(join(projectRoot, "fixtures", "objects", scenario.program.value));
  const readCapture = (): never => {
    throw harnessError("internal", "this scenario has no capture");
  };
  const [plan] = await planScenario(scenario, readObject(bytes, "xdp_drop_count"), { seed: 1, readCapture });
  return plan!;
}

/** Milliseconds; throws where the result is not the right one, for then the time means nothing. */
async function timeOne(session: Session, plan: Plan): Promise<number> {
  const start = performance.now();
  const observations = await session.run(plan);
  const durationMs = performance.now() - start;
  const verdicts = observations.flatMap((o) => (o.kind === "verdict" ? [o.possible.join(" or ")] : []));
  if (verdicts.join() !== "XDP_DROP,XDP_DROP,XDP_DROP")
    throw harnessError("internal", `three verdicts XDP_DROP were expected, and seen ${verdicts.join() || "none"}`);
  return durationMs;
}

function report(times: readonly number[]): void {
  const { low, high } = quartiles(times);
  console.log(`Linux ${release()}, Node ${process.version}, ${cpus().length} CPUs (${cpus()[0]?.model.trim()})`);
  console.log(`${times.length} rounds: topology, native XDP attached, three packets, tear-down`);
  console.log(`half of them between ${low.toFixed(1)} and ${high.toFixed(1)} ms`);
  console.log(`median ${median(times).toFixed(1)} ms`);
}

await main();
