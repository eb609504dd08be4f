import type { Plan } from "../model/plan.js";
import { markerEtherType } from "./marker.js";

/** What programs commonly turn packets into: IPv4, IPv6, ARP, MPLS, Ethernet in something, IEEE 802.3 with 802.2. */
const common = [0x0800, 0x86dd, 0x0806, 0x8847, 0x6558, 0x0004];

/** Under which ethertypes frames of this plan may reach a stack, VLAN tags being gone by then. */
export function etherTypesOf(plan: Plan): ReadonlySet<number> {
  const sent = plan.steps.flatMap((step) => (step.kind === "send" ? step.packets.map(({ bytes }) => bytes) : []));
  return new Set([...common, markerEtherType, ...sent.map(innerEtherType).filter((type) => type >= firstEtherType)]);
}

/** Smaller values are the length of an IEEE 802.3 frame. */
const firstEtherType = 0x0600;

const vlanEtherTypes: ReadonlySet<number> = new Set([0x8100, 0x88a8]);

/** Whether the frame begins with a VLAN tag. */
export function isTagged(frame: Uint8Array): boolean {
  return vlanEtherTypes.has(etherTypeAt(frame, 12));
}

function innerEtherType(frame: Uint8Array): number {
  let at = 12;
  while (vlanEtherTypes.has(etherTypeAt(frame, at))) at += 4;
  return etherTypeAt(frame, at);
}

/** 0 beyond the frame's end. */
function etherTypeAt(frame: Uint8Array, at: number): number {
  return ((frame[at] ?? 0) << 8) | (frame[at + 1] ?? 0);
}
