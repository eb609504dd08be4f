import { harnessError } from "../../model/error.js";
import type { LinkType, Packet } from "../../model/packet.js";
import { BytesWriter } from "./bytes-writer.js";
import { maxPacketBytes, type ProgramVerdict } from "./captured-packet.js";
import { joinBytes } from "../join-bytes.js";
import { linkTypeNumbers } from "./link-layer.js";
import { blockTypes, byteOrderMagic, optionCodes, verdictTypes } from "./pcapng-format.js";

/** About the whole file: what `capinfos` and Wireshark's "Capture File Properties" show. */
export interface PcapngMetadata {
  readonly hardware?: string | undefined;
  readonly os?: string | undefined;
  readonly application?: string | undefined;
  readonly comment?: string | undefined;
}

/** A packet to be written. */
export interface PcapngPacket {
  readonly packet: Packet;
  /** A hook or a `host:dev`: every name (and link type) gets one interface block. */
  readonly interfaceName: string;
  /** Nanoseconds since the epoch, not before it. */
  readonly timestampNs: bigint;
  /** Length on the wire where that is more than the packet's bytes. */
  readonly originalLength?: number | undefined;
  readonly direction?: "inbound" | "outbound" | undefined;
  readonly verdict?: ProgramVerdict | undefined;
  readonly comment?: string | undefined;
}

export interface PcapngWriterOptions extends PcapngMetadata {
  readonly littleEndian?: boolean;
}

/**
 * Writes a pcapng file piece by piece: each call gives the bytes to append. Times have nanosecond
 * resolution. The same calls give the same bytes.
 */
export class PcapngWriter {
  readonly #options: PcapngWriterOptions;
  readonly #interfaces = new Map<string, number>();

  constructor(options: PcapngWriterOptions = {}) {
    this.#options = options;
  }

  /** The section header; the file begins with it. Calling it again begins another section. */
  section(): Uint8Array {
    this.#interfaces.clear();
    const { comment, hardware, os, application } = this.#options;
    const block = this.#block();
    // Length -1: not told, since a stream's end is not known at its start.
    const writer = block.writer.u32(byteOrderMagic).u16(1).u16(0).u64(-1n);
    const codes = optionCodes.section;
    writeTexts(writer, [
      [optionCodes.comment, comment],
      [codes.hardware, hardware],
      [codes.os, os],
      [codes.application, application],
    ]);
    return block.finish(blockTypes.section);
  }

  /** An enhanced packet block, after an interface block where its interface is new. */
  packet(packet: PcapngPacket): Uint8Array {
    const { bytes, linkType } = packet.packet;
    checkLength(bytes.length);
    const key = `${linkType} ${packet.interfaceName}`;
    const known = this.#interfaces.get(key);
    const id = known ?? this.#interfaces.size;
    const described = known === undefined ? this.#interface(packet.interfaceName, linkType) : undefined;
    this.#interfaces.set(key, id);

    const ns = BigInt.asUintN(64, packet.timestampNs);
    const block = this.#block();
    block.writer
      .u32(id)
      .u32(Number(ns >> 32n))
      .u32(Number(ns & 0xffff_ffffn));
    block.writer.u32(bytes.length).u32(packet.originalLength ?? bytes.length);
    block.writer.bytes(bytes).pad();
    writePacketOptions(block.writer, packet);
    const written = block.finish(blockTypes.enhancedPacket);
    return described ? joinBytes([described, written]) : written;
  }

  #interface(name: string, linkType: LinkType): Uint8Array {
    const block = this.#block();
    const writer = block.writer.u16(linkTypeNumbers[linkType]).u16(0).u32(maxPacketBytes);
    writeOption(writer, optionCodes.interface.name, utf8.encode(name));
    // 10^-9 seconds.
    writeOption(writer, optionCodes.interface.timeResolution, Uint8Array.of(9));
    writer.u32(optionCodes.end);
    return block.finish(blockTypes.interface);
  }

  #block(): { readonly writer: BytesWriter; finish(type: number): Uint8Array } {
    const writer = new BytesWriter(this.#options.littleEndian ?? true).u32(0).u32(0);
    return {
      writer,
      finish: (type) => {
        const bytes = writer.length + 4;
        return writer.patch32(0, type).patch32(4, bytes).u32(bytes).finish();
      },
    };
  }
}

/** A whole file at once. */
export function writePcapng(packets: Iterable<PcapngPacket>, options: PcapngWriterOptions = {}): Uint8Array {
  const writer = new PcapngWriter(options);
  const parts = [writer.section()];
  for (const packet of packets) parts.push(writer.packet(packet));
  return joinBytes(parts);
}

const utf8 = new TextEncoder();
/** An option's length has 16 bits: a longer text is cut off there. */
const maxOptionBytes = 65_535;

function writePacketOptions(writer: BytesWriter, { comment, direction, verdict }: PcapngPacket): void {
  if (comment === undefined && direction === undefined && verdict === undefined) return;
  if (comment !== undefined) writeOption(writer, optionCodes.comment, utf8.encode(comment));
  if (direction !== undefined) {
    writer.u16(optionCodes.packet.flags).u16(4);
    writer.u32(direction === "inbound" ? 1 : 2);
  }
  if (verdict !== undefined) {
    writer.u16(optionCodes.packet.verdict).u16(9);
    writer.u8(verdictTypes[verdict.program]).u64(BigInt(verdict.returned)).pad();
  }
  writer.u32(optionCodes.end);
}

function writeTexts(
  writer: BytesWriter,
  options: readonly (readonly [code: number, text: string | undefined])[],
): void {
  const given = options.filter(([, text]) => text !== undefined);
  for (const [code, text] of given) writeOption(writer, code, utf8.encode(text));
  if (given.length > 0) writer.u32(optionCodes.end);
}

function writeOption(writer: BytesWriter, code: number, value: Uint8Array): void {
  const kept = value.subarray(0, maxOptionBytes);
  writer.u16(code).u16(kept.length).bytes(kept).pad();
}

function checkLength(bytes: number): void {
  if (bytes <= maxPacketBytes) return;
  throw harnessError("capture", `a packet of ${bytes} bytes cannot be written; expected at most ${maxPacketBytes}`);
}
