import type { Probe } from "./script.js";

/** What `observe:` takes, but for what is worked out from others' events. */
export type ProbedObserver = "drops" | "exec" | "open" | "block" | "tcp" | "segments" | "xdp" | "path";

export const task = [
  "$task = (struct task_struct *)curtask",
  // A thread that is ending has none any more.
  "$netns = (uint64)0",
  "if ($task->nsproxy != 0) { $netns = (uint64)$task->nsproxy->net_ns->ns.inum; }",
];

/** The arguments of the process that runs, zero bytes between them. */
const command = [
  "$mm = $task->mm",
  "$length = (uint64)0",
  "if ($mm != 0) { $length = $mm->arg_end - $mm->arg_start; }",
];

export const ofTask = {
  pid: ["%lld", "pid"],
  ppid: ["%lld", "$task->real_parent->tgid"],
  uid: ["%lld", "uid"],
  tty: ["%lld", "$task->signal->tty != 0"],
  comm: ["%s", "comm"],
  parent: ["%s", "$task->real_parent->comm"],
} as const;

const ofCommand = { command: ["%r", "buf(uptr($mm->arg_start), $length)"] } as const;

function ofSocket(socket: string): readonly string[] {
  return [`$sk = (struct sock *)${socket}`, "$netns = (uint64)$sk->__sk_common.skc_net.net->ns.inum"];
}

/** A packet belongs where its device is, or else its socket: `dev` shares its place with other things while a socket holds the packet. */
const ofPacket = [
  "$skb = (struct sk_buff *)args->skbaddr",
  "$dev = $skb->dev",
  "$ifindex = (int64)0",
  "$netns = (uint64)0",
  "if ($dev != 0) { $netns = (uint64)$dev->nd_net.net->ns.inum; $ifindex = (int64)$dev->ifindex; }",
  "if ($netns == 0 && $skb->sk != 0) { $netns = (uint64)$skb->sk->__sk_common.skc_net.net->ns.inum; }",
];

function opens(call: string, flags: string): readonly Probe[] {
  return [
    {
      attach: `tracepoint:syscalls:sys_enter_${call}`,
      setUp: ["@path[tid] = (uint64)args->filename", `@flags[tid] = (uint64)${flags}`],
    },
    {
      attach: `tracepoint:syscalls:sys_exit_${call}`,
      condition: "@path[tid]",
      setUp: [...task, ...command],
      event: {
        name: "open",
        fields: {
          ...ofTask,
          flags: ["%lld", "@flags[tid]"],
          result: ["%lld", "args->ret"],
          // Read at the end of the call: the kernel has then had to read it, too.
          path: ["%s", "str(@path[tid])"],
          ...ofCommand,
        },
      },
      cleanUp: ["delete(@path[tid])", "delete(@flags[tid])"],
    },
  ];
}

/** TCP's states (include/net/tcp_states.h). */
const connecting = "args->protocol == 6 && args->oldstate == 7 && args->newstate == 2";
const established = "args->protocol == 6 && args->oldstate == 2 && args->newstate == 1";
const accepted = "args->protocol == 6 && args->oldstate == 3 && args->newstate == 1";
const closed = "args->protocol == 6 && args->newstate == 7";

const connection = {
  // IPv4 addresses are there, too, as ::ffff:10.0.0.1 (RFC 4291 section 2.5.5.2).
  src: ["%s", "ntop(args->saddr_v6)"],
  sport: ["%lld", "args->sport"],
  dst: ["%s", "ntop(args->daddr_v6)"],
  dport: ["%lld", "args->dport"],
} as const;

/** Only the one who connects does so in its own name; other states change wherever a packet happens to be handled. */
function stateChange(name: string, condition: string): Probe {
  const attach = "tracepoint:sock:inet_sock_set_state";
  if (name !== "connect")
    return { attach, condition, setUp: ofSocket("args->skaddr"), event: { name, fields: connection } };
  const setUp = [...task, ...command, ...ofSocket("args->skaddr")];
  return { attach, condition, setUp, event: { name, fields: { ...ofTask, ...connection, ...ofCommand } } };
}

const drop = {
  attach: "tracepoint:skb:kfree_skb",
  setUp: [
    ...ofPacket,
    "$rx = (struct sock *)args->rx_sk",
    "if ($netns == 0 && $rx != 0) { $netns = (uint64)$rx->__sk_common.skc_net.net->ns.inum; }",
  ],
  event: {
    name: "drop",
    fields: {
      reason: ["%lld", "args->reason"],
      ifindex: ["%lld", "$ifindex"],
      protocol: ["%lld", "args->protocol"],
      length: ["%lld", "$skb->len"],
      comm: ["%s", "comm"],
      stack: ["%s", "kstack(24)"],
    },
  },
} as const satisfies Probe;

/** A place that a packet passes: where it is, by the function whose tracepoint it is. */
function passes(name: string, attach: string): Probe {
  const fields = {
    pid: ["%lld", "pid"],
    ifindex: ["%lld", "$ifindex"],
    // In network order.
    protocol: ["%lld", "(($skb->protocol & 0xff) << 8) | ($skb->protocol >> 8)"],
    length: ["%lld", "$skb->len"],
  } as const;
  return { attach, setUp: ofPacket, event: { name, fields } };
}

const xdp: readonly Probe[] = [
  {
    attach: "tracepoint:xdp:xdp_exception",
    setUp: ["$netns = (uint64)0"],
    event: {
      name: "exception",
      fields: { program: ["%lld", "args->prog_id"], action: ["%lld", "args->act"] },
    },
  },
  {
    attach: "tracepoint:xdp:xdp_redirect_err",
    setUp: ["$netns = (uint64)0"],
    event: {
      name: "redirect_err",
      fields: {
        program: ["%lld", "args->prog_id"],
        action: ["%lld", "args->act"],
        error: ["%lld", "args->err"],
      },
    },
  },
];

/** The probes of each observer: what is attached, and what each event says. */
export const probesOf: Readonly<Record<ProbedObserver, readonly Probe[]>> = {
  drops: [drop],
  path: [
    passes("sent", "tracepoint:net:net_dev_start_xmit"),
    passes("received", "tracepoint:net:netif_receive_skb"),
    passes("read", "tracepoint:skb:skb_copy_datagram_iovec"),
    ...xdp,
    drop,
  ],
  exec: [
    {
      attach: "tracepoint:sched:sched_process_exec",
      setUp: [...task, ...command],
      event: { name: "exec", fields: { ...ofTask, file: ["%s", "str(args->filename)"], ...ofCommand } },
    },
  ],
  open: [
    ...opens("openat", "args->flags"),
    ...opens("open", "args->flags"),
    // struct open_how begins with the flags (include/uapi/linux/openat2.h).
    ...opens("openat2", "*(uint64 *)args->how"),
  ],
  block: [
    {
      attach: "tracepoint:block:block_rq_issue",
      setUp: [
        ...task,
        "@issued[args->dev, args->sector] = nsecs",
        "@netns[args->dev, args->sector] = $netns",
        "@bytes[args->dev, args->sector] = (uint64)args->bytes",
        "@pid[args->dev, args->sector] = (uint64)pid",
        "@comm[args->dev, args->sector] = comm",
      ],
    },
    {
      attach: "tracepoint:block:block_rq_complete",
      condition: "@issued[args->dev, args->sector]",
      setUp: ["$netns = @netns[args->dev, args->sector]"],
      event: {
        name: "block",
        fields: {
          pid: ["%lld", "@pid[args->dev, args->sector]"],
          comm: ["%s", "@comm[args->dev, args->sector]"],
          operation: ["%s", "args->rwbs"],
          bytes: ["%lld", "@bytes[args->dev, args->sector]"],
          latency: ["%lld", "nsecs - @issued[args->dev, args->sector]"],
        },
      },
      cleanUp: ["issued", "netns", "bytes", "pid", "comm"].map((name) => `delete(@${name}[args->dev, args->sector])`),
    },
  ],
  tcp: [
    stateChange("connect", connecting),
    stateChange("established", established),
    stateChange("accept", accepted),
    stateChange("close", closed),
    {
      attach: "tracepoint:tcp:tcp_retransmit_skb",
      setUp: ofSocket("args->skaddr"),
      event: { name: "retransmit", fields: connection },
    },
  ],
  segments: [
    {
      attach: "tracepoint:tcp:tcp_probe",
      setUp: ofSocket("args->skaddr"),
      // Seen from the receiver, the tracepoint's source is this end (TP_STORE_ADDR_PORTS in include/trace/events/tcp.h).
      event: {
        name: "segment",
        fields: {
          sport: ["%lld", "args->sport"],
          dport: ["%lld", "args->dport"],
          bytes: ["%lld", "args->data_len"],
        },
      },
    },
  ],
  xdp,
};
