import { readFileSync } from "node:fs";
import type { ExpectableObserver, ObservedEvent } from "../model/observer.js";
import { parseIpv4, parseIpv6 } from "../packet/address.js";
import { errnoName } from "../kernel/errno.js";
import type { TraceEvent } from "./bpftrace.js";
import { dropReason } from "./drop-reasons.js";
import { readBuffer } from "./script.js";
import { stackText } from "./stack.js";

/** What of the machine belongs to a case. */
export interface Scope {
  /** Inode of a network namespace → the host's name. */
  readonly hosts: ReadonlyMap<number, string>;
  /** The kernel's number of an attached program → its host. */
  readonly programs: ReadonlyMap<number, string>;
  /** Undefined for an interface that the topology does not have. */
  deviceName(host: string, ifindex: number): string | undefined;
  /** Whether a packet of this EtherType and length is the harness's own. */
  isMarker(etherType: number, lengthBytes: number): boolean;
}

/** The host that an event belongs to; undefined for other people's. */
export function hostOf(event: TraceEvent, scope: Scope): string | undefined {
  const { program } = event.values;
  if (program !== undefined) return scope.programs.get(Number(program));
  return scope.hosts.get(event.netns);
}

/** What bpftrace printed as the events that scenarios know; events of others are left out. */
export function eventsOf(observer: ExpectableObserver, seen: readonly TraceEvent[], scope: Scope): ObservedEvent[] {
  if (observer === "tls") return tlsEvents(seen, scope);
  return seen.flatMap((event) => {
    const host = hostOf(event, scope);
    const described = host === undefined ? undefined : describe(event, host, scope);
    return described ? [described] : [];
  });
}

function describe({ name, values }: TraceEvent, host: string, scope: Scope): ObservedEvent | undefined {
  const task = { host, pid: Number(values["pid"]), comm: values["comm"]! };
  switch (name) {
    case "drop": {
      const [protocol, length] = [Number(values["protocol"]), Number(values["length"])];
      if (scope.isMarker(protocol, length)) return undefined;
      const dev = scope.deviceName(host, Number(values["ifindex"])) ?? "";
      const reason = dropReason(Number(values["reason"]));
      return { host, reason, dev, protocol, length, comm: task.comm, stack: stackText(values["stack"]!) };
    }
    case "exec": {
      const ids = { ppid: Number(values["ppid"]), uid: Number(values["uid"]) };
      return { ...task, ...ids, file: values["file"]!, command: commandLine(values["command"]!) };
    }
    case "open": {
      const result = Number(values["result"]);
      const mode = openModes[Number(values["flags"]) & 3]!;
      return { ...task, path: values["path"]!, mode, result: result < 0 ? errnoName(-result) : "ok" };
    }
    case "block":
      return {
        ...task,
        operation: blockOperation(values["operation"]!),
        bytes: Number(values["bytes"]),
        latency_us: Math.round(Number(values["latency"]) / 1000),
      };
    case "segment": {
      const [sport, dport, bytes] = [values["sport"], values["dport"], values["bytes"]].map(Number);
      return { host, sport: sport!, dport: dport!, bytes: bytes! };
    }
    case "exception":
    case "redirect_err": {
      const error = Math.abs(Number(values["error"] ?? 0));
      const action = xdpActions[Number(values["action"])] ?? String(values["action"]);
      return { host, event: name, action, error: error ? errnoName(error) : "" };
    }
    default: {
      const ends = {
        src: addressBytes(values["src"]!),
        sport: Number(values["sport"]),
        dst: addressBytes(values["dst"]!),
        dport: Number(values["dport"]),
      };
      // Who happens to run when a packet arrives has nothing to do with it.
      return values["pid"] === undefined ? { host, event: name, ...ends } : { ...task, event: name, ...ends };
    }
  }
}

/** include/uapi/asm-generic/fcntl.h: O_RDONLY, O_WRONLY, O_RDWR. */
export const openModes = ["read", "write", "read-write", "read-write"] as const;

/** enum xdp_action. */
const xdpActions = ["XDP_ABORTED", "XDP_DROP", "XDP_PASS", "XDP_TX", "XDP_REDIRECT"];

/** blk_fill_rwbs (kernel/trace/blktrace.c): F may come first, for a flush before the write. */
function blockOperation(rwbs: string): string {
  if (rwbs.includes("D")) return "discard";
  if (rwbs.includes("W")) return "write";
  return rwbs.includes("R") ? "read" : "flush";
}

export function commandLine(buffer: string): string {
  return new TextDecoder().decode(readBuffer(buffer)).replace(/\0+$/, "").replaceAll("\0", " ");
}

function addressBytes(text: string): Uint8Array {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(text)?.[1];
  if (mapped !== undefined) return parseIpv4(mapped);
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

/** The parts of each call's buffer, put together again. */
function tlsEvents(seen: readonly TraceEvent[], scope: Scope): ObservedEvent[] {
  const calls = new Map<string, { event: TraceEvent; host: string; parts: Uint8Array[] }>();
  for (const event of seen) {
    const host = hostOf(event, scope);
    if (host === undefined) continue;
    const key = `${event.name} ${event.values["pid"]} ${event.values["call"]}`;
    const call = calls.get(key) ?? { event, host, parts: [] };
    calls.set(key, call);
    call.parts[Number(event.values["part"])] = readBuffer(event.values["data"]!);
  }
  return [...calls.values()].map(({ event: { name, values }, host, parts }) => {
    const [library, direction] = name.split("-");
    const data = new TextDecoder().decode(Uint8Array.from(parts.flatMap((part) => [...part])));
    const task = { host, pid: Number(values["pid"]), comm: values["comm"]! };
    return { ...task, library: library!, direction: direction!, bytes: Number(values["bytes"]), data };
  });
}

/** Requests by the power of two that their latency is in. */
export function latencyHistogram(requests: readonly ObservedEvent[]): ObservedEvent[] {
  const counts = new Map<number, number>();
  for (const { latency_us } of requests) {
    const min = Number(latency_us) < 1 ? 0 : 2 ** Math.floor(Math.log2(Number(latency_us)));
    counts.set(min, (counts.get(min) ?? 0) + 1);
  }
  return [...counts]
    .toSorted(([a], [b]) => a - b)
    .map(([min, count]) => ({ min_us: min, max_us: min === 0 ? 0 : 2 * min - 1, count }));
}

/** The user's name by /etc/passwd, or the number. */
export function userName(uid: string): string {
  const line = readPasswd().find((each) => each.split(":")[2] === uid);
  return line?.split(":")[0] ?? uid;
}

function readPasswd(): readonly string[] {
  try {
    return readFileSync("/etc/passwd", "utf8").split("\n");
  } catch {
    return [];
  }
}
