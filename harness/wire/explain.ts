import { readFileSync } from "node:fs";
import type { Network } from "../../netns/network.js";
import type { TraceEvent } from "../observe/bpftrace.js";
import { timeline } from "../observe/path.js";
import type { WireCase } from "./case.js";

/** What a failure says of a step's packets: their way through the hosts, and counters of packets that got lost. */
export async function describeStep(seen: readonly TraceEvent[], running: WireCase): Promise<readonly string[]> {
  const way = await timeline(seen, running.scope);
  const counters = lossCounters(running.network);
  return [
    ...(way.length > 0 ? ["seen when it was run once more:", ...way] : []),
    ...(counters.length > 0 ? [`interface counters since the case began: ${counters.join(", ")}`] : []),
  ];
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
