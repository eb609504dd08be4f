import type { PlannedTcp, TcpEnd, TcpPlace } from "../model/plan.js";
import type { Located, TcpStep } from "../model/scenario.js";
import type { Host } from "../model/topology.js";
import { parseIpv4, parseIpv6 } from "../packet/address.js";
import { didYouMean, wrong, type PlanContext } from "./context.js";

/** Local ports of connections that do not say theirs, in the order of the steps: the same on every backend. */
const firstLocalPort = 40_000;

type Planned = Omit<PlannedTcp, "index" | "label" | "span" | "expect">;

/** A `tcp` step with addresses and ports looked up. */
export function planTcp(context: PlanContext, step: TcpStep, index: number): Planned {
  const { connection, send, reply, close, fails, timeoutMs, receives } = step;
  return {
    kind: "tcp",
    connection,
    open: step.open && planOpen(context, step.open, firstLocalPort + index),
    send,
    reply,
    receives: receives && {
      span: receives.span,
      value: receives.value.map(({ end, bytes }) => ({ end: endOf(end, connection), bytes })),
    },
    close: close === "both" ? ["from", "to"] : close ? [close] : [],
    fails,
    timeoutMs,
  };
}

function endOf(written: string, own: string): TcpEnd {
  const [side, connection] = written.split(".").toReversed();
  return { connection: connection ?? own, side: side === "to" ? "to" : "from" };
}

function planOpen(
  context: PlanContext,
  { from, to }: { readonly from: Located<string>; readonly to: Located<string> },
  defaultPort: number,
): PlannedTcp["open"] {
  const target = planTarget(context, from, to);
  const source = target && planSource(context, from, target, defaultPort);
  return target && source && { from: source, to: target };
}

function planTarget(context: PlanContext, from: Located<string>, to: Located<string>): TcpPlace | undefined {
  const { hosts } = context.topology;
  const [, name, portText] = /^(.*):(\d+)$/.exec(to.value) ?? [];
  const port = Number(portText);
  if (name === undefined || port === 0 || port > 65_535) {
    wrong(context, to.span, `'${to.value}' has no port`, "write address:port or host:port, as 10.0.0.2:80");
    return undefined;
  }
  const text = name.replace(/^\[(.*)\]$/, "$1");
  if (!isAddress(text)) {
    const host = findHost(context, { value: text, span: to.span });
    const address = host && addressesOf(host)[0];
    if (host && address === undefined) wrong(context, to.span, `host '${text}' has no address`);
    return host && address !== undefined ? { host: host.name, address, port } : undefined;
  }
  const address = text;
  const owner = isLoopback(address)
    ? hosts.find(({ name: host }) => host === hostPart(from.value))
    : hosts.find((host) => addressesOf(host).includes(address));
  if (owner) return { host: owner.name, address, port };
  wrong(context, to.span, `no host of the topology has the address ${address}`);
  return undefined;
}

/** From the address that routing would choose: the target's own on the same host, else one of its network. */
function planSource(
  context: PlanContext,
  from: Located<string>,
  target: TcpPlace,
  defaultPort: number,
): TcpPlace | undefined {
  const host = findHost(context, { value: hostPart(from.value), span: from.span });
  if (!host) return undefined;
  const port = Number(from.value.split(":")[1] ?? defaultPort);
  if (!(port > 0 && port <= 65_535)) {
    wrong(context, from.span, `'${from.value}' has no port`, "write host, or host:port");
    return undefined;
  }
  const candidates = host.interfaces.flatMap(({ addresses }) => addresses).filter((own) => isSameFamily(own, target));
  const own = target.host === host.name ? target.address : candidates.find((each) => holds(each, target.address));
  const address = own ?? candidates[0];
  if (address !== undefined) return { host: host.name, address: withoutBits(address), port };
  wrong(context, from.span, `host '${host.name}' has no address from which to reach ${target.address}`);
  return undefined;
}

function findHost(context: PlanContext, { value, span }: Located<string>): Host | undefined {
  const { hosts } = context.topology;
  const names = hosts.map(({ name }) => name);
  const found = hosts.find(({ name }) => name === value);
  if (!found) wrong(context, span, `the topology has no host '${value}'`, didYouMean(value, names, "hosts"));
  return found;
}

function hostPart(written: string): string {
  return written.split(":")[0]!;
}

function addressesOf(host: Host): string[] {
  return host.interfaces.flatMap(({ addresses }) => addresses.map(withoutBits));
}

function withoutBits(address: string): string {
  return address.replace(/\/.*/, "");
}

function isAddress(text: string): boolean {
  return text.includes(":") || /^\d+\.\d+\.\d+\.\d+$/.test(text);
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}

function isSameFamily(address: string, target: TcpPlace): boolean {
  return address.includes(":") === target.address.includes(":");
}

/** Whether an interface's network has an address in it. */
function holds(network: string, address: string): boolean {
  const [own = "", bits] = network.split("/");
  const [a, b] = [addressBytes(own), addressBytes(address)];
  for (let bit = 0; bit < Number(bits ?? 8 * a.length); bit++)
    if (((a[bit >> 3]! ^ b[bit >> 3]!) & (0x80 >> (bit & 7))) !== 0) return false;
  return true;
}

function addressBytes(text: string): Uint8Array {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}
