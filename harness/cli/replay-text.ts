import type { BackendName } from "../model/backend.js";
import { fromHex } from "../model/hex.js";
import type { Packet } from "../model/packet.js";
import type { ReplayedMap, ReplayedPacket, ReplayRecord } from "../model/replay.js";
import { formatDiff } from "../packet/diff.js";
import type { Replay } from "../run/replay.js";

/** Disagreements that are told in full. */
const mostTold = 3;

/** What a replay came to, as lines for a terminal; `verbose` has a line for every packet. */
export function replayText(
  { report, packets, plan }: Replay,
  backends: readonly BackendName[],
  verbose: boolean,
): string {
  const { totals, maps } = report;
  const lines: string[] = [];
  if (verbose) for (const packet of report.packets) lines.push(packetLine(packet, backends));
  const differing = report.packets.flatMap((packet, i) =>
    packet.agree === false ? [disagreement(packet, packets[i]!.packet, backends)] : [],
  );
  lines.push(...differing.slice(0, mostTold));
  if (differing.length > mostTold) lines.push(`… and ${differing.length - mostTold} more packets that differ`);
  lines.push(...maps.filter(({ agree }) => !agree).map((map) => mapText(map, backends)));
  for (const backend of backends) lines.push(...reasonsOf(report.packets, backend));
  const mapCount =
    maps.length === 0 ? "" : `; maps: ${maps.length - totals.mapsDiffer} agree, ${totals.mapsDiffer} differ`;
  lines.push(
    `${plan.object.name} › ${plan.program.name} (${plan.programType}) on ${backends.join(", ")}: ${packets.length} packets, ` +
      `${totals.agree} agree, ${totals.differ} differ, ${totals.unsupported} not compared, ${totals.faults} faults${mapCount}`,
  );
  return lines.join("\n");
}

function packetLine(packet: ReplayedPacket, backends: readonly BackendName[]): string {
  const mark = packet.agree === null ? "-" : packet.agree ? "✓" : "✗";
  return `${mark} ${packet.index}  ${backends.map((name) => `${name}: ${answer(packet[name])}`).join("   ")}`;
}

function answer(record: ReplayRecord | undefined): string {
  if (!record) return "nothing";
  if (record.unsupported !== null) return "cannot run it";
  if (record.refused !== null) return `refused: ${record.refused}`;
  if (record.fault !== null) return `fault: ${record.fault}`;
  const bytes = record.dataOutHex === null ? "" : `, ${record.dataOutHex.length / 2} bytes`;
  return `${record.verdict} (${record.retval})${bytes}`;
}

/** Verdicts, and the fields in which a backend's output is not the first one's. */
function disagreement(packet: ReplayedPacket, input: Packet, backends: readonly BackendName[]): string {
  const [first, ...others] = backends;
  const lines = [packetLine(packet, backends)];
  const before = first && packet[first]?.dataOutHex;
  for (const other of others) {
    const after = packet[other]?.dataOutHex;
    if (!before || !after || before === after) continue;
    lines.push(`  bytes: expected is what ${first} says, actual is what ${other} says`);
    const { linkType } = input;
    const text = formatDiff({ linkType, bytes: fromHex(before) }, { linkType, bytes: fromHex(after) });
    lines.push(...text.split("\n").map((line) => `  ${line}`));
  }
  return lines.join("\n");
}

function mapText({ map, differences }: ReplayedMap, backends: readonly BackendName[]): string {
  const entries = differences.map((entry) => {
    const values = backends.map((name) => `${name} ${entry[name] ?? "absent"}`);
    return `    key ${entry.key}: ${values.join(", ")}`;
  });
  return [`✗ map '${map}' differs behind the last packet`, ...entries].join("\n");
}

/** Why a backend has no answers, each reason once with the number of packets. */
function reasonsOf(packets: readonly ReplayedPacket[], backend: BackendName): string[] {
  const counts = new Map<string, number>();
  for (const packet of packets) {
    const { unsupported = null, refused = null, fault = null, warning = null } = packet[backend] ?? {};
    const reason = unsupported ?? refused ?? fault ?? (warning === null ? null : `warning: ${warning}`);
    if (reason !== null) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].map(([reason, count]) => `${backend}, ${count} of ${packets.length} packets: ${reason}`);
}
