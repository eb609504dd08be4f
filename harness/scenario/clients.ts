import type { HttpStep, PingStep, RunStep } from "../model/scenario.js";
import type { Topology } from "../model/topology.js";
import { isIpv6 } from "./addresses.js";
import { type Decoder, type Invalid, type Report, list, located, refined } from "./decoder.js";
import type { Node } from "./node.js";
import { defaulted, object, optional, required } from "./object.js";
import { fieldPattern, textPattern } from "./pattern.js";
import { hostName, unknownHost } from "./places.js";
import { boolean, durationMs, integer, regex, text, word } from "./scalars.js";
import { command } from "./services.js";

type Action<S extends { label: string; span: unknown; expect: unknown }> = Omit<S, "label" | "span" | "expect">;

const replyCount = fieldPattern({ name: "replies", kind: "uint", sizeBits: 32, doc: "replies that come back" });
const statusCode = fieldPattern({ name: "status", kind: "uint", sizeBits: 16, doc: "HTTP status" });
const exitStatus = fieldPattern({ name: "exit", kind: "uint", sizeBits: 8, doc: "exit status" });

/** Echo requests from one host to an address. */
export function ping(topology: Topology | undefined): Decoder<Action<PingStep>> {
  const decoder = object("'ping'", {
    from: optional(
      located(hostName(topology)),
      "the host that pings; absent: the host that `send` sends from",
      "client",
    ),
    to: required(located(target(topology)), "an address, or a host, whose first address is taken", "10.0.0.2"),
    count: defaulted(integer(1, 10_000), 1, "how many requests; 1 by default", 3),
    size: defaulted(integer(0, 65_507, "a size in bytes"), 56, "payload bytes of each request; 56 by default", 1400),
    timeout: defaulted(durationMs, 5000, "how long to wait for all replies; 5s by default", "5s"),
    replies: optional(located(replyCount), "how many replies have to come back; all of them by default", 0),
  });
  return refined(decoder, ({ from, to, count, size, timeout, replies }, { span }) => ({
    kind: "ping" as const,
    from: from ?? { value: topology?.from.host ?? "client", span },
    to,
    count,
    payloadBytes: size,
    timeoutMs: timeout,
    replies: replies ?? { value: { kind: "equals" as const, value: count }, span },
  }));
}

/** HTTP requests from a host. */
export function http(topology: Topology | undefined): Decoder<Action<HttpStep>> {
  const decoder = object("'http'", {
    from: optional(
      located(hostName(topology)),
      "the host that asks; absent: the host that `send` sends from",
      "client",
    ),
    url: required(
      located(url(topology)),
      "what to get; a host's name stands for its first address",
      "http://10.0.0.5/",
    ),
    times: defaulted(integer(1, 100_000), 1, "how many requests, each on a connection of its own; 1 by default", 20),
    timeout: defaulted(durationMs, 5000, "time limit of each request; 5s by default", "5s"),
    status: optional(located(statusCode), "status of every response", 200),
    body: optional(located(textPattern), "body of every response", "hello"),
    bodies: optional(located(list(text())), "exactly these different bodies have to come, in any order", [
      "backend1",
      "backend2",
    ]),
    fails: defaulted(boolean, false, "true: every request has to fail (refused, reset, timed out)", true),
  });
  return refined(decoder, (found, node, report) => {
    const { from, url, times, timeout, status, body, bodies, fails } = found;
    const answer = status ?? body ?? bodies;
    if (fails && answer) return report(answer.span, "a request that fails has no response to expect anything of");
    return {
      kind: "http" as const,
      from: from ?? { value: topology?.from.host ?? "client", span: node.span },
      url,
      times,
      timeoutMs: timeout,
      status,
      body,
      bodies,
      fails,
    };
  });
}

/** A command in a host, run to its end. */
export function run(topology: Topology | undefined): Decoder<Action<RunStep>> {
  const decoder = object("'run'", {
    host: required(located(hostName(topology)), "the host it runs in", "client"),
    command: required(located(command), "the command: a list of arguments, never a shell line", [
      "nc",
      "-z",
      "10.0.0.2",
      "80",
    ]),
    timeout: defaulted(durationMs, 10_000, "time limit; 10s by default", "10s"),
    exit: optional(located(exitStatus), "the exit status; 0 by default", 1),
    stdout: optional(located(regex), "regular expression that its output has to match", "64 bytes from"),
    background: optional(
      located(word("a name")),
      "let it run while the steps go on, up to `wait:` with this name",
      "load",
    ),
    ready: optional(
      located(regex),
      "in the background: regular expression that its output has to match before the next step",
      "connected",
    ),
  });
  return refined(decoder, ({ host, command, timeout, exit, stdout, background, ready }, { span }, report) => {
    if (ready && !background)
      return report(ready.span, "'ready' is about a command in the background", "add 'background: NAME'");
    return {
      kind: "run" as const,
      host,
      command,
      timeoutMs: timeout,
      exit: exit ?? { value: { kind: "equals" as const, value: 0 }, span },
      stdout,
      background,
      ready: ready?.value,
    };
  });
}

/** There is no name service in the namespaces: a host's name is replaced by its first address here. */
function target(topology: Topology | undefined): Decoder<string> {
  return refined(word("an address or the name of a host"), (value, node, report) =>
    isAddress(value) ? value : addressOf(value, topology, node, report),
  );
}

function url(topology: Topology | undefined): Decoder<string> {
  return refined(word("a URL"), (value, node, report) => {
    const parsed = URL.canParse(value) ? new URL(value) : undefined;
    if (parsed?.protocol !== "http:") {
      return report(node.span, `'${value}' is not an HTTP address`, "for example: http://10.0.0.5:8080/");
    }
    if (isAddress(parsed.hostname.replace(/^\[|\]$/g, ""))) return value;
    const address = addressOf(parsed.hostname, topology, node, report);
    if (typeof address !== "string") return address;
    parsed.hostname = isIpv6(address) ? `[${address}]` : address;
    return parsed.href;
  });
}

function addressOf(name: string, topology: Topology | undefined, node: Node, report: Report): string | Invalid {
  if (!topology) return name;
  const host = topology.hosts.find((each) => each.name === name);
  if (!host) return unknownHost(name, topology.hosts, node, report);
  const first = host.interfaces.flatMap((each) => each.addresses)[0];
  if (first !== undefined) return first.replace(/\/.*/, "");
  return report(node.span, `host '${name}' has no address`, `give one of its interfaces 'addresses: [10.0.0.1/24]'`);
}

function isAddress(value: string): boolean {
  return isIpv6(value) || /^[\d.]+$/.test(value);
}
