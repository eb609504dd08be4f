import { harnessError } from "../../model/error.js";
import { systemError } from "../../kernel/libc.js";
import { libbpf } from "../../kernel/libbpf.js";
import type { Attachment } from "./attachment.js";

const EEXIST = 17;

/** enum bpf_tc_attach_point (bpf/libbpf.h). */
export const tcAttachPoints = { ingress: 1, egress: 2 } as const;

/** After the filter that keeps IPv6 quiet (netns/commands.ts), which has priority 1. */
const firstPriority = 2;
const handle = 1;

/** The filter of the same handle and priority is changed in place (cls_bpf_change), not removed and added. */
const BPF_TC_F_REPLACE = 1;

export interface TcFilterRequest {
  readonly programFd: number;
  readonly ifindex: number;
  readonly point: keyof typeof tcAttachPoints;
  /** How many filters of ours are in front of it: the kernel asks them in the order of their priorities. */
  readonly order: number;
  readonly where: string;
}

/**
 * Attaches to clsact as a direct-action filter. Acts in the calling thread's network namespace, `detach` too:
 * `inside` brings it there. Throws "exists" where the place is taken.
 */
export function attachTcFilter(request: TcFilterRequest, inside: <T>(work: () => T) => T): Attachment {
  const { programFd, ifindex, point, order, where } = request;
  const priority = firstPriority + order;
  const hook = tcHook(ifindex, tcAttachPoints[point]);
  inside(() => {
    const created = libbpf().bpf_tc_hook_create(hook);
    if (created < 0 && created !== -EEXIST) throw systemError(-created, `adding clsact to ${where}`, undefined, "tool");
    const attached = libbpf().bpf_tc_attach(hook, tcOptions(programFd, priority));
    if (attached === -EEXIST) throw harnessError("exists", `${where} has a filter of priority ${priority} already`);
    if (attached < 0) throw systemError(-attached, `attaching to ${where}`, undefined, "unsupported");
  });
  let attached = true;
  return {
    replace(newProgramFd) {
      const replaced = inside(() => libbpf().bpf_tc_attach(hook, tcOptions(newProgramFd, priority, BPF_TC_F_REPLACE)));
      if (replaced < 0) throw systemError(-replaced, `replacing the filter of ${where}`, undefined, "unsupported");
    },
    detach() {
      if (attached) inside(() => libbpf().bpf_tc_detach(hook, tcOptions(0, priority)));
      attached = false;
      return Promise.resolve();
    },
  };
}

/** struct bpf_tc_hook {size_t sz; int ifindex; enum attach_point; __u32 parent}. */
function tcHook(ifindex: number, point: number): Uint8Array {
  const bytes = new Uint8Array(24);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(bytes.length), true);
  view.setInt32(8, ifindex, true);
  view.setInt32(12, point, true);
  return bytes;
}

/** struct bpf_tc_opts {size_t sz; int prog_fd; __u32 flags, prog_id, handle, priority}. */
function tcOptions(programFd: number, priority: number, flags = 0): Uint8Array {
  const bytes = new Uint8Array(32);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(bytes.length), true);
  view.setInt32(8, programFd, true);
  view.setUint32(12, flags, true);
  view.setUint32(20, handle, true);
  view.setUint32(24, priority, true);
  return bytes;
}
