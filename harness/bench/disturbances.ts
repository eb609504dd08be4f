import { ProgramInfo } from "../kernel/program-info.js";
import { errnos } from "../kernel/errno.js";
import { libc } from "../kernel/libc.js";
import { loadPassProgram } from "../wire/attach/pass-program.js";
import { TestRunTimer } from "./test-run-timer.js";

const BPF_PROG_GET_NEXT_ID = 11;
const BPF_PROG_GET_FD_BY_ID = 13;
/** enum bpf_prog_type: kprobe, tracepoint, perf_event, raw_tracepoint, raw_tracepoint_writable, tracing. */
const tracingTypes: ReadonlySet<number> = new Set([2, 5, 7, 17, 24, 26]);

/**
 * What others do on the machine that changes what is measured, by kind, at this moment: each costs what it is attached
 * to more than a program under test takes.
 */
export function disturbances(): readonly string[] {
  return [
    ...(hasStatistics()
      ? ["statistics of BPF programs are on (BPF_ENABLE_STATS): every run reads the clock twice"]
      : []),
    ...(hasTracers() ? ["tracing programs are loaded: what they are attached to is slower"] : []),
  ];
}

/** Nobody says whether they are on, but a program that runs is counted. */
function hasStatistics(): boolean {
  const fd = loadPassProgram();
  try {
    new TestRunTimer(fd, { data: new Uint8Array(64), context: undefined }).run(1);
    return new ProgramInfo(fd).runCount() > 0;
  } finally {
    libc().close(fd);
  }
}

function hasTracers(): boolean {
  const attr = new Uint8Array(16);
  const view = new DataView(attr.buffer);
  for (let id = 0; ;) {
    view.setUint32(0, id, true);
    if (libc().bpf(BPF_PROG_GET_NEXT_ID, attr, attr.length) < 0) return false;
    id = view.getUint32(4, true);
    attr.fill(0);
    view.setUint32(0, id, true);
    const fd = libc().bpf(BPF_PROG_GET_FD_BY_ID, attr, attr.length);
    attr.fill(0);
    // Gone between the two calls.
    if (fd === -errnos.ENOENT) continue;
    if (fd < 0) return false;
    try {
      if (tracingTypes.has(new ProgramInfo(fd).type())) return true;
    } finally {
      libc().close(fd);
    }
  }
}
