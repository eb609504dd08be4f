import type { ProgramVerdict } from "./captured-packet.js";
import { captureError } from "./fault.js";
import type { BlockBody } from "./pcapng-block.js";
import { optionCodes, padded, verdictTypes } from "./pcapng-format.js";
import { expectOptionBytes, type PcapngInterface, toNanoseconds } from "./pcapng-interface.js";
import { checkCapturedLength, withoutFcs } from "./record.js";

/** What the three kinds of packet block have to say. */
export interface PacketBlock {
  readonly from: PcapngInterface;
  readonly timestampNs: bigint | undefined;
  readonly originalLength: number;
  readonly bytes: Uint8Array;
  readonly comment: string | undefined;
  readonly verdict: ProgramVerdict | undefined;
}

/** Enhanced Packet Block: interface (32 bits), time, captured and original length, data, options. */
export function readEnhancedPacket(body: BlockBody, interfaces: readonly PcapngInterface[]): PacketBlock {
  body.expect(0, 20, "an enhanced packet");
  return timedPacket(body, interfaces, body.u32(0));
}

/** Packet Block (obsolete): as an enhanced one, but half of the interface's number counts drops. */
export function readObsoletePacket(body: BlockBody, interfaces: readonly PcapngInterface[]): PacketBlock {
  body.expect(0, 20, "an obsolete packet");
  return timedPacket(body, interfaces, body.u16(0));
}

/** Simple Packet Block: the original length and data of the section's first interface, and no time. */
export function readSimplePacket(body: BlockBody, interfaces: readonly PcapngInterface[]): PacketBlock {
  body.expect(0, 4, "a simple packet");
  const from = interfaceOf(body, interfaces, 0);
  const original = body.u32(0);
  // The captured length is not written: it follows from the interface's snapshot length.
  const captured = Math.min(original, from.snapBytes === 0 ? Infinity : from.snapBytes);
  checkCapturedLength(captured, body.place(0));
  body.expect(4, captured, "the packet data");
  const own = withoutFcs({ captured, original, fcsBytes: from.fcsBytes });
  return {
    from,
    timestampNs: undefined,
    originalLength: own.original,
    bytes: body.copy(4, own.bytes),
    comment: undefined,
    verdict: undefined,
  };
}

function timedPacket(body: BlockBody, interfaces: readonly PcapngInterface[], interfaceId: number): PacketBlock {
  const from = interfaceOf(body, interfaces, interfaceId);
  const captured = body.u32(12);
  checkCapturedLength(captured, body.place(12));
  body.expect(20, padded(captured), "the packet data");
  const { comment, verdict, fcsBytes } = readPacketOptions(body, 20 + padded(captured));
  const own = withoutFcs({ captured, original: body.u32(16), fcsBytes: fcsBytes ?? from.fcsBytes });
  return {
    from,
    timestampNs: toNanoseconds(body.u32(4), body.u32(8), from.clock),
    originalLength: own.original,
    bytes: body.copy(20, own.bytes),
    comment,
    verdict,
  };
}

function interfaceOf(body: BlockBody, interfaces: readonly PcapngInterface[], id: number): PcapngInterface {
  const found = interfaces[id];
  if (found) return found;
  const count = interfaces.length;
  const expected = count === 0 ? "an interface description before the first packet" : `a number below ${count}`;
  throw captureError(body.place(0), `the packet is of interface ${id}; expected ${expected}`);
}

interface PacketOptions {
  readonly comment: string | undefined;
  readonly verdict: ProgramVerdict | undefined;
  readonly fcsBytes: number | undefined;
}

function readPacketOptions(body: BlockBody, at: number): PacketOptions {
  const comments: string[] = [];
  let verdict: ProgramVerdict | undefined;
  let fcsBytes: number | undefined;
  for (const option of body.options(at)) {
    if (option.code === optionCodes.comment) {
      comments.push(body.text(option.at, option.bytes));
    } else if (option.code === optionCodes.packet.flags) {
      expectOptionBytes(body, option, 4, "epb_flags");
      // Bits 5–8 count the bytes of the frame check sequence; 0 = not known, so the interface's holds.
      fcsBytes = (body.u32(option.at) >>> 5) & 0xf || undefined;
    } else if (option.code === optionCodes.packet.verdict) {
      verdict = readVerdict(body, option.at, option.bytes) ?? verdict;
    }
  }
  return { comment: comments.length > 0 ? comments.join("\n") : undefined, verdict, fcsBytes };
}

/** One byte of type, then the program's return value in 64 bits; other types are other people's. */
function readVerdict(body: BlockBody, at: number, bytes: number): ProgramVerdict | undefined {
  if (bytes !== 9) return undefined;
  const type = body.u8(at);
  const returned = Number(BigInt.asIntN(32, body.i64(at + 1)));
  if (type === verdictTypes.tc) return { program: "tc", returned };
  if (type === verdictTypes.xdp) return { program: "xdp", returned };
  return undefined;
}
