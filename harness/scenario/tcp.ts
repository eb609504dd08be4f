import type { TcpStep } from "../model/scenario.js";
import type { FieldDef } from "../packet/protocol.js";
import { type Decoder, type DecodedBy, listOrOne, located, refined } from "./decoder.js";
import { defaulted, object, optional, record } from "./object.js";
import { fieldValue } from "./pattern.js";
import { boolean, durationMs, oneOf, word } from "./scalars.js";

const def: FieldDef = { name: "data", kind: "bytes", sizeBits: 0, text: true, doc: "bytes" };

/** `text`, `0x…`, `{size: 100, fill: 0x41}`, as in a payload. */
const bytes: Decoder<Uint8Array> = refined(fieldValue(def), (value) => value as Uint8Array);

const closing = oneOf("who closes the connection", {
  from: "the end that opened it",
  to: "the end that accepted it",
  both: "the end that opened it, then the other one",
});

/** An end of a connection: `from` and `to` are this step's own, `name.from` and `name.to` those of any other. */
function endProblem(name: string): string | undefined {
  return /^(?:[\w-]+\.)?(?:from|to)$/.test(name)
    ? undefined
    : `'${name}' is no end of a connection: write from, to, or other.from`;
}

/** A TCP connection: opened, used, closed; it stays open from step to step. */
export const tcp: Decoder<Omit<TcpStep, "label" | "span" | "expect">> = refined(
  object("'tcp'", {
    connection: defaulted(word("a name"), "tcp", "name of the connection; tcp by default", "web"),
    from: optional(located(word("a host")), "opens it: the host that connects, or host:port", "client"),
    to: optional(
      located(word("an address and port")),
      "and where to: address:port or host:port; if nobody listens there, this step does",
      "10.0.0.2:80",
    ),
    send: defaulted(listOrOne(bytes), [], "what the end that opened it sends, one item a call of send(2)", [
      "hello ",
      "world",
    ]),
    reply: defaulted(listOrOne(bytes), [], "what the other end sends, after all that", "good bye"),
    receives: optional(
      located(record("bytes by end", located(bytes), endProblem)),
      "what ends receive in this step, all of it; ends of open connections that are not named receive nothing",
      { to: "hello world", from: "good bye" },
    ),
    close: optional(closing, "who closes the connection at the end of the step", "both"),
    fails: defaulted(boolean, false, "true: the connection cannot be opened", true),
    timeout: defaulted(durationMs, 2000, "how long to wait for what is expected; 2s by default", "2s"),
  }),
  (found, node, report) => {
    const { from, to, fails, receives, timeout, ...rest } = found;
    if ((from === undefined) !== (to === undefined))
      return report(node.span, "'from' and 'to' open a connection together", "leave both out where it is open already");
    if (fails && (!from || rest.send.length > 0 || rest.reply.length > 0 || receives))
      return report(node.span, "a connection that cannot be opened carries nothing", "give 'from', 'to' and no more");
    return {
      kind: "tcp" as const,
      ...rest,
      open: from && to && { from, to },
      receives: receives && { span: receives.span, value: receives.value.map(received) },
      fails,
      timeoutMs: timeout,
    };
  },
);

function received({ key, decoded }: { readonly key: string; readonly decoded: DecodedBy<typeof locatedBytes> }) {
  return { end: key, bytes: decoded };
}

const locatedBytes = located(bytes);
