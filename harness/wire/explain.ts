import { readFileSync } from "node:fs";
import type { Network } from "../../netns/network.js";
import type { TraceEvent } from "../observe/bpftrace.js";
import type { PathEvidence } from "../model/evidence.js";
import { pathEvents } from "../observe/path.js";
import type { WireCase } from "./case.js";

/** A step that lets thousands of packets pass is not told in full. */
const mostEvents = 30;

/** What a failure says of a step's packets: their way through the hosts, and counters of packets that got lost. */
export async function pathOf(seen: readonly TraceEvent[], running: WireCase): Promise<PathEvidence> {
  const events = await pathEvents(seen, running.scope);
  return {
    events: events.slice(0, mostEvents),
    omitted: Math.max(0, events.length - mostEvents),
    counters: lossCounters(running.network),
  };
}

/** The error and drop counters that are not zero: `dut:eth0 rx_dropped 3`. */
function lossCounters(network: Network): readonly string[] {
  return network.topology.hosts.flatMap(({ name }) => {
    const table = network.inside(name, () => readFileSync("/proc/thread-self/net/dev", "utf8"));
    return parseCounters(table).map(({ dev, counter, count }) => `${name}:${dev} ${counter} ${count}`);
  });
}

/** Columns of /proc/net/dev (net/core/net-procfs.c) that count packets which got lost. */
const columns = new Map([
  [2, "rx_errors"],
  [3, "rx_dropped"],
  [10, "tx_errors"],
  [11, "tx_dropped"],
]);

export function parseCounters(
  table: string,
): readonly { readonly dev: string; readonly counter: string; readonly count: number }[] {
  return table.split("\n").flatMap((line) => {
    const [dev, numbers] = line.split(":");
    if (numbers === undefined) return [];
    const values = numbers.trim().split(/\s+/).map(Number);
    return [...columns].flatMap(([column, counter]) => {
      const count = values[column] ?? 0;
      return count > 0 ? [{ dev: dev!.trim(), counter, count }] : [];
    });
  });
}
