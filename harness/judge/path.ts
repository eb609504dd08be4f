import type { HopObservation, PacketObservation } from "../model/observation.js";
import type { PlannedHop, PlannedSend } from "../model/plan.js";
import { formatPlace } from "../model/topology.js";
import { formatPattern, matchPattern } from "../packet/pattern.js";
import { summary } from "../packet/print.js";
import { finding, type Finding } from "./finding.js";
import { fitsPacket } from "./packet.js";

/** A packet somewhere on its way: a frame at an interface, or what a program there made of it. */
export type Sight = HopObservation | PacketObservation;

interface JudgedPath {
  readonly findings: readonly Finding[];
  /** Frames that are hops, and so expected. */
  readonly taken: readonly PacketObservation[];
  readonly missing: readonly string[];
}

/** Whether a packet came by all hops in their order; others may lie between. */
export function judgePath(hops: readonly PlannedHop[], step: PlannedSend, seen: readonly Sight[]): JudgedPath {
  const sights = seen.filter((sight) => sight.kind === "hop" || sight.place !== "output");
  const frames = sights.filter((sight) => sight.kind === "packet");
  const way = inOrderOfTime(sights);
  if (!way) return { findings: [], taken: [], missing: ["the order of frames: they have no timestamps"] };
  const taken: PacketObservation[] = [];
  let next = 0;
  for (const [index, hop] of hops.entries()) {
    // The earliest that fits: it leaves the most to those that come behind.
    const found = way.findIndex((sight, i) => i >= next && isAt(hop, sight) && fits(hop, step, sight));
    if (found < 0) {
      const here = way.slice(next).find((sight) => isAt(hop, sight));
      const unseen = unseenHop(hop, index, here);
      return {
        findings: [{ ...unseen, details: detailsOf(way) }],
        taken: [...taken, ...frames.filter(isAtLater(hops, index))],
        missing: [],
      };
    }
    const sight = way[found]!;
    if (sight.kind === "packet") taken.push(sight);
    next = found + 1;
  }
  return { findings: [], taken, missing: [] };
}

/** Of a path that is broken off, what would have come is no disturbance of its own. */
function isAtLater(hops: readonly PlannedHop[], from: number): (frame: PacketObservation) => boolean {
  const places = hops.slice(from).map(({ at }) => formatPlace(at.value));
  return ({ place }) => place !== "output" && places.includes(formatPlace(place.at));
}

/** As they happened; undefined where nobody knows. The simulator's clock stands still: there the order of telling counts. */
function inOrderOfTime(sights: readonly Sight[]): readonly Sight[] | undefined {
  if (sights.some(({ timestampNs }) => timestampNs === undefined)) return undefined;
  return sights.toSorted((a, b) => Number(a.timestampNs! - b.timestampNs!));
}

function isAt({ at, hook }: PlannedHop, sight: Sight): boolean {
  if (sight.kind === "packet")
    return !hook && sight.place !== "output" && formatPlace(sight.place.at) === formatPlace(at.value);
  return hook?.value === sight.hook && formatPlace(sight.at) === formatPlace(at.value);
}

function fits(hop: PlannedHop, step: PlannedSend, sight: Sight): boolean {
  if (hop.packet && !fitsPacket(step.packets[0], { linkType: "ethernet", bytes: sight.bytes }, hop.packet))
    return false;
  if (sight.kind === "packet") return true;
  return (!hop.verdict || hop.verdict.value.includes(sight.verdict)) && wrongFields(hop, sight).length === 0;
}

function wrongFields({ context }: PlannedHop, { fields }: HopObservation): string[] {
  return Object.keys(context).filter((name) => {
    const actual = fields[name];
    return actual === undefined || !matchPattern(context[name]!.value, actual);
  });
}

/** Where the hop was made after all, but otherwise: what of it is not as expected. */
function unseenHop(hop: PlannedHop, index: number, here: Sight | undefined): Finding {
  const name = `path[${index}]`;
  const { verdict } = hop;
  if (here?.kind === "hop") {
    if (verdict && !verdict.value.includes(here.verdict))
      return finding(`${name}.verdict`, verdict.value.join(" or "), here.verdict, verdict.span);
    const [field] = wrongFields(hop, here);
    if (field !== undefined) {
      const { value: pattern, span } = hop.context[field]!;
      const actual = here.fields[field];
      const shown = actual === undefined ? "absent" : formatPattern(undefined, { kind: "equals", value: actual });
      return finding(`${name}.context.${field}`, formatPattern(undefined, pattern), shown, span);
    }
  }
  if (here && hop.packet) {
    const layers = hop.packet.layers.map(({ protocol }) => protocol).join(" / ");
    return finding(`${name}.packet`, layers, summary({ linkType: "ethernet", bytes: here.bytes }), hop.packet.span);
  }
  return finding(name, placeOf(hop), "unseen", hop.span);
}

function placeOf({ at, hook }: PlannedHop): string {
  return hook ? `${formatPlace(at.value)} ${hook.value}` : formatPlace(at.value);
}

/** The whole way, for who reads the failure. */
function detailsOf(way: readonly Sight[]): string[] {
  if (way.length === 0) return ["the packet was seen nowhere"];
  return way.map((sight) => {
    const frame = summary({ linkType: "ethernet", bytes: sight.bytes });
    if (sight.kind === "hop")
      return `${formatPlace(sight.at)} ${sight.hook} ${sight.program}: ${sight.verdict}  ${frame}`;
    return `${sight.place === "output" ? "output" : formatPlace(sight.place.at)}  ${frame}`;
  });
}
