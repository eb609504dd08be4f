import { HarnessError, harnessError } from "../model/error.js";
import type { Packet } from "../model/packet.js";
import type { SendSource } from "../model/scenario.js";
import { editPacket } from "../packet/build.js";
import type { CaptureInput } from "../packet/capture/captured-packet.js";
import { readCapture } from "../packet/capture/read.js";
import { matchLayers } from "../packet/match.js";
import type { Span } from "../model/span.js";
import { parsePacket } from "../packet/parse.js";

export type CaptureSource = SendSource & { readonly kind: "capture" };

/** A step's packets are all in memory, each with what became of it. */
const mostPackets = 100_000;

/** Opens a capture file by the path that the scenario says, at `span`; what it throws becomes a diagnostic there. */
export type OpenCapture = (path: string, span: Span) => CaptureInput | Promise<CaptureInput>;

/**
 * The frames of a capture that a step sends, with the changes that it makes to them.
 * Throws HarnessError, with the place in the scenario, where the file or the choice of frames is wrong.
 */
export async function packetsOfCapture(source: CaptureSource, openCapture: OpenCapture): Promise<readonly Packet[]> {
  const { path, frames, filter, set } = source;
  const file = await open(path, openCapture);
  const packets: Packet[] = [];
  let seen = 0;
  for await (const { packet, index } of readCapture(file, path.value, { frames })) {
    seen = index;
    if (filter && !matchLayers(parsePacket(packet), filter)) continue;
    packets.push(set.length === 0 ? packet : editPacket(packet, set));
    if (packets.length > mostPackets)
      throw harnessError("scenario", `${path.value} has more than ${mostPackets} packets to send in one step`, {
        span: source.span,
        hint: "pick some with 'frames' or 'filter'",
      });
  }
  const beyond = frames?.find(([, last]) => Number.isFinite(last) && last > seen);
  if (beyond)
    throw harnessError("scenario", `${path.value} has no frame ${beyond[1]}; its last is ${seen}`, {
      span: source.span,
    });
  if (packets.length > 0) return packets;
  const hint = filter ? "no frame has the layers and fields of 'filter'" : "the capture is empty";
  throw harnessError("scenario", `nothing to send from ${path.value}`, { span: source.span, hint });
}

async function open(path: CaptureSource["path"], openCapture: OpenCapture): Promise<CaptureInput> {
  try {
    return await openCapture(path.value, path.span);
  } catch (cause) {
    if (cause instanceof HarnessError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw harnessError("capture", `cannot read ${path.value}: ${reason}`, { span: path.span, cause });
  }
}
