import type { PathEvent } from "../model/evidence.js";
import type { TraceEvent } from "./bpftrace.js";
import { eventsOf, hostOf, type Scope } from "./events.js";
import { sourceLines } from "./source-lines.js";

/** Of a drop's stack: who dropped it, and who called that. */
const mostFunctions = 8;

/**
 * What packets met in the hosts while a step ran: sent by an interface, received by a stack, read from a socket,
 * refused behind an XDP program, dropped with reason and stack.
 */
export async function pathEvents(seen: readonly TraceEvent[], scope: Scope): Promise<readonly PathEvent[]> {
  const events: PathEvent[] = [];
  let first: bigint | undefined;
  for (const event of seen) {
    const host = hostOf(event, scope);
    const described = host === undefined ? undefined : await describe(event, host, scope);
    if (described === undefined) continue;
    first ??= event.timeNs;
    events.push({ afterNs: Number(event.timeNs - first), ...described });
  }
  return events;
}

type Described = Omit<PathEvent, "afterNs">;

/** Undefined for the harness's own frames. */
async function describe(event: TraceEvent, host: string, scope: Scope): Promise<Described | undefined> {
  const { name, values } = event;
  if (name === "drop") return describeDrop(event, host, scope);
  if (name === "exception" || name === "redirect_err") {
    const [described] = eventsOf("xdp", [event], scope);
    const text = `xdp ${name}: ${[described?.["action"], described?.["error"]].filter(Boolean).join(", ")}`;
    return { place: host, kind: "refused", text, stack: [] };
  }
  const meaning = meanings[name];
  // Netlink has packets, too, and captured ones are read by this very process.
  if (!meaning || (name === "read" && (values["protocol"] === "0" || Number(values["pid"]) === process.pid)))
    return undefined;
  const length = Number(values["length"]);
  if (scope.isMarker(Number(values["protocol"]), length - meaning.headerBytes)) return undefined;
  const { kind, text } = meaning;
  return { place: placeOf(event, host, scope), kind, text: `${text}, ${length} bytes`, stack: [] };
}

async function describeDrop(event: TraceEvent, host: string, scope: Scope): Promise<Described | undefined> {
  const [drop] = eventsOf("drops", [event], scope);
  if (!drop) return undefined;
  const functions = String(drop["stack"]).split(" < ");
  const shown = functions.slice(0, mostFunctions);
  const lines = await sourceLines(shown);
  const stack = shown.map((name) => (lines.has(name) ? `${name} (${lines.get(name)})` : name));
  const text = `dropped: ${String(drop["reason"])}, ${String(drop["length"])} bytes`;
  const more = functions.length > mostFunctions ? ["…"] : [];
  return { place: placeOf(event, host, scope), kind: "dropped", text, stack: [...stack, ...more] };
}

function placeOf({ values }: TraceEvent, host: string, scope: Scope): string {
  const dev = scope.deviceName(host, Number(values["ifindex"]));
  return dev === undefined ? host : `${host}:${dev}`;
}

/** What tracepoints mean; only on its way out does a packet begin with its Ethernet header. */
const meanings: Readonly<
  Record<string, { readonly kind: PathEvent["kind"]; readonly text: string; readonly headerBytes: number }>
> = {
  sent: { kind: "sent", text: "sent (net_dev_start_xmit)", headerBytes: 14 },
  received: { kind: "received", text: "received by the stack (netif_receive_skb)", headerBytes: 0 },
  read: { kind: "read", text: "read from a socket (skb_copy_datagram_iovec)", headerBytes: 0 },
};
