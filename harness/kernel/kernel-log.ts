import { errnos } from "./errno.js";
import { libc } from "./libc.js";

const O_RDONLY = 0;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const SEEK_END = 2;

/** Priorities below this are facility 0: the kernel itself, and not a user's note in its log. */
const kernelPriorities = 8;

/**
 * What a kernel says when something is wrong with it: BUG(), WARN(), lockdep, KASAN, UBSAN, RCU stalls. Loads and
 * attachments are in its log as well, so that being there alone says nothing.
 */
const splat =
  /^(?:BUG:|WARNING:|kernel BUG at|Oops|general protection fault|stack segment|divide error|UBSAN:|KASAN:|KFENCE:|INFO: (?:possible|suspicious|rcu|task .* blocked)|unregister_netdevice: waiting)|possible (?:recursive|circular) locking|suspicious RCU usage/;

/** Lines of the kernel's log that say that something is wrong with it. */
export function splatIn(lines: readonly string[]): string[] {
  return lines.filter((line) => splat.test(line));
}

/** The kernel's log from now on (/dev/kmsg, Documentation/ABI/testing/dev-kmsg). */
export class KernelLog {
  private readonly fd: number;
  private readonly buffer = Buffer.alloc(8192);

  private constructor(fd: number) {
    this.fd = fd;
  }

  /** Undefined where the log may not be read (kernel.dmesg_restrict without CAP_SYSLOG). */
  static open(): KernelLog | undefined {
    const fd = libc().open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0);
    if (fd < 0) return undefined;
    libc().lseek(fd, 0, SEEK_END);
    return new KernelLog(fd);
  }

  /** The kernel's own lines since the last time. */
  drain(): string[] {
    const lines: string[] = [];
    for (;;) {
      const size = libc().read(this.fd, this.buffer, this.buffer.length);
      // EPIPE: older records were overwritten before they were read; the next read goes on behind them.
      if (size === -errnos.EPIPE) continue;
      if (size <= 0) return lines;
      const line = kernelLine(this.buffer.toString("utf8", 0, size));
      if (line !== undefined) lines.push(line);
    }
  }

  close(): void {
    libc().close(this.fd);
  }
}

/** `priority,sequence,microseconds,flags[,…];text`, then lines with more about the record. */
export function kernelLine(record: string): string | undefined {
  const match = /^(\d+),\d+,\d+,[^;]*;(.*)/.exec(record);
  return match && Number(match[1]) < kernelPriorities ? match[2] : undefined;
}
