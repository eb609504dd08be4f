import { maxPacketBytes } from "./captured-packet.js";
import { captureError, type FilePlace } from "./fault.js";

/** What every format says of a packet's size; `fcsBytes` of the original length are the frame check sequence. */
export interface RecordLengths {
  readonly captured: number;
  readonly original: number;
  readonly fcsBytes: number;
}

/** A captured length that no tool writes is corrupt: nothing behind it can be trusted. */
export function checkCapturedLength(captured: number, place: FilePlace): void {
  if (captured <= maxPacketBytes) return;
  throw captureError(
    place,
    `the captured length is ${captured}; expected at most ${maxPacketBytes}`,
    "the file is corrupt from here on; packets before this place can be picked with frames:",
  );
}

/**
 * How many captured bytes are the packet's own: a packet of ours has no frame check sequence, and where
 * the capture cut the packet off, less of the sequence (or none) is there to be removed.
 */
export function withoutFcs({ captured, original, fcsBytes }: RecordLengths): { bytes: number; original: number } {
  if (fcsBytes === 0) return { bytes: captured, original };
  const own = Math.max(0, original - fcsBytes);
  return { bytes: Math.min(captured, own), original: own };
}
