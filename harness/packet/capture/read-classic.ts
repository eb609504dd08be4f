import type { Decoder, IsPicked, Step } from "./decoder.js";
import { captureError, type FilePlace } from "./fault.js";
import { toPacket } from "./link-layer.js";
import { checkCapturedLength, withoutFcs } from "./record.js";
import type { Window } from "./window.js";

const fileHeaderBytes = 24;
const recordHeaderBytes = 16;

/** What the magic number says: byte order of all integers, and the unit of a time's second half. */
export interface ClassicFormat {
  readonly littleEndian: boolean;
  readonly fractionsPerSecond: 1_000_000 | 1_000_000_000;
}

/** Format of a classic pcap file by its first four bytes, read in network order; undefined = not one. */
export function classicMagic(magic: number): ClassicFormat | undefined {
  switch (magic) {
    case 0xa1b2c3d4:
      return { littleEndian: false, fractionsPerSecond: 1_000_000 };
    case 0xd4c3b2a1:
      return { littleEndian: true, fractionsPerSecond: 1_000_000 };
    case 0xa1b23c4d:
      return { littleEndian: false, fractionsPerSecond: 1_000_000_000 };
    case 0x4d3cb2a1:
      return { littleEndian: true, fractionsPerSecond: 1_000_000_000 };
    default:
      return undefined;
  }
}

/** The format of libpcap's savefiles (pcap-savefile(5)): one file header, then packets of one link type. */
export class ClassicDecoder implements Decoder {
  readonly #name: string;
  readonly #format: ClassicFormat;
  readonly #isPicked: IsPicked;
  #header: { readonly linkNumber: number; readonly fcsBytes: number } | undefined;
  #count = 0;

  constructor(name: string, format: ClassicFormat, isPicked: IsPicked) {
    this.#name = name;
    this.#format = format;
    this.#isPicked = isPicked;
  }

  step(window: Window): Step {
    return this.#header ? this.#record(window, this.#header) : this.#fileHeader(window);
  }

  #fileHeader(window: Window): Step {
    if (window.available < fileHeaderBytes) {
      return { kind: "need", bytes: fileHeaderBytes, what: "the pcap file header" };
    }
    const { littleEndian } = this.#format;
    const [major, minor] = [window.u16(4, littleEndian), window.u16(6, littleEndian)];
    // Before 2.4 some writers swapped the two lengths of a record; nobody has written that for decades.
    if (major !== 2 || minor !== 4) {
      throw captureError({ name: this.#name, offset: 4 }, `pcap version ${major}.${minor}; expected 2.4`);
    }
    const network = window.u32(20, littleEndian);
    this.#header = { linkNumber: network & 0x03ff_ffff, fcsBytes: fcsBytesOf(network) };
    return { kind: "skip", bytes: fileHeaderBytes, what: "the pcap file header" };
  }

  #record(window: Window, header: { readonly linkNumber: number; readonly fcsBytes: number }): Step {
    const what = `packet ${this.#count + 1}`;
    if (window.available < recordHeaderBytes) return { kind: "need", bytes: recordHeaderBytes, what };
    const { littleEndian } = this.#format;
    const place: FilePlace = { name: this.#name, offset: window.offset };
    const captured = window.u32(8, littleEndian);
    checkCapturedLength(captured, { ...place, offset: place.offset + 8 });
    const recordBytes = recordHeaderBytes + captured;
    if (!this.#isPicked(this.#count + 1)) {
      this.#count++;
      return { kind: "skip", bytes: recordBytes, what };
    }
    if (window.available < recordBytes) return { kind: "need", bytes: recordBytes, what };

    const timestampNs = this.#time(window, place);
    const own = withoutFcs({ captured, original: window.u32(12, littleEndian), fcsBytes: header.fcsBytes });
    const bytes = window.copy(recordHeaderBytes, recordHeaderBytes + own.bytes);
    const index = ++this.#count;
    const { packet, cutBytes } = toPacket(header.linkNumber, bytes, index, place);
    window.advance(recordBytes);
    return {
      kind: "packet",
      packet: { packet, index, timestampNs, originalLength: Math.max(0, own.original - cutBytes) },
    };
  }

  #time(window: Window, place: FilePlace): bigint {
    const { littleEndian, fractionsPerSecond } = this.#format;
    const fraction = window.u32(4, littleEndian);
    // Nothing else in a record has any redundancy: this finds most files that are shifted by a few bytes.
    if (fraction >= fractionsPerSecond) {
      throw captureError(
        { ...place, offset: place.offset + 4 },
        `the fraction of the second is ${fraction}; expected less than ${fractionsPerSecond}`,
        "the file is corrupt from here on; packets before this place can be picked with frames:",
      );
    }
    const nsPerFraction = 1_000_000_000 / fractionsPerSecond;
    return BigInt(window.u32(0, littleEndian)) * 1_000_000_000n + BigInt(fraction * nsPerFraction);
  }
}

/** Bits 28–31 count the frame check sequence in 16-bit words where bit 26 says so (draft-ietf-opsawg-pcap section 4). */
function fcsBytesOf(network: number): number {
  return network & 0x0400_0000 ? (network >>> 28) * 2 : 0;
}
