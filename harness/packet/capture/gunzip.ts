import type { HarnessError } from "../../model/error.js";
import { captureError } from "./fault.js";

/** ID1 and ID2 of every gzip member (RFC 1952 section 2.3.1). */
export function looksGzipped(first: number, second: number): boolean {
  return first === 0x1f && second === 0x8b;
}

/**
 * Decompresses as far as somebody reads: a gzip bomb costs no more memory than the pieces in flight.
 * The platform's decoder does not say where in the file it gave up; the error counts decompressed bytes.
 */
export async function* gunzip(
  chunks: AsyncGenerator<Uint8Array, void, void>,
  name: string,
): AsyncGenerator<Uint8Array, void, void> {
  let inputFailure: { readonly reason: unknown } | undefined;
  const input = new ReadableStream<BufferSource>({
    async pull(controller) {
      try {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value as Uint8Array<ArrayBuffer>);
      } catch (reason) {
        inputFailure = { reason };
        throw reason;
      }
    },
    async cancel() {
      await chunks.return();
    },
  });
  const reader = input.pipeThrough(new DecompressionStream("gzip")).getReader();
  let offset = 0;
  let finished = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      finished = done;
      if (done) return;
      offset += value.length;
      yield value;
    }
  } catch (cause) {
    finished = true;
    throw inputFailure ? inputFailure.reason : gzipError(name, offset, cause);
  } finally {
    if (!finished) await reader.cancel();
  }
}

function gzipError(name: string, offset: number, cause: unknown): HarnessError {
  return captureError(
    { name, offset },
    "the gzip data is corrupt or cut off: expected more compressed data at this byte of the decompressed file",
    "check the file with gzip -t",
    cause,
  );
}
