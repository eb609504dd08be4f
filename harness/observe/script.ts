/** How a value goes through bpftrace's printf, and what it is read back as. */
export type Format =
  /** A signed 64-bit number. */
  | "%lld"
  /** Text, or a kernel stack. */
  | "%s"
  /** Bytes of `buf()`: printable ones as they are, others as \xNN. */
  | "%r";

/** A probe that only keeps something for a later one, or prints an event with these fields. */
export interface Probe {
  /** `tracepoint:skb:kfree_skb`, `uprobe:/lib/libssl.so.3:SSL_write`. */
  readonly attach: string;
  readonly condition?: string;
  /** Statements that set `$netns`, the inode of the network namespace that the event belongs to, and what fields use. */
  readonly setUp: readonly string[];
  readonly event?: {
    readonly name: string;
    readonly fields: Readonly<Record<string, readonly [Format, expression: string]>>;
  };
  readonly cleanUp?: readonly string[];
}

/** Values of one line of output, by field name. */
export type RawEvent = Readonly<Record<string, string>>;

/** Unit separator: in no name that anybody gives to a file. */
const separator = "\\x1f";

/** Between what markers of one tracer say and what those of another do: no process has such a number (PID_MAX_LIMIT is 2^22). */
const markerBits = 20;

/** How a script says that everything before has been printed: someone calls kill(2) with a number that no process has. */
export interface MarkerProbe {
  /** The first of 2^20 numbers that are this script's. */
  readonly base: number;
  /** Where calls are seen: the system call, or for scripts with uprobes libc's function, in this file. */
  readonly libc: string | undefined;
}

/**
 * A bpftrace program out of probes. Events in the namespace `home` (inode), where the machine itself lives, are not
 * printed. Marker probes stand at both ends: bpftrace 0.17 announces its probes before it attaches them, in either
 * order, so only when both ends answer is everything in between attached.
 */
export function scriptOf(probes: readonly Probe[], marker: MarkerProbe, home: number): string {
  const body = probes.map((probe) => clause(probe, home));
  return [markerClause("first", marker), ...body, markerClause("last", marker)].join("\n");
}

function markerClause(end: "first" | "last", { base, libc }: MarkerProbe): string {
  const [attach, pid, signal] =
    libc === undefined
      ? ["tracepoint:syscalls:sys_enter_kill", "args->pid", "args->sig"]
      : [`uprobe:${libc}:kill`, "(arg0 & 0xffffffff)", "arg1"];
  const condition = `${signal} == 0 && ${pid} >= ${base} && ${pid} < ${base + 2 ** markerBits}`;
  return `${attach} /${condition}/ { printf("${end}${separator}%d${separator}%d\\n", ${pid} - ${base}, cpu); }`;
}

function clause({ attach, condition, setUp, event, cleanUp = [] }: Probe, home: number): string {
  const lines = [...setUp.map(statementLine)];
  if (event) lines.push(`  if ($netns != ${home}) { ${print(event)}; }`);
  lines.push(...cleanUp.map(statementLine));
  return `${attach}${condition ? ` /${condition}/` : ""}\n{\n${lines.join("\n")}\n}`;
}

/** A block takes no semicolon. */
function statementLine(statement: string): string {
  return statement.endsWith("}") ? `  ${statement}` : `  ${statement};`;
}

function print({ name, fields }: NonNullable<Probe["event"]>): string {
  const all = [["%llu", "nsecs"], ["%llu", "$netns"], ...Object.values(fields)];
  const format = [name, ...all.map(([spec]) => spec)].join(separator);
  return `printf("${format}\\n", ${all.map(([, expression]) => expression).join(", ")})`;
}

/** One line that a script printed. */
export type Line =
  | { readonly kind: "marker"; readonly end: "first" | "last"; readonly number: number; readonly cpu: number }
  | {
      readonly kind: "event";
      readonly name: string;
      /** Since boot. */
      readonly timeNs: bigint;
      /** Inode of the network namespace; 0 where the probe cannot know. */
      readonly netns: number;
      readonly values: RawEvent;
    };

/** Reads a printed text back; undefined for what the script does not print. */
export function readLine(text: string, probes: readonly Probe[]): Line | undefined {
  const [name, ...rest] = text.replace(/\n$/, "").split("\x1f");
  if (name === "first" || name === "last")
    return { kind: "marker", end: name, number: Number(rest[0]), cpu: Number(rest[1]) };
  const event = probes.find((probe) => probe.event?.name === name)?.event;
  const [timeNs, netns, ...values] = rest;
  if (!event || timeNs === undefined) return undefined;
  const names = Object.keys(event.fields);
  return {
    kind: "event",
    name: event.name,
    timeNs: BigInt(timeNs),
    netns: Number(netns),
    values: Object.fromEntries(names.map((field, i) => [field, values[i] ?? ""])),
  };
}

/** The bytes that `%r` stands for. */
export function readBuffer(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const [, hex, plain] of text.matchAll(/\\x([0-9a-f]{2})|([^])/g))
    bytes.push(hex === undefined ? plain!.charCodeAt(0) : Number.parseInt(hex, 16));
  return Uint8Array.from(bytes);
}
