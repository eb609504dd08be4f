import { harnessError } from "../../model/error.js";
import { libc, systemError } from "../../kernel/libc.js";
import type { Attachment } from "./attachment.js";

/** Attach types of enum bpf_attach_type (include/uapi/linux/bpf.h). */
export const attachTypes = {
  BPF_CGROUP_INET_INGRESS: 0,
  BPF_CGROUP_INET_EGRESS: 1,
  BPF_CGROUP_SOCK_OPS: 3,
  BPF_XDP: 37,
  /** Linux 6.6. */
  BPF_TCX_INGRESS: 46,
  BPF_TCX_EGRESS: 47,
} as const;

const BPF_LINK_CREATE = 28;
const BPF_LINK_UPDATE = 29;
const EEXIST = 17;
const EBUSY = 16;
const EINVAL = 22;

export interface LinkRequest {
  readonly programFd: number;
  /** An ifindex in the calling thread's network namespace, or a cgroup's descriptor. */
  readonly target: number;
  readonly type: keyof typeof attachTypes;
  readonly flags: number;
  /** For messages: `dut:eth0`. */
  readonly where: string;
}

/**
 * Attaches by BPF_LINK_CREATE: the program stays while the link's descriptor is open, so it goes when this process
 * does, however that ends. Throws "exists" where another program is in the way: it is never replaced.
 */
export function createLink(request: LinkRequest): Attachment {
  const { programFd, target, type, flags, where } = request;
  const attr = new Uint8Array(64);
  const view = new DataView(attr.buffer);
  view.setUint32(0, programFd, true);
  view.setUint32(4, target, true);
  view.setUint32(8, attachTypes[type], true);
  view.setUint32(12, flags, true);
  const fd = libc().bpf(BPF_LINK_CREATE, attr, attr.length);
  if (fd === -EBUSY || fd === -EEXIST)
    throw harnessError("exists", `${where} has a program attached already`, {
      hint: "packetproof does not replace what it did not attach",
    });
  if (fd === -EINVAL && type.startsWith("BPF_TCX"))
    throw harnessError("unsupported", `this kernel has no tcx (Linux 6.6), so nothing can be attached to ${where}`, {
      hint: "use the hook tc-ingress or tc-egress",
    });
  if (fd < 0) throw systemError(-fd, `attaching to ${where} (${type})`, hintFor(type, -fd), "unsupported");
  let open = true;
  return {
    replace(newProgramFd) {
      // link_fd, new_prog_fd; without BPF_F_REPLACE whatever is there is replaced.
      const update = new Uint8Array(16);
      new DataView(update.buffer).setUint32(0, fd, true);
      new DataView(update.buffer).setUint32(4, newProgramFd, true);
      const result = libc().bpf(BPF_LINK_UPDATE, update, update.length);
      if (result < 0)
        throw systemError(-result, `replacing the program of ${where} (${type})`, undefined, "unsupported");
    },
    async detach() {
      if (!open) return;
      open = false;
      await libc().closeInBackground(fd);
    },
  };
}

function hintFor(type: keyof typeof attachTypes, errno: number): string | undefined {
  const ERANGE = 34;
  if (type === "BPF_XDP" && errno === ERANGE)
    return 'native XDP without SEC("xdp.frags") needs an MTU of at most about 3,500 bytes; or use the hook xdp-generic';
  return undefined;
}
