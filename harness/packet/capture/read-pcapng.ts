import type { CapturedPacket } from "./captured-packet.js";
import type { Decoder, IsPicked, Step } from "./decoder.js";
import { captureError, type FilePlace } from "./fault.js";
import { toPacket } from "./link-layer.js";
import { blockFrameBytes, blockTypes, byteOrderMagic } from "./pcapng-format.js";
import { type PcapngInterface, readInterface } from "./pcapng-interface.js";
import { readEnhancedPacket, readObsoletePacket, readSimplePacket, type PacketBlock } from "./pcapng-packet.js";
import { BlockBody } from "./pcapng-block.js";
import type { Window } from "./window.js";

/** Wireshark's limit as well; a longer block is a corrupt length. */
const maxBlockBytes = 16 * 1024 * 1024;
/** Interface blocks are remembered for the whole section, so their number has to be bounded. */
const maxInterfaces = 65_536;
const smallestSectionBytes = 28;

/** Whether a file's first four bytes start a Section Header Block (they read the same in both byte orders). */
export function looksLikePcapng(magic: number): boolean {
  return magic === blockTypes.section;
}

/** Sections of blocks: each section has its own byte order and its own interfaces; unknown blocks are passed over. */
export class PcapngDecoder implements Decoder {
  readonly #name: string;
  readonly #isPicked: IsPicked;
  #littleEndian = true;
  #interfaces: PcapngInterface[] = [];
  #count = 0;

  constructor(name: string, isPicked: IsPicked) {
    this.#name = name;
    this.#isPicked = isPicked;
  }

  step(window: Window): Step {
    if (window.available < blockFrameBytes) return { kind: "need", bytes: blockFrameBytes, what: "a block" };
    const type = window.u32(0, this.#littleEndian);
    if (type === blockTypes.section) this.#littleEndian = this.#byteOrder(window);
    const bytes = this.#blockBytes(window, type);
    const what = blockName(type);
    if (!isKnown(type)) return { kind: "skip", bytes, what };
    if (window.available < bytes) return { kind: "need", bytes, what };
    this.#checkTrailer(window, bytes, what);

    const body = new BlockBody(window, bytes, this.#littleEndian, this.#name);
    if (type === blockTypes.section) this.#startSection(body);
    else if (type === blockTypes.interface) this.#addInterface(body);
    else return this.#packet(window, type, body, bytes);
    return { kind: "skip", bytes, what };
  }

  #byteOrder(window: Window): boolean {
    const magic = window.u32(8, true);
    if (magic === byteOrderMagic) return true;
    if (window.u32(8, false) === byteOrderMagic) return false;
    const found = magic.toString(16).padStart(8, "0");
    throw captureError(
      this.#place(window, 8),
      `the section's byte-order magic is ${found}; expected 1a2b3c4d in either byte order`,
    );
  }

  #blockBytes(window: Window, type: number): number {
    const bytes = window.u32(4, this.#littleEndian);
    const smallest = type === blockTypes.section ? smallestSectionBytes : blockFrameBytes;
    if (bytes < smallest || bytes > maxBlockBytes || bytes % 4 !== 0) {
      throw captureError(
        this.#place(window, 4),
        `the length of ${blockName(type)} is ${bytes}; expected a multiple of 4 from ${smallest} to ${maxBlockBytes}`,
        "the file is corrupt from here on; packets before this place can be picked with frames:",
      );
    }
    return bytes;
  }

  #checkTrailer(window: Window, bytes: number, what: string): void {
    const trailer = window.u32(bytes - 4, this.#littleEndian);
    if (trailer === bytes) return;
    throw captureError(
      this.#place(window, bytes - 4),
      `the length at the end of ${what} is ${trailer}; expected ${bytes} as at its start`,
    );
  }

  #startSection(body: BlockBody): void {
    const [major, minor] = [body.u16(4), body.u16(6)];
    // 1.2 was written by some tools and is the same as 1.0 (draft-ietf-opsawg-pcapng section 4.1).
    if (major !== 1 || (minor !== 0 && minor !== 2)) {
      throw captureError(body.place(4), `pcapng version ${major}.${minor}; expected 1.0`);
    }
    this.#interfaces = [];
  }

  #addInterface(body: BlockBody): void {
    if (this.#interfaces.length === maxInterfaces) {
      throw captureError(body.place(0), `a section with more than ${maxInterfaces} interfaces; expected fewer`);
    }
    this.#interfaces.push(readInterface(body));
  }

  #packet(window: Window, type: number, body: BlockBody, bytes: number): Step {
    const index = ++this.#count;
    if (!this.#isPicked(index)) return { kind: "skip", bytes, what: `packet ${index}` };
    const packet = this.#toCaptured(readPacketBlock(type, body, this.#interfaces), index, body.place(-8));
    window.advance(bytes);
    return { kind: "packet", packet };
  }

  #toCaptured(block: PacketBlock, index: number, place: FilePlace): CapturedPacket {
    const { packet, cutBytes } = toPacket(block.from.linkNumber, block.bytes, index, place);
    return {
      packet,
      index,
      timestampNs: block.timestampNs,
      originalLength: Math.max(0, block.originalLength - cutBytes),
      ...(block.from.name !== undefined && { interfaceName: block.from.name }),
      ...(block.comment !== undefined && { comment: block.comment }),
      ...(block.verdict && { verdict: block.verdict }),
    };
  }

  #place(window: Window, at: number): FilePlace {
    return { name: this.#name, offset: window.offset + at };
  }
}

function readPacketBlock(type: number, body: BlockBody, interfaces: readonly PcapngInterface[]): PacketBlock {
  if (type === blockTypes.enhancedPacket) return readEnhancedPacket(body, interfaces);
  if (type === blockTypes.simplePacket) return readSimplePacket(body, interfaces);
  return readObsoletePacket(body, interfaces);
}

function isKnown(type: number): boolean {
  return type === blockTypes.section || type === blockTypes.interface || type in packetBlockNames;
}

const packetBlockNames: Readonly<Record<number, string>> = {
  [blockTypes.packet]: "a Packet Block",
  [blockTypes.simplePacket]: "a Simple Packet Block",
  [blockTypes.enhancedPacket]: "an Enhanced Packet Block",
};

function blockName(type: number): string {
  if (type === blockTypes.section) return "a Section Header Block";
  if (type === blockTypes.interface) return "an Interface Description Block";
  return packetBlockNames[type] ?? `a block of type 0x${type.toString(16).padStart(8, "0")}`;
}
