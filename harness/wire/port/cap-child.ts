import { createRequire } from "node:module";
import type { CapReply, CapRequest } from "./cap-protocol.js";

/**
 * The process around one libpcap handle. It is started inside the interface's namespace; when the interface goes
 * down, libpcap's binding aborts it, and it only.
 */

/** The part of the `cap` package that we use; it brings no types. */
interface CapHandle {
  open(dev: string, filter: string, bufferBytes: number, into: Buffer): string;
  setMinBytes?(bytes: number): void;
  on(event: "packet", listener: (sizeBytes: number, truncated: boolean) => void): void;
  send(frame: Buffer, sizeBytes: number): void;
}

const bufferBytes = 16 * 1024 * 1024;
const longestFrameBytes = 65_535;

/** libpcap writes into it for as long as the process lives: it must not be collected. */
const frame = Buffer.alloc(longestFrameBytes);
let handle: CapHandle | undefined;

process.on("message", (request: CapRequest) => {
  try {
    if (request.type === "open") open(request.dev);
    else send(request.id, request.frames);
  } catch (failure) {
    reply({ type: "failed", message: failure instanceof Error ? failure.message : String(failure) });
  }
});
// The parent is gone or done with us.
process.on("disconnect", () => process.exit(0));

function open(dev: string): void {
  const { Cap } = createRequire(import.meta.url)("cap") as { Cap: new () => CapHandle };
  handle = new Cap();
  // Without the filter libpcap shows what leaves, too.
  handle.open(dev, "inbound", bufferBytes, frame);
  handle.setMinBytes?.(0);
  handle.on("packet", (sizeBytes) =>
    reply({ type: "frames", frames: [Uint8Array.from(frame.subarray(0, sizeBytes))] }),
  );
  reply({ type: "opened" });
}

function send(id: number, frames: readonly Uint8Array[]): void {
  for (const bytes of frames) {
    try {
      handle!.send(Buffer.from(bytes), bytes.length);
    } catch (error) {
      if (!droppedOnTheWayOut(error)) throw error;
    }
  }
  reply({ type: "sent", id });
}

/** A frame that an egress program drops was sent as far as this goes (ENOBUFS, from NET_XMIT_DROP): libpcap has only the text. */
function droppedOnTheWayOut(error: unknown): boolean {
  return error instanceof Error && error.message.includes("No buffer space available");
}

function reply(message: CapReply): void {
  process.send?.(message);
}
