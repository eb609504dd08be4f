import { Problems } from "../model/problems.js";
import type { Span } from "../model/span.js";

/** Bytes that are being written, and what was wrong on the way. */
export class Sink {
  readonly bytes: Uint8Array;
  readonly problems = new Problems();

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  problem(span: Span, message: string, hint?: string): void {
    this.problems.add({ code: "scenario", message, span, ...(hint && { hint }) });
  }
}
