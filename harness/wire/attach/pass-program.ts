import { addressOf, libc, orThrow } from "../../kernel/libc.js";

const BPF_PROG_LOAD = 5;
const BPF_PROG_TYPE_XDP = 6;
const XDP_PASS = 2;

/**
 * Loads the XDP program `return XDP_PASS`. On a veth it switches NAPI on, without which the interface takes no
 * frame that native XDP sends or redirects to it (veth_xdp_xmit); GRO would do that too, but merges segments.
 * Returns a descriptor, which the caller closes.
 */
export function loadPassProgram(): number {
  // r0 = XDP_PASS; exit
  const instructions = Uint8Array.of(0xb7, 0, 0, 0, XDP_PASS, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0);
  const license = new TextEncoder().encode("GPL\0");
  const attr = new Uint8Array(128);
  const view = new DataView(attr.buffer);
  view.setUint32(0, BPF_PROG_TYPE_XDP, true);
  view.setUint32(4, instructions.length / 8, true);
  view.setBigUint64(8, addressOf(instructions), true);
  view.setBigUint64(16, addressOf(license), true);
  return orThrow(libc().bpf(BPF_PROG_LOAD, attr, attr.length), "loading an XDP program");
}
