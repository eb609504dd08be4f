import { Socket, tcpState, type Endpoint } from "./socket.js";

/** Offsets of the source address in an IP header, by the length of addresses: the destination follows it. */
const sourceOffset = { 4: 12, 16: 8 } as const;

/**
 * The socket that BPF_PROG_TEST_RUN makes for an skb (bpf_prog_test_run_skb of net/bpf/test_run.c): closed, of no
 * protocol, between the packet's addresses.
 */
export function testRunSocket(cookie: bigint, addressBytes: 0 | 4 | 16, header: Uint8Array | undefined): Socket {
  const end = (index: number): Endpoint => {
    if (addressBytes === 0 || !header) return { address: new Uint8Array(), port: 0 };
    const start = sourceOffset[addressBytes] + index * addressBytes;
    return { address: header.slice(start, start + addressBytes), port: 0 };
  };
  return new Socket({ cookie, host: "", protocol: "none", local: end(0), remote: end(1), state: tcpState.close });
}
