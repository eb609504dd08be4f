import type { SocketMapHook } from "../../model/hook.js";
import { libc, systemError } from "../../kernel/libc.js";
import type { Attachment } from "./attachment.js";

/** enum bpf_attach_type (include/uapi/linux/bpf.h). */
const attachTypes: Readonly<Record<SocketMapHook, number>> = {
  "sk_skb/stream_parser": 4,
  "sk_skb/stream_verdict": 5,
  sk_msg: 7,
  /** Linux 5.13. */
  "sk_skb/verdict": 38,
};

const BPF_PROG_ATTACH = 8;
const BPF_PROG_DETACH = 9;

/** Attaches to a sockmap or sockhash: for the sockets that come into it from now on. */
export function attachToSocketMap(hook: SocketMapHook, programFd: number, mapFd: number): Attachment {
  const attr = new Uint8Array(20);
  const view = new DataView(attr.buffer);
  view.setUint32(0, mapFd, true);
  view.setUint32(8, attachTypes[hook], true);
  const put = (fd: number): void => {
    view.setUint32(4, fd, true);
    const result = libc().bpf(BPF_PROG_ATTACH, attr, attr.length);
    if (result < 0) throw systemError(-result, `attaching ${hook} to its map`, undefined, "unsupported");
  };
  put(programFd);
  let attached = true;
  return {
    /** Sockets that are in the map keep the program that they came in with. */
    replace: put,
    detach() {
      if (attached) libc().bpf(BPF_PROG_DETACH, attr, attr.length);
      attached = false;
      return Promise.resolve();
    },
  };
}
