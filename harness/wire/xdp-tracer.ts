import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cpus } from "node:os";
import { libc, orThrow } from "../kernel/libc.js";
import type { XdpCounts } from "./verdict.js";

/** include/uapi/linux/perf_event.h */
const PERF_TYPE_TRACEPOINT = 2;
const PERF_FLAG_FD_CLOEXEC = 8;
/** PERF_ATTR_SIZE_VER0. */
const attrBytes = 64;
/** _IOW('$', 6, char *). */
const PERF_EVENT_IOC_SET_FILTER = 0x4008_2406;

/** What is counted: a tracepoint, and a condition besides the program's number (enum xdp_action). */
const counters: Readonly<Record<keyof XdpCounts, { readonly tracepoint: string; readonly condition?: string }>> = {
  aborted: { tracepoint: "xdp_exception", condition: "act == 0" },
  txFailed: { tracepoint: "xdp_exception", condition: "act == 3" },
  invalid: { tracepoint: "xdp_exception", condition: "act > 4" },
  redirected: { tracepoint: "xdp_redirect" },
  redirectFailed: { tracepoint: "xdp_redirect_err" },
};

const names = Object.keys(counters) as readonly (keyof XdpCounts)[];

/**
 * Counts XDP tracepoints by perf events that only count. The tracer keeps one open on each tracepoint, so that
 * the kernel need not switch it on and, with RCU grace periods, off again for every case.
 */
export class XdpTracer {
  readonly #tracefs: string;
  readonly #anchors: readonly number[];

  private constructor(tracefs: string, anchors: readonly number[]) {
    this.#tracefs = tracefs;
    this.#anchors = anchors;
  }

  /** Undefined where this kernel or machine does not give us the tracepoints: verdicts are then less exact. */
  static open(tracefs: string): XdpTracer | undefined {
    const anchors: number[] = [];
    try {
      for (const tracepoint of new Set(names.map((name) => counters[name].tracepoint)))
        anchors.push(openCounter(tracefs, tracepoint, 0));
      return new XdpTracer(tracefs, anchors);
    } catch {
      for (const fd of anchors) libc().close(fd);
      return undefined;
    }
  }

  /** Counts for the programs of these numbers (bpf_prog_info.id) from now on. */
  watch(programIds: readonly number[]): XdpWatch {
    return new XdpWatch(this.#tracefs, programIds);
  }

  async close(): Promise<void> {
    await closeAll(this.#anchors);
  }
}

/** The counts of some programs together. */
export class XdpWatch {
  readonly #events = new Map<keyof XdpCounts, readonly number[]>();
  readonly #value = new Uint8Array(8);

  constructor(tracefs: string, programIds: readonly number[]) {
    const ofThese = `(${programIds.map((id) => `prog_id == ${id}`).join(" || ")})`;
    for (const name of names) {
      const { tracepoint, condition } = counters[name];
      const filter = `${ofThese}${condition ? ` && ${condition}` : ""}`;
      const text = new TextEncoder().encode(`${filter}\0`);
      const fds = cpus().map((_, cpu) => openCounter(tracefs, tracepoint, cpu));
      this.#events.set(name, fds);
      for (const fd of fds) orThrow(libc().ioctl(fd, PERF_EVENT_IOC_SET_FILTER, text), `filtering by ${filter}`);
    }
  }

  /** Only differences mean anything. */
  read(): XdpCounts {
    const counts = { aborted: 0, txFailed: 0, invalid: 0, redirected: 0, redirectFailed: 0 };
    for (const [name, fds] of this.#events) for (const fd of fds) counts[name] += this.#readOne(fd);
    return counts;
  }

  async close(): Promise<void> {
    await closeAll([...this.#events.values()].flat());
  }

  #readOne(fd: number): number {
    orThrow(libc().read(fd, this.#value, this.#value.length), "reading a tracepoint's count");
    return Number(new DataView(this.#value.buffer).getBigUint64(0, true));
  }
}

async function closeAll(fds: readonly number[]): Promise<void> {
  await Promise.all(fds.map((fd) => libc().closeInBackground(fd)));
}

const ids = new Map<string, bigint>();

function openCounter(tracefs: string, tracepoint: string, cpu: number): number {
  let id = ids.get(tracepoint);
  if (id === undefined) {
    id = BigInt(readFileSync(join(tracefs, "events", "xdp", tracepoint, "id"), "utf8"));
    ids.set(tracepoint, id);
  }
  const attr = new Uint8Array(attrBytes);
  const view = new DataView(attr.buffer);
  view.setUint32(0, PERF_TYPE_TRACEPOINT, true);
  view.setUint32(4, attrBytes, true);
  view.setBigUint64(8, id, true);
  const anyProcess = -1;
  return orThrow(
    libc().perf_event_open(attr, anyProcess, cpu, -1, PERF_FLAG_FD_CLOEXEC),
    `counting the tracepoint ${tracepoint}`,
  );
}
