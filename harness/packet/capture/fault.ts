import { harnessError, type HarnessError } from "../../model/error.js";

/** Where in which file a decoder is: `offset` counts bytes from the start of the file (decompressed, if it was gzip). */
export interface FilePlace {
  readonly name: string;
  readonly offset: number;
}

/** The one error of this folder: file, byte offset, what is wrong and what was expected. */
export function captureError(place: FilePlace, message: string, hint?: string, cause?: unknown): HarnessError {
  return harnessError("capture", `${place.name}: byte ${place.offset}: ${message}`, { hint, cause });
}

/** The file ends before the thing at `place` is complete. */
export function truncated(place: FilePlace, what: string, hasBytes: number, neededBytes: number): HarnessError {
  return captureError(
    place,
    `the file ends inside ${what}: expected ${neededBytes} bytes from here on, found ${hasBytes}`,
    "the file was cut off; packets before this place can be picked with frames:",
  );
}
