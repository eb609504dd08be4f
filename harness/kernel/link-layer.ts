import type { ProgramType } from "../model/hook.js";
import type { Packet } from "../model/packet.js";

/** A packet as BPF_PROG_TEST_RUN wants it, and the way back. */
export interface LinkLayer {
  readonly wrapped: Uint8Array;
  readonly unwrap: (out: Uint8Array) => Uint8Array;
}

const headerBytes = 14;
const ETH_P_IP = 0x0800;
const ETH_P_IPV6 = 0x86dd;

/** `is_l2` of bpf_prog_test_run_skb(), XDP, and those whose packets do not come back. */
const unchanged: ReadonlySet<ProgramType> = new Set(["xdp", "sched_cls", "sched_act", "flow_dissector", "sk_lookup"]);

/**
 * Programs behind the network layer (socket filters, cgroup_skb, lwt) do not see the Ethernet header that a test run
 * nevertheless starts with, and gets back as zeroes: the one that was sent is put in its place again. Packets that
 * have none get one for the time of the run.
 */
export function linkLayer(type: ProgramType, { linkType, bytes }: Packet): LinkLayer {
  if (unchanged.has(type)) return { wrapped: bytes, unwrap: (out) => out };
  if (linkType === "ethernet") {
    const header = bytes.subarray(0, headerBytes);
    return {
      wrapped: bytes,
      unwrap(out) {
        out.set(header);
        return out;
      },
    };
  }
  const wrapped = new Uint8Array(headerBytes + bytes.length);
  new DataView(wrapped.buffer).setUint16(12, (bytes[0] ?? 0) >> 4 === 6 ? ETH_P_IPV6 : ETH_P_IP);
  wrapped.set(bytes, headerBytes);
  return { wrapped, unwrap: (out) => out.subarray(headerBytes) };
}
