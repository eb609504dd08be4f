import type { Plan } from "../model/plan.js";
import { markerEtherType } from "./marker.js";

/** IEEE 802.1Q and 802.1ad. */
const vlanEtherTypes: ReadonlySet<number> = new Set([0x8100, 0x88a8]);

/** What programs commonly turn packets into: IPv4, IPv6, ARP, tags, MPLS, Ethernet in something, IEEE 802.2. */
const common = [0x0800, 0x86dd, 0x0806, ...vlanEtherTypes, 0x8847, 0x6558, 0x0004];

/** Smaller values are the length of an IEEE 802.3 frame. */
const firstEtherType = 0x0600;

/** Under which ethertypes frames of this plan may reach a stack. */
export function etherTypesOf(plan: Plan): ReadonlySet<number> {
  const sent = plan.steps.flatMap((step) => (step.kind === "send" ? step.packets : []));
  const types = sent.flatMap(({ bytes }) => etherTypesIn(bytes)).filter((type) => type >= firstEtherType);
  return new Set([...common, markerEtherType, ...types]);
}

/** Those of the frame's VLAN tags and of what is behind them: the kernel takes out one tag, or all. */
function etherTypesIn(frame: Uint8Array): readonly number[] {
  const types = [etherTypeAt(frame, 12)];
  for (let at = 16; vlanEtherTypes.has(types.at(-1)!); at += 4) types.push(etherTypeAt(frame, at));
  return types;
}

/** Whether the frame begins with a VLAN tag. */
export function isTagged(frame: Uint8Array): boolean {
  return vlanEtherTypes.has(etherTypeAt(frame, 12));
}

/** 0 beyond the frame's end. */
function etherTypeAt(frame: Uint8Array, at: number): number {
  return ((frame[at] ?? 0) << 8) | (frame[at + 1] ?? 0);
}
