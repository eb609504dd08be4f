import type { FieldValue } from "./packet.js";

/** How a field of an observed event is written in a scenario and compared. Addresses are 4 or 16 bytes. */
export type ObservedKind = "uint" | "text" | "address";

export interface ObservedField {
  readonly kind: ObservedKind;
  readonly doc: string;
}

export interface Observer {
  readonly doc: string;
  readonly fields: Readonly<Record<string, ObservedField>>;
}

const host = {
  host: { kind: "text", doc: "the host, by the topology's name, in whose namespace it happened" },
} as const;

const task = {
  ...host,
  pid: { kind: "uint", doc: "process id" },
  comm: { kind: "text", doc: "the process's name, at most 15 characters" },
} as const;

/** Who watches what while a case runs: the names that `observe:` takes, and the fields of each one's events. */
export const observers = {
  drops: {
    doc: "packets that the kernel threw away (tracepoint skb:kfree_skb; skb:consume_skb is none)",
    fields: {
      ...host,
      reason: { kind: "text", doc: "enum skb_drop_reason without its prefix: NETFILTER_DROP" },
      dev: { kind: "text", doc: "the packet's interface; empty where it had none yet" },
      protocol: { kind: "uint", doc: "EtherType; 0 where it was not known yet" },
      length: { kind: "uint", doc: "bytes from the header on that was being worked on" },
      comm: { kind: "text", doc: "the process that the CPU was in, not always the packet's own" },
      stack: { kind: "text", doc: "kernel functions with offsets, innermost first: a+1 < b+2" },
    },
  },
  exec: {
    doc: "programs that were started (tracepoint sched:sched_process_exec)",
    fields: {
      ...task,
      ppid: { kind: "uint", doc: "the parent's process id" },
      uid: { kind: "uint", doc: "user id" },
      file: { kind: "text", doc: "the file that was executed" },
      command: { kind: "text", doc: "the arguments, separated by blanks; at most 112 bytes" },
    },
  },
  open: {
    doc: "files that were opened, or could not be (system calls open, openat, openat2)",
    fields: {
      ...task,
      path: { kind: "text", doc: "as it was given to the system call; at most 111 bytes" },
      mode: { kind: "text", doc: "read, write or read-write" },
      result: { kind: "text", doc: "ok, or the errno: ENOENT" },
    },
  },
  block: {
    doc: "requests to block devices (tracepoints block:block_rq_issue, block:block_rq_complete)",
    fields: {
      ...task,
      operation: { kind: "text", doc: "read, write, flush or discard" },
      bytes: { kind: "uint", doc: "size of the request" },
      latency_us: { kind: "uint", doc: "from issue to completion, in microseconds" },
    },
  },
  block_latency: {
    doc: "the latencies of `block` as a histogram: one event for each power of two that was seen",
    fields: {
      min_us: { kind: "uint", doc: "lower bound in microseconds: 0, or a power of two" },
      max_us: { kind: "uint", doc: "upper bound, included" },
      count: { kind: "uint", doc: "requests in between" },
    },
  },
  tcp: {
    doc: "TCP connections (tracepoints sock:inet_sock_set_state, tcp:tcp_retransmit_skb)",
    fields: {
      ...task,
      event: {
        kind: "text",
        doc: "connect (a SYN goes out), established (it was answered), accept (a peer's was), retransmit, close",
      },
      src: { kind: "address", doc: "this end's address" },
      sport: { kind: "uint", doc: "this end's port" },
      dst: { kind: "address", doc: "the other end's address" },
      dport: { kind: "uint", doc: "the other end's port" },
    },
  },
  segments: {
    doc: "TCP segments that the stack takes in for established connections (tracepoint tcp:tcp_probe)",
    fields: {
      ...host,
      sport: { kind: "uint", doc: "this end's port" },
      dport: { kind: "uint", doc: "the other end's port, which the segment comes from" },
      bytes: { kind: "uint", doc: "of data: 0 for a mere acknowledgement" },
    },
  },
  xdp: {
    doc: "what went wrong behind the XDP program under test (tracepoints xdp:xdp_exception, xdp:xdp_redirect_err)",
    fields: {
      ...host,
      event: { kind: "text", doc: "exception, or redirect_err" },
      action: { kind: "text", doc: "XDP_ABORTED, XDP_TX, …" },
      error: { kind: "text", doc: "the errno of a redirect that failed, else empty" },
    },
  },
  tls: {
    doc: "plaintext that goes into and comes out of TLS libraries (uprobes on OpenSSL and GnuTLS)",
    fields: {
      ...task,
      library: { kind: "text", doc: "openssl or gnutls" },
      direction: { kind: "text", doc: "write or read" },
      bytes: { kind: "uint", doc: "size of the whole write or read" },
      data: { kind: "text", doc: "its first 448 bytes; what is no UTF-8 becomes U+FFFD" },
    },
  },
  rules: {
    doc: "what runtime rules have to say of exec, open and tcp events (Falco rule files)",
    fields: {
      ...task,
      rule: { kind: "text", doc: "name of the rule" },
      priority: { kind: "text", doc: "EMERGENCY … DEBUG" },
      output: { kind: "text", doc: "the rule's output line, with its fields filled in" },
    },
  },
} as const satisfies Readonly<Record<string, Observer>>;

/** The names that `observe:` and `observed:` take. */
export type ExpectableObserver = keyof typeof observers;

export const observerNames = Object.keys(observers) as readonly ExpectableObserver[];

/** One thing that an observer saw; a field that it does not know is absent. */
export type ObservedEvent = Readonly<Record<string, FieldValue>>;
