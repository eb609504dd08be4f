import { existsSync, readdirSync, readFileSync } from "node:fs";
import { findCommand } from "../../netns/find-command.js";
import type { ExpectableObserver } from "../model/observer.js";
import { probesOf } from "./probes.js";
import { tracersOf } from "./tracers.js";

/** What the machine lacks for these observers, by name. `tracefs` is where one is mounted. */
export function missingForObservers(
  observers: readonly ExpectableObserver[],
  tracefs: () => string,
): readonly string[] {
  if (observers.length === 0) return [];
  if (findCommand("bpftrace") === undefined) return ["bpftrace (apt-get install bpftrace)"];
  if (!existsSync("/sys/kernel/btf/vmlinux")) return ["the kernel's own BTF (/sys/kernel/btf/vmlinux)"];
  const missing = tracersOf(observers).flatMap((name) =>
    name === "tls" ? missingUprobes() : missingTracepoints(name, tracefs()),
  );
  if (observers.some((name) => name === "block" || name === "block_latency") && !hasDisk())
    missing.push("a block device with requests to watch: this machine has none (/sys/block)");
  return [...new Set(missing)];
}

function missingTracepoints(name: keyof typeof probesOf, tracefs: string): string[] {
  return probesOf[name].flatMap(({ attach }) => {
    const [, group, event] = attach.split(":");
    return existsSync(`${tracefs}/events/${group}/${event}/id`) ? [] : [`tracepoint ${group}:${event} of this kernel`];
  });
}

function missingUprobes(): string[] {
  return existsSync("/sys/bus/event_source/devices/uprobe/type") ? [] : ["uprobes: this kernel has none"];
}

/** Loop and RAM devices have sizes only when somebody uses them. */
function hasDisk(): boolean {
  const devices = existsSync("/sys/block") ? readdirSync("/sys/block") : [];
  return devices.some((name) => !/^(loop|ram|zram)/.test(name) && Number(readFileSync(`/sys/block/${name}/size`)) > 0);
}
