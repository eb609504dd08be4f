import { join } from "node:path";
import type { BackendName } from "../model/backend.js";
import type { Hook } from "../model/hook.js";
import type { CaseResult } from "../model/outcome.js";
import { planScenario } from "../plan/plan.js";
import { parseScenario } from "../scenario/parse.js";
import { findObject } from "./object.js";
import { projectRoot } from "./project.js";
import { runJob } from "./run-job.js";
import { Sessions } from "./run.js";

/** The hooks that `doctor` tries, each with a shipped program and the verdict that it gives to one UDP packet. */
const trials: readonly { hook: Hook; program: string; verdict: string }[] = [
  { hook: "xdp-native", program: "xdp_count.bpf.c", verdict: "XDP_PASS" },
  { hook: "xdp-generic", program: "xdp_count.bpf.c", verdict: "XDP_PASS" },
  { hook: "tc-ingress", program: "tc_drop.bpf.c", verdict: "TC_ACT_SHOT" },
  { hook: "tc-egress", program: "tc_drop.bpf.c", verdict: "TC_ACT_SHOT" },
  { hook: "tcx-ingress", program: "tc_drop.bpf.c", verdict: "TC_ACT_SHOT" },
  { hook: "tcx-egress", program: "tc_drop.bpf.c", verdict: "TC_ACT_SHOT" },
];

export interface HookTrial {
  readonly hook: Hook;
  readonly result: CaseResult;
}

/** Sends one real packet through each hook on the given backends: what works here is found out by doing it. */
export async function tryHooks(backends: readonly BackendName[]): Promise<HookTrial[]> {
  const sessions = new Sessions({ port: "af_packet", signal: new AbortController().signal });
  const done: HookTrial[] = [];
  try {
    for (const backend of backends) {
      for (const trial of trials) {
        const result = await runJob({ plan: await planTrial(trial), backend }, await sessions.get(backend));
        done.push({ hook: trial.hook, result });
      }
    }
  } finally {
    await sessions.close();
  }
  return done;
}

async function planTrial({ hook, program, verdict }: (typeof trials)[number]) {
  const text = [
    "name: self-test",
    `program: ${program}`,
    `hook: ${hook}`,
    "cases:",
    `  - name: ${hook}`,
    "    send: [{ eth: {} }, { ipv4: {} }, { udp: {} }]",
    `    expect: { verdict: ${verdict} }`,
  ].join("\n");
  const { scenario, diagnostics } = parseScenario(text, join(projectRoot, "self-test.yml"));
  if (!scenario) throw new Error(`the self-test is no scenario: ${diagnostics[0]?.message}`);
  const object = await findObject(scenario.program, scenario.file);
  const readCapture = (path: string): Promise<Uint8Array> => Promise.reject(new Error(`no capture ${path}`));
  const [plan] = await planScenario(scenario, object, { seed: 0, readCapture });
  return plan!;
}
