import type { TraceEvent } from "./bpftrace.js";
import { eventsOf, hostOf, type Scope } from "./events.js";
import { sourceLines } from "./source-lines.js";

/** A step that lets thousands of packets pass is not told in full. */
const mostLines = 30;
/** Of a drop's stack: who dropped it, and who called that. */
const mostFunctions = 8;

/**
 * What packets met in the hosts while a step ran, one line each: sent by an interface, received by a stack, read from
 * a socket, refused behind an XDP program, dropped with reason and stack.
 */
export async function timeline(seen: readonly TraceEvent[], scope: Scope): Promise<readonly string[]> {
  const lines: string[] = [];
  let first: bigint | undefined;
  for (const event of seen) {
    const host = hostOf(event, scope);
    const text = host === undefined ? undefined : await describe(event, host, scope);
    if (text === undefined) continue;
    first ??= event.timeNs;
    const sinceUs = Number(event.timeNs - first) / 1000;
    lines.push(`+${sinceUs.toFixed(0)} µs`.padStart(10) + `  ${text}`);
  }
  const rest = lines.length > mostLines ? [`… and ${lines.length - mostLines} more`] : [];
  return [...lines.slice(0, mostLines), ...rest];
}

/** Undefined for the harness's own frames. */
async function describe(event: TraceEvent, host: string, scope: Scope): Promise<string | undefined> {
  const { name, values } = event;
  if (name === "drop") return describeDrop(event, host, scope);
  if (name === "exception" || name === "redirect_err") {
    const [described] = eventsOf("xdp", [event], scope);
    return `${host}  xdp ${name}: ${[described?.["action"], described?.["error"]].filter(Boolean).join(", ")}`;
  }
  // Netlink has packets, too, and captured ones are read by this very process.
  if (name === "read" && (values["protocol"] === "0" || Number(values["pid"]) === process.pid)) return undefined;
  const length = Number(values["length"]);
  const header = ethernetBytes[name] ?? 0;
  if (scope.isMarker(Number(values["protocol"]), length - header)) return undefined;
  return `${placeOf(event, host, scope)}  ${meanings[name] ?? name}  ${length} bytes`;
}

async function describeDrop(event: TraceEvent, host: string, scope: Scope): Promise<string | undefined> {
  const [drop] = eventsOf("drops", [event], scope);
  if (!drop) return undefined;
  const functions = String(drop["stack"]).split(" < ");
  const shown = functions.slice(0, mostFunctions);
  const lines = await sourceLines(shown);
  const stack = shown.map((name) => (lines.has(name) ? `${name} (${lines.get(name)})` : name)).join(" < ");
  const more = functions.length > mostFunctions ? " < …" : "";
  return `${placeOf(event, host, scope)}  dropped: ${String(drop["reason"])}, ${String(drop["length"])} bytes\n${" ".repeat(14)}${stack}${more}`;
}

function placeOf({ values }: TraceEvent, host: string, scope: Scope): string {
  const dev = scope.deviceName(host, Number(values["ifindex"]));
  return dev === undefined ? host : `${host}:${dev}`;
}

const meanings: Readonly<Record<string, string>> = {
  sent: "sent (net_dev_start_xmit)",
  received: "received by the stack (netif_receive_skb)",
  read: "read from a socket (skb_copy_datagram_iovec)",
};

/** Only on its way out does a packet begin with its Ethernet header. */
const ethernetBytes: Readonly<Record<string, number>> = { sent: 14 };
