import { createHash } from "node:crypto";
import { harnessError } from "../../model/error.js";
import type { Plan } from "../../model/plan.js";
import { anyProperty, Campaign } from "../../fuzz/campaign.js";
import { judge } from "../../judge/judge.js";
import { parseScenario } from "../../scenario/parse.js";
import { SimSession } from "../../sim/session.js";
import { planText } from "../planned-program.js";

/** Something that packetproof does, so often; nanoseconds each. */
export interface Work {
  run(count: number): number | Promise<number>;
  close?(): void;
}

const scenario = `
name: three cases
program: xdp_icmp_drop.bpf.c
hook: xdp
cases:
  - name: a ping is dropped
    send: [eth, ipv4, icmp]
    expect: { verdict: XDP_DROP }
  - name: a query passes
    send: [eth, ipv4: { src: 10.0.0.1 }, udp: { dport: 53 }]
    expect: { verdict: XDP_PASS, unchanged: all }
  - name: so does a segment
    send: [eth, ipv6, tcp: { flags: S }]
    expect: { verdict: XDP_PASS, unchanged: all }
`;

async function timed(count: number, once: () => void | Promise<void>): Promise<number> {
  const start = process.hrtime.bigint();
  for (let i = 0; i < count; i++) await once();
  return Number(process.hrtime.bigint() - start) / count;
}

/** None of our code: what the others are held against from one version to the next. */
export function yardstick(): Work {
  const bytes = new Uint8Array(64 * 1024);
  return { run: (count) => timed(count, () => void createHash("sha256").update(bytes).digest()) };
}

export function parsing(): Work {
  return {
    run: (count) =>
      timed(count, () => {
        if (parseScenario(scenario, "three.yml").diagnostics.length > 0) throw new Error("the scenario is wrong");
      }),
  };
}

export async function runningCase(seed: number): Promise<Work> {
  const session = new SimSession("jit");
  const runAll = async (plans: readonly Plan[]): Promise<void> => {
    for (const plan of plans) {
      if (session.missing(plan).length > 0) throw harnessError("internal", "the simulator cannot run the scenario");
      const { mismatches } = judge(plan, "sim", await session.run(plan));
      if (mismatches.length > 0) throw harnessError("internal", `the scenario fails: ${mismatches[0]!.what}`);
    }
  };
  await runAll(await planText(scenario, "three.yml", seed));
  return { run: (count) => timed(count, async () => runAll(await planText(scenario, "three.yml", seed))) };
}

/** Slices of a campaign, by the inputs that they ran. */
export async function fuzzing(seed: number): Promise<Work> {
  const [plan] = await planText(scenario, "three.yml", seed);
  const campaign = new Campaign(plan!, anyProperty(plan!, false), { seed });
  return {
    run(count) {
      const before = campaign.progress.executions;
      const start = process.hrtime.bigint();
      do campaign.slice();
      while (campaign.progress.executions - before < count);
      return Number(process.hrtime.bigint() - start) / (campaign.progress.executions - before);
    },
    close: () => campaign.close(),
  };
}
