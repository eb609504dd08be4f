import type { Packet } from "../../model/packet.js";

/** One packet of a capture file, or one to be written to such a file. */
export interface CapturedPacket {
  readonly packet: Packet;
  /** 1-based position among all packets of the file, as Wireshark numbers frames. */
  readonly index: number;
  /** Nanoseconds since the epoch; undefined in a pcapng Simple Packet Block, which has no time. */
  readonly timestampNs: bigint | undefined;
  /** Length on the wire, from the first byte of `packet` on; larger than `packet.bytes` where the capture cut it off. */
  readonly originalLength: number;
  readonly interfaceName?: string;
  /** All comments of the packet, one a line. */
  readonly comment?: string;
  readonly verdict?: ProgramVerdict;
}

/** What an eBPF program returned for a packet: pcapng's `epb_verdict` option, which Wireshark and xdpdump know. */
export interface ProgramVerdict {
  readonly program: "tc" | "xdp";
  readonly returned: number;
}

/**
 * Bytes of a capture file: all at once or in pieces of any size, for instance a Node read stream.
 * Packets are copied out of the pieces, so they keep none of them alive.
 */
export type CaptureInput = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** tcpdump's MAXIMUM_SNAPLEN: no tool writes longer packets, so a longer one is a corrupt length. */
export const maxPacketBytes = 262_144;
