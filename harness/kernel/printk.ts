import { mkdirSync, readlinkSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errnos } from "./errno.js";
import { libc, orThrow } from "./libc.js";
import { tracingInstance, type RunFolder } from "./run-folder.js";

const O_RDONLY = 0;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;

const readers = new WeakMap<RunFolder, PrintkReader>();

/**
 * The run's one reader, with whatever was printed so far thrown away: cases take turns, since it takes the kernel
 * 50 ms to give a tracing instance back. It is closed with the folder.
 */
export function printkReader(folder: RunFolder, ownThreadOnly: boolean): PrintkReader {
  const known = readers.get(folder);
  if (known) {
    known.drain();
    return known;
  }
  const reader = new PrintkReader(folder, ownThreadOnly);
  readers.set(folder, reader);
  folder.beforeClose(() => reader.close());
  return reader;
}

/**
 * bpf_printk's lines in a tracing instance of the run's own, where no other reader of trace_pipe takes them away
 * and other runs' lines do not turn up. bpf_trace_printk is a trace event like any other
 * (events/bpf_trace/bpf_trace_printk, Linux 5.9), and an instance with that event has its own copy.
 */
export class PrintkReader {
  private readonly instance: string;
  private readonly pipe: number;
  private readonly buffer = Buffer.alloc(64 * 1024);
  /** The beginning of a line whose end was not there yet. */
  private rest = "";

  /** `ownThreadOnly`: lines of programs that the calling thread runs, as test runs do; on the wire, anyone may. */
  constructor(folder: RunFolder, ownThreadOnly: boolean) {
    this.instance = tracingInstance(folder.mount("tracefs"), folder.runId);
    mkdirSync(this.instance);
    const event = join(this.instance, "events", "bpf_trace", "bpf_trace_printk");
    if (ownThreadOnly) writeFileSync(join(event, "filter"), `common_pid == ${threadId()}`);
    writeFileSync(join(event, "enable"), "1");
    const path = join(this.instance, "trace_pipe");
    this.pipe = orThrow(libc().open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0), `cannot open ${path}`);
  }

  /** The lines of those tasks since the last time, in order, without the trace's prefix. */
  drain(isOurs: (task: PrintkTask) => boolean = () => true): string[] {
    let text = this.rest;
    for (;;) {
      const size = libc().read(this.pipe, this.buffer, this.buffer.length);
      if (size === -errnos.EAGAIN || size === 0) break;
      text += this.buffer.toString("utf8", 0, orThrow(size, "cannot read bpf_printk's lines"));
    }
    const lines = text.split("\n");
    this.rest = lines.pop()!;
    let ours = true;
    return lines.flatMap((line) => {
      const task = printkTask(line);
      if (task) ours = isOurs(task);
      return ours ? (printkText(line) ?? continuation(line)) : [];
    });
  }

  close(): void {
    libc().close(this.pipe);
    rmdirSync(this.instance);
  }
}

/** Whose turn on the CPU it was when the program ran; for software interrupts, whom they interrupted. */
export interface PrintkTask {
  readonly comm: string;
  /** The thread's id; 0 for an idle CPU. */
  readonly pid: number;
}

/** Undefined for lines that belong to the line before. */
export function printkTask(line: string): PrintkTask | undefined {
  const match = /^ *(.*?)-(\d+) +(?:\([^)]*\) +)?\[\d+\] \S+ +[\d.]+: bpf_trace_printk: /.exec(line);
  return match ? { comm: match[1]!, pid: Number(match[2]) } : undefined;
}

/**
 * What bpf_printk printed, from a line of a trace (kernel/trace/trace_output.c): task, pid, CPU, flags, time, then
 * `bpf_trace_printk: ` and the text. Undefined for other lines.
 */
export function printkText(line: string): string | undefined {
  return /^.*?-\d+ +(?:\([^)]*\) +)?\[\d+\] \S+ +[\d.]+: bpf_trace_printk: (.*)$/.exec(line)?.[1];
}

/** Text with a line feed in it goes on in lines without a prefix. */
function continuation(line: string): string[] {
  return line === "" || /^CPU:\d+ \[LOST \d+ EVENTS\]$/.test(line) ? [] : [line];
}

/** `/proc/thread-self` is `PID/task/TID`. */
function threadId(): string {
  return readlinkSync("/proc/thread-self").split("/").at(-1)!;
}
