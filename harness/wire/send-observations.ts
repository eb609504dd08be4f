import type { Observation, PacketObservation } from "../model/observation.js";
import type { PlannedSend } from "../model/plan.js";
import { formatPlace, type Place, type Topology } from "../model/topology.js";
import { samePlace } from "../model/segments.js";
import { isEgress, type DeviceHook } from "../model/hook.js";
import type { CapturedFrame } from "./port/port.js";
import type { Finding } from "./verdict.js";

/** So many frames of one step are reported one by one; beyond, each different frame once at each place. */
const mostFramesReported = 4_096;

export function neverRan(step: PlannedSend, packet: number, runs: number, attach: Place): Observation {
  const times = step.times > 1 ? `${step.times} times` : "";
  const message =
    runs === 0
      ? `the program never ran: nothing reached ${formatPlace(attach)}`
      : `the program ran ${runs} times for a packet sent ${times}`;
  return { kind: "fault", step: step.index, packet, message };
}

export function verdictObservation(
  step: PlannedSend,
  packet: number,
  { possible, evidence, count }: Finding,
): Observation {
  const share = step.times > 1 ? `${count} of ${step.times}: ` : "";
  return {
    kind: "verdict",
    step: step.index,
    packet,
    possible,
    evidence: `${share}${evidence}`,
    returned: undefined,
    durationNs: undefined,
  };
}

export function packetObservation(
  step: PlannedSend,
  packet: number | undefined,
  frame: CapturedFrame,
  { topology, hook }: { readonly topology: Topology; readonly hook: DeviceHook },
): PacketObservation {
  const inStack = samePlace(frame.place, topology.attach) && !isEgress(hook);
  const direction = frame.queue !== undefined ? "socket" : inStack ? "stack" : "received";
  return {
    kind: "packet",
    step: step.index,
    packet,
    place: { at: frame.place, direction },
    bytes: frame.bytes,
    timestampNs: frame.timestampNs,
  };
}

/** Of very many frames, each different one once at each place and for each packet. */
export function concise(observations: readonly Observation[]): readonly Observation[] {
  if (observations.length <= mostFramesReported) return observations;
  const known = new Set<string>();
  return observations.filter((observation) => {
    if (observation.kind !== "packet") return true;
    const { packet, place, bytes } = observation;
    const key = `${packet} ${JSON.stringify(place)} ${Buffer.from(bytes).toString("latin1")}`;
    if (known.has(key)) return false;
    known.add(key);
    return true;
  });
}
