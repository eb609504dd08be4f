import { HarnessError } from "../model/error.js";
import { isDeviceHook } from "../model/hook.js";
import { missingWithoutNetwork } from "../model/missing.js";
import type { Plan, PlannedExpectation, PlannedPing } from "../model/plan.js";
import { needsNetwork } from "./network/needs-network.js";
import { inputFieldsOf, packetHook, whyNotTaken } from "./hooks/packet-hook.js";

/** What of a plan the simulator cannot do or see, by name; `load` is tried for what the object itself needs. */
export function missingFor(plan: Plan, load: () => void): string[] {
  if (!packetHook(plan.programType)) return [`programs of type ${plan.programType} are not simulated`];
  if (plan.load.fails) return ["a refused load: the simulator has no verifier"];
  const ofPlan = missingWithoutNetwork(plan, {
    backend: "sim",
    packet: (packet) => whyNotTaken(plan.programType, packet, plan.program.frags),
    context: (given, expected) => missingOfContext(plan, [...Object.keys(given), ...expected]),
    expectation: (expectation) => missingOfExpectation(plan, expectation),
    hasNetwork: needsNetwork(plan),
    ping: (step) => missingOfPing(plan, step),
  });
  return [...new Set([...missingOfObject(load), ...ofPlan])];
}

/** Helpers, map types and program types that are not simulated are a reason to skip, not to fail. */
function missingOfObject(load: () => void): string[] {
  try {
    load();
    return [];
  } catch (error) {
    if (!(error instanceof HarnessError) || error.code !== "unsupported") throw error;
    return error.diagnostics.map(({ message }) => message);
  }
}

function missingOfExpectation({ hook }: Plan, { frames, path }: PlannedExpectation): string[] {
  const looksElsewhere = frames.length > 0 || path !== undefined;
  return looksElsewhere && !isDeviceHook(hook) ? [`frames on interfaces, with a program at ${hook}`] : [];
}

/** What of a ping the simulated network cannot do; what only its packets bring to light is told while it runs. */
function missingOfPing({ hook, topology }: Plan, { payloadBytes }: PlannedPing): string[] {
  const missing: string[] = [];
  if (!isDeviceHook(hook)) missing.push(`a network with a program at ${hook}`);
  const mtus = topology.hosts.flatMap(({ interfaces }) => interfaces.map(({ mtuBytes }) => mtuBytes));
  if (payloadBytes + icmpHeadersBytes > Math.min(...mtus)) missing.push("pings in fragments");
  return missing;
}

/** IPv6 and ICMPv6 headers. */
const icmpHeadersBytes = 48;

function missingOfContext({ programType }: Plan, names: readonly string[]): string[] {
  const known = inputFieldsOf(programType);
  return names
    .filter((name) => !known.includes(name))
    .map((name) => `context field ${name} of ${programType} programs is not simulated`);
}
