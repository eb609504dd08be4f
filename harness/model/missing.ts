import { ownerOf } from "./by-object.js";
import type { BackendName } from "./backend.js";
import { expectationsOn } from "./expectations.js";
import { isDeviceHook, isSocketHook } from "./hook.js";
import { whyUnreadable, whyUnsettable } from "./map-access.js";
import type { Packet } from "./packet.js";
import type { Plan, PlannedAttachment, PlannedExpectation, PlannedPing, PlannedSend, PlannedStep } from "./plan.js";

/** What else a backend cannot do: each a reason by name. */
export interface Limits {
  readonly backend: BackendName;
  /** The rest of "packet 2 …"; undefined where nothing speaks against the packet. */
  packet(packet: Packet): string | undefined;
  /** Of context fields that a step sets, and names of those that it expects. */
  context(given: PlannedSend["context"], expected: readonly string[]): readonly string[];
  expectation(expectation: PlannedExpectation): readonly string[];
  /** Packets go through the topology, past all programs at interfaces. */
  readonly hasNetwork?: boolean;
  /** Of pings; absent where there is no network at all. */
  ping?(step: PlannedPing): readonly string[];
}

/** Where the kernel's clock is the machine's. */
export const missingClock = "clock steps: only backend sim has a clock that can be moved";
export const missingUptime = "uptime: only backend sim can choose it";

/** What of a plan cannot be done or seen, by name, where a program is run on packets without network and sockets. */
export function missingWithoutNetwork(plan: Plan, limits: Limits): string[] {
  const missing = new Set<string>();
  if (plan.services.length > 0) missing.add("services need real sockets: backend wire has them");
  for (const reason of missingOfHelpers(limits.backend, plan)) missing.add(reason);
  for (const reason of missingOfMaps(plan.maps)) missing.add(reason);
  if (plan.uptimeMs !== undefined && limits.backend !== "sim") missing.add(missingUptime);
  for (const observer of plan.observe.observers) missing.add(`observer ${observer}: backend wire has what it watches`);
  let unloaded = false;
  for (const step of plan.steps) {
    for (const reason of missingOfStep(step, unloaded, limits)) missing.add(reason);
    for (const expectation of expectationsOn(limits.backend, step.expect))
      for (const reason of [
        ...missingOfExpectation(expectation, limits),
        ...missingElsewhere(plan, expectation, limits),
      ])
        missing.add(reason);
    unloaded ||= step.kind === "unload";
  }
  return [...missing];
}

/** What programs write that are attached elsewhere, and so meet no packets. */
function missingElsewhere(
  plan: Plan,
  { maps, events, printk }: PlannedExpectation,
  { backend, hasNetwork }: Limits,
): readonly string[] {
  const why = (programs: readonly string[]): string => {
    const [are, meet] = programs.length > 1 ? ["are", "meet"] : ["is", "meets"];
    return `${programs.join(", ")} ${are} attached elsewhere and ${meet} no packets here: backend wire has a network`;
  };
  const isIdle = ({ hook }: PlannedAttachment): boolean =>
    !(backend === "sim" && isSocketHook(hook)) && !(hasNetwork && isDeviceHook(hook));
  const idle = (attach: readonly PlannedAttachment[]) => attach.filter(isIdle).map(({ program }) => program.name);
  const sharing = idle(plan.attach);
  const others = plan.objects.flatMap(({ attach }) => idle(attach));
  const written = [...maps.map(({ map }) => map.name), ...(events ? [events.map] : [])].flatMap((map) => {
    const { object } = ownerOf(map);
    const programs = object === "" ? sharing : idle(plan.objects.find(({ name }) => name === object)!.attach);
    return programs.length > 0 ? [`map ${map}: ${why(programs)}`] : [];
  });
  const all = [...sharing, ...others];
  return printk && all.length > 0 ? [...written, `printk lines: ${why(all)}`] : written;
}

function missingOfStep(step: PlannedStep, unloaded: boolean, limits: Limits): readonly string[] {
  switch (step.kind) {
    case "ping":
      return limits.ping?.(step) ?? [`ping steps need real sockets: backend wire has them`];
    case "http":
    case "run":
    case "wait":
      return [`${step.kind} steps need real sockets: backend wire has them`];
    case "send":
      if (unloaded && !limits.hasNetwork)
        return ["packets behind an unload step meet no program here: backend wire has a network"];
      return [...missingOfPackets(step, limits), ...missingOfContext(step, limits)];
    case "maps":
      return missingOfMaps(step.patches);
    case "clock":
      return limits.backend === "sim" ? [] : [missingClock];
    case "tcp":
      return limits.backend === "sim" ? [] : ["tcp steps need sockets: backends sim and wire have them"];
    case "property":
    case "swap":
    case "unload":
    case "expect":
      return [];
  }
}

function missingOfMaps(patches: Plan["maps"]): readonly string[] {
  return patches.flatMap(({ map }) => whyUnsettable(map) ?? []);
}

function missingOfPackets({ packets }: PlannedSend, limits: Limits): readonly string[] {
  return packets.flatMap((packet, i) => {
    const name = packets.length > 1 ? `packet ${i + 1}` : "the packet";
    const reason = limits.packet(packet);
    return reason === undefined ? [] : [`${name} ${reason}`];
  });
}

function missingOfContext(step: PlannedSend, limits: Limits): readonly string[] {
  const expected = expectationsOn(limits.backend, step.expect).flatMap(({ context }) => Object.keys(context));
  return limits.context(step.context, expected);
}

/** No kernel lets anyone script its helpers. */
export function missingOfHelpers(backend: BackendName, { helpers = [] }: Plan): readonly string[] {
  if (helpers.length === 0 || backend === "sim") return [];
  return [`scripted helpers (${helpers.map(({ name }) => name).join(", ")}): only backend sim has them`];
}

/** Instructions and helper calls can be counted only where they are simulated. */
export function missingOfCost(backend: BackendName, { cost }: PlannedExpectation): readonly string[] {
  return cost && backend !== "sim" ? ["cost: only backend sim counts instructions and calls"] : [];
}

function missingOfExpectation(expectation: PlannedExpectation, limits: Limits): readonly string[] {
  const ofMaps = expectation.maps.flatMap(({ map }) => whyUnreadable(map) ?? []);
  return [...ofMaps, ...missingOfCost(limits.backend, expectation), ...limits.expectation(expectation)];
}
