import { existsSync, readdirSync, readFileSync } from "node:fs";
import { arch, cpus, release, totalmem, type } from "node:os";
import { join } from "node:path";
import type { BenchHost } from "../model/bench.js";

const vulnerabilities = "/sys/devices/system/cpu/vulnerabilities";

/** What the figures of this machine depend on; only looks, and says nothing of what the machine does not tell. */
export function describeHost(): BenchHost {
  return {
    kernel: `${type()} ${release()}`,
    architecture: arch(),
    cpuModel: cpus()[0]?.model.trim() ?? "unknown",
    cpus: cpus().length,
    memoryMb: Math.round(totalmem() / 1e6),
    bpfJit: read("/proc/sys/net/core/bpf_jit_enable"),
    bpfJitHarden: read("/proc/sys/net/core/bpf_jit_harden"),
    governor: read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
    mitigations: mitigations(),
    clocksource: read("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
    virtualised: hypervisor(),
    node: process.version,
  };
}

/**
 * What differs between two hosts that figures could come from: a line each, none where the figures may be compared.
 * Memory and Node's version count for nothing that is measured in the kernel, but for what is measured in Node.
 */
export function hostDifferences(before: BenchHost, after: BenchHost): readonly string[] {
  const plain = (["kernel", "architecture", "cpuModel", "cpus"] as const).map((key) => [key, before[key], after[key]]);
  const settings = (["bpfJit", "bpfJitHarden", "governor", "clocksource", "virtualised", "node"] as const).map(
    (key) => [key, before[key], after[key]],
  );
  const names = new Set([...Object.keys(before.mitigations), ...Object.keys(after.mitigations)]);
  const mitigated = [...names].map((name) => [name, before.mitigations[name], after.mitigations[name]]);
  return [...plain, ...settings, ...mitigated]
    .filter(([, was, is]) => was !== is)
    .map(([key, was, is]) => `${key}: ${was ?? "not known"} → ${is ?? "not known"}`);
}

function mitigations(): Readonly<Record<string, string>> {
  if (!existsSync(vulnerabilities)) return {};
  const known = readdirSync(vulnerabilities).map((name) => [name, read(join(vulnerabilities, name))] as const);
  return Object.fromEntries(known.flatMap(([name, text]) => (!text || text === "Not affected" ? [] : [[name, text]])));
}

function hypervisor(): string | undefined {
  const isGuest = /^flags\s*:.*\bhypervisor\b/m.test(read("/proc/cpuinfo") ?? "");
  if (!isGuest) return undefined;
  return (
    read("/sys/hypervisor/type") ?? read("/sys/class/dmi/id/sys_vendor") ?? "a hypervisor that does not say its name"
  );
}

/** Undefined for what is not there or may not be read. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}
