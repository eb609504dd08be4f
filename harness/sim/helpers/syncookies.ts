import type { Call } from "../call.js";
import { errno } from "../errno.js";
import type { Helper } from "../machine.js";
import type { HelperTable } from "./table.js";

/** Offsets in struct tcphdr. */
const tcp = { ports: 0, sequence: 4, acknowledgement: 8, lengths: 12, headerBytes: 20 } as const;

const optionKind = { end: 0, noOperation: 1, maximumSegmentSize: 2 } as const;

/** Of a segment whose options do not say (TCP_MSS_DEFAULT). */
const defaultMss = 536;

/** The segment sizes that a cookie can say, ascending (net/ipv4/syncookies.c and net/ipv6/syncookies.c). */
const mssTables = { 4: [536, 1300, 1440, 1460], 16: [1280 - 60, 1480 - 60, 1500 - 60, 9000 - 60] } as const;
type AddressBytes = keyof typeof mssTables;

/** What a cookie says of the segment size takes its lowest bits. */
const mssBits = 2;

/**
 * bpf_tcp_raw_gen_syncookie_*() and bpf_tcp_raw_check_syncookie_*() of net/core/filter.c. The kernel's cookies come
 * from a secret that every boot makes anew, so their numbers mean nothing: these are other numbers, checked the same.
 */
export const syncookieHelpers: HelperTable = {
  // bpf_tcp_raw_gen_syncookie_ipv4(iph, th, th_len)
  204: generate(4),
  // bpf_tcp_raw_gen_syncookie_ipv6(iph, th, th_len)
  205: generate(16),
  // bpf_tcp_raw_check_syncookie_ipv4(iph, th)
  206: check(4),
  // bpf_tcp_raw_check_syncookie_ipv6(iph, th)
  207: check(16),
};

function generate(addressBytes: AddressBytes): Helper {
  return (call) => {
    const headerBytes = call.u32(3);
    if (headerBytes < tcp.headerBytes) return -errno.EINVAL;
    const header = call.read(2, headerBytes);
    if (headerBytes !== (header[tcp.lengths]! >> 4) * 4) return -errno.EINVAL;
    const table = mssTables[addressBytes];
    const mss = maximumSegmentSize(header.subarray(tcp.headerBytes)) ?? defaultMss;
    const index = Math.max(
      0,
      table.findLastIndex((size) => size <= mss),
    );
    return cookieOf(call, addressBytes, viewOf(header).getUint32(tcp.sequence), index);
  };
}

function check(addressBytes: AddressBytes): Helper {
  return (call) => {
    const header = viewOf(call.read(2, tcp.headerBytes));
    const cookie = (header.getUint32(tcp.acknowledgement) - 1) >>> 0;
    const sequence = (header.getUint32(tcp.sequence) - 1) >>> 0;
    return cookie === cookieOf(call, addressBytes, sequence, cookie & ((1 << mssBits) - 1)) ? 0 : -errno.EACCES;
  };
}

function maximumSegmentSize(options: Uint8Array): number | undefined {
  for (let at = 0; at < options.length && options[at] !== optionKind.end;) {
    const length = options[at] === optionKind.noOperation ? 1 : (options[at + 1] ?? 0);
    if (options[at] === optionKind.maximumSegmentSize && length === 4 && at + 4 <= options.length)
      return viewOf(options).getUint16(at + 2);
    if (length < (options[at] === optionKind.noOperation ? 1 : 2)) return undefined;
    at += length;
  }
  return undefined;
}

/** A hash (FNV-1a) of the connection, and the segment size. */
function cookieOf(call: Call, addressBytes: AddressBytes, sequence: number, index: number): number {
  const addressOffset = addressBytes === 4 ? 12 : 8;
  const addresses = call.read(1, addressOffset + 2 * addressBytes).subarray(addressOffset);
  const ports = call.read(2, tcp.headerBytes).subarray(tcp.ports, tcp.sequence);
  let hash = Math.imul(0x811c9dc5 ^ sequence, 0x01000193);
  for (const byte of [...addresses, ...ports]) hash = Math.imul(hash ^ byte, 0x01000193);
  return ((hash & ~((1 << mssBits) - 1)) | index) >>> 0;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
