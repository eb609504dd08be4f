import { harnessError } from "../model/error.js";
import type { Packet } from "../model/packet.js";
import type { SendSource } from "../model/scenario.js";
import { buildPacket } from "../packet/build.js";
import { packetFromText } from "../packet/text.js";
import { packetsOfCapture, type OpenCapture } from "./capture.js";
import type { PlanContext } from "./context.js";

/** The bytes that a step sends, in order; sources that are wrong are told and left out. */
export async function planPackets(
  context: PlanContext,
  sources: readonly SendSource[],
  openCapture: OpenCapture,
): Promise<readonly Packet[]> {
  const packets: Packet[] = [];
  for (const source of sources) {
    const place = { span: source.kind === "capture" ? source.path.span : source.span };
    const built = await context.problems.attemptAsync(() => packetsOf(context, source, openCapture), place);
    packets.push(...(built ?? []));
  }
  return packets;
}

async function packetsOf(
  context: PlanContext,
  source: SendSource,
  openCapture: OpenCapture,
): Promise<readonly Packet[]> {
  const packets = await readSource(source, openCapture);
  // Sockets are looked up by addresses alone: there is no packet to begin with anything.
  if (context.programType === "sk_lookup") return packets;
  const bare = packets.findIndex(({ linkType }) => linkType !== "ethernet");
  if (bare < 0) return packets;
  const which = packets.length > 1 ? `packet ${bare + 1}` : "this packet";
  throw harnessError("scenario", `${which} has no Ethernet header, with which ${context.programType} packets begin`, {
    span: source.span,
    hint: source.kind === "text" ? "begin with Ether()/" : "begin with eth",
  });
}

async function readSource(source: SendSource, openCapture: OpenCapture): Promise<readonly Packet[]> {
  switch (source.kind) {
    case "layers": {
      const { layers, truncateBytes } = source;
      return [buildPacket(layers, truncateBytes === undefined ? {} : { truncateBytes })];
    }
    case "text":
      return [packetFromText(source.text)];
    case "capture":
      return packetsOfCapture(source, openCapture);
  }
}
