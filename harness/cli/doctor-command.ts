import { findCommand } from "../../netns/find-command.js";
import type { BackendName } from "../model/backend.js";
import { probeBackends } from "../run/backends.js";
import { describeEnvironment } from "../run/environment.js";
import { tryHooks } from "../run/self-test.js";
import { hasCap, tools } from "../run/tools.js";
import type { Paint } from "../../reports/terminal.js";
import { exitStatus } from "./exit-status.js";
import { paintFor } from "./paint.js";
import { writeJson } from "./write-json.js";

/** One thing that was looked at: by doing it, where that is possible. */
interface Check {
  readonly topic: "machine" | "backends" | "hooks" | "tools" | "taken care of";
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** The command that would mend it. */
  readonly mend?: string;
}

/** `packetproof doctor`: the exit status is 0, since there is always one backend that runs here. */
export async function doctorCommand(options: { readonly json?: string }): Promise<number> {
  const capabilities = await probeBackends();
  const usable = capabilities.filter((c) => c.unavailable === undefined).map((c) => c.backend);
  const environment = await describeEnvironment(capabilities);
  const checks: Check[] = [
    {
      topic: "machine",
      name: "kernel",
      ok: process.platform === "linux",
      detail: `${environment.platform} ${environment.kernel}`,
    },
    { topic: "machine", name: "node", ok: true, detail: environment.node },
    ...capabilities.map((c): Check => ({
      topic: "backends",
      name: c.backend,
      ok: c.unavailable === undefined,
      detail: c.unavailable ?? "runs here",
    })),
    ...(await checkHooks(usable)),
    ...checkTools(),
    ...trapsTakenCareOf,
  ];
  if (options.json !== undefined) await writeJson(options.json, { environment, checks });
  process.stdout.write(renderChecks(checks, paintFor(process.stdout)));
  return exitStatus.passed;
}

async function checkHooks(backends: readonly BackendName[]): Promise<Check[]> {
  const trials = await tryHooks(backends);
  return trials.map(({ hook, result }) => {
    const why = result.error?.message ?? result.missing[0] ?? result.mismatches[0]?.actual ?? "";
    const ok = result.outcome === "passed";
    return { topic: "hooks", name: `${hook} on ${result.backend}`, ok, detail: ok ? "one packet went through" : why };
  });
}

function checkTools(): Check[] {
  const found = tools.map(({ name, purpose, debianPackage }): Check => {
    const path = findCommand(name);
    if (path !== undefined) return { topic: "tools", name, ok: true, detail: path };
    return { topic: "tools", name, ok: false, detail: `for ${purpose}`, mend: `apt-get install ${debianPackage}` };
  });
  const mend = "apt-get install libpcap-dev g++ make && npm install";
  found.push(
    hasCap()
      ? { topic: "tools", name: "cap", ok: true, detail: "npm package, for --port cap" }
      : { topic: "tools", name: "cap", ok: false, detail: "for wire: --port cap (optional)", mend },
  );
  return found;
}

/** What bites people who build such a set-up by hand; in packetproof's own namespaces it is done already. */
const trapsTakenCareOf: readonly Check[] = (
  [
    [
      "checksum and segmentation offload",
      "off: veth otherwise carries half-computed checksums",
      "ethtool -K DEV tx off gso off tso off",
    ],
    ["NAPI on the veth peer", "on: without it a native XDP_TX vanishes", "ethtool -K PEER gro on"],
    [
      "duplicate address detection",
      "off: it delays the first IPv6 packets by a second",
      "sysctl -w net.ipv6.conf.DEV.accept_dad=0",
    ],
    ["reverse path filter", "off: it drops asymmetric flows without a word", "sysctl -w net.ipv4.conf.DEV.rp_filter=0"],
    ["IPv6 chatter", "off: router solicitations and MLD would break silence", "ip link set DEV addrgenmode none"],
  ] as const
).map(([name, detail, elsewhere]) => ({
  topic: "taken care of",
  name,
  ok: true,
  detail: `${detail}; elsewhere: ${elsewhere}`,
}));

function renderChecks(checks: readonly Check[], paint: Paint): string {
  const width = Math.max(...checks.map((check) => check.name.length));
  const lines: string[] = [];
  let topic = "";
  for (const check of checks) {
    if (check.topic !== topic) lines.push(...(topic === "" ? [] : [""]), paint("bold", check.topic));
    topic = check.topic;
    const mark = check.ok ? paint("green", "✓") : paint("yellow", "-");
    lines.push(`  ${mark} ${check.name.padEnd(width)}  ${check.detail}`);
    if (check.mend !== undefined) lines.push(`    ${"".padEnd(width)}  mend: ${check.mend}`);
  }
  return `${lines.join("\n")}\n`;
}
