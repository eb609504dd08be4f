import { harnessError } from "../../model/error.js";
import type { LinkType, Packet } from "../../model/packet.js";
import { BytesWriter } from "./bytes-writer.js";
import { maxPacketBytes } from "./captured-packet.js";
import { linkTypeNumbers } from "./link-layer.js";

export interface ClassicWriterOptions {
  /** A classic file has one link type. */
  readonly linkType: LinkType;
  /** Nanosecond times; microseconds (rounded down), which every tool reads, unless told otherwise. */
  readonly nanoseconds?: boolean;
  readonly littleEndian?: boolean;
}

export interface ClassicPacket {
  readonly packet: Packet;
  /** Nanoseconds since the epoch, not before it and not after 2106: seconds have 32 bits. */
  readonly timestampNs: bigint;
  readonly originalLength?: number | undefined;
}

/** Writes a classic pcap file piece by piece: each call gives the bytes to append. */
export class ClassicWriter {
  readonly #linkType: LinkType;
  readonly #nanoseconds: boolean;
  readonly #littleEndian: boolean;

  constructor({ linkType, nanoseconds = false, littleEndian = true }: ClassicWriterOptions) {
    this.#linkType = linkType;
    this.#nanoseconds = nanoseconds;
    this.#littleEndian = littleEndian;
  }

  /** The file begins with it. */
  fileHeader(): Uint8Array {
    const writer = new BytesWriter(this.#littleEndian);
    writer.u32(this.#nanoseconds ? 0xa1b2_3c4d : 0xa1b2_c3d4);
    writer.u16(2).u16(4).u32(0).u32(0);
    return writer.u32(maxPacketBytes).u32(linkTypeNumbers[this.#linkType]).finish();
  }

  packet({ packet, timestampNs, originalLength }: ClassicPacket): Uint8Array {
    const { bytes, linkType } = packet;
    if (linkType !== this.#linkType) {
      throw harnessError("capture", `a ${linkType} packet in a classic pcap file of ${this.#linkType} packets`, {
        hint: "write pcapng, which has a link type for each interface",
      });
    }
    if (bytes.length > maxPacketBytes) {
      throw harnessError("capture", `a packet of ${bytes.length} bytes; expected at most ${maxPacketBytes}`);
    }
    const fraction = timestampNs % 1_000_000_000n;
    const writer = new BytesWriter(this.#littleEndian);
    writer.u32(Number(timestampNs / 1_000_000_000n)).u32(Number(this.#nanoseconds ? fraction : fraction / 1000n));
    writer.u32(bytes.length).u32(originalLength ?? bytes.length);
    return writer.bytes(bytes).finish();
  }
}
