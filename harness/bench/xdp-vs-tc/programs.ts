import type { BenchGroup } from "../../model/bench.js";
import type { Plan } from "../../model/plan.js";
import type { RunFolder } from "../../kernel/run-folder.js";
import type { BenchContext } from "../context.js";
import { planText } from "../planned-program.js";
import { measureProgramGroup, type ProgramOptions } from "../program-group.js";
import { addresses, ports } from "../wire/marked-frame.js";
import { jobs, type Job } from "./jobs.js";

/** The job's XDP program against its TC program, each alone. */
export async function measureJobPrograms(
  job: Job,
  options: ProgramOptions,
  folder: RunFolder,
  context: BenchContext,
): Promise<readonly BenchGroup[]> {
  const planOf = async (type: "xdp" | "tc"): Promise<Plan> => {
    const [plan] = await planText(scenarioOf(job, type), `${job}-${type}.yml`, context.seed);
    return plan!;
  };
  const programs = [
    { id: "xdp", title: "XDP", plan: await planOf("xdp") },
    { id: "tc", title: "TC", plan: await planOf("tc") },
  ] as const;
  const title = `${job}: ${jobs[job]}. The program alone`;
  return measureProgramGroup({ id: `${job}/program`, title, programs }, options, folder, context);
}

const verdicts: Readonly<Record<Job, { readonly xdp: string; readonly tc: string }>> = {
  drop: { xdp: "XDP_DROP", tc: "TC_ACT_SHOT" },
  count: { xdp: "XDP_PASS", tc: "TC_ACT_OK" },
  reflect: { xdp: "XDP_TX", tc: "TC_ACT_REDIRECT" },
  redirect: { xdp: "XDP_REDIRECT", tc: "TC_ACT_REDIRECT" },
  rewrite: { xdp: "XDP_TX", tc: "TC_ACT_REDIRECT" },
};

function scenarioOf(job: Job, type: "xdp" | "tc"): string {
  return `
name: ${job} by ${type}
program: bench/bench_jobs.bpf.c
entry: ${type}_bench_${job}
hook: ${type === "xdp" ? "xdp" : "tc-ingress"}
cases:
  - name: ${job}
    send:
      - eth
      - ipv4: { src: ${addresses.source}, dst: ${addresses.destination} }
      - udp: { sport: ${ports.source}, dport: ${ports.destination} }
      - payload: { size: 22 }
    expect: { verdict: ${verdicts[job][type]} }
`;
}
