import { expectationsOn } from "../model/expectations.js";
import { whyUnreadable, whyUnsettable } from "../model/map-access.js";
import type { Packet } from "../model/packet.js";
import type { Plan, PlannedExpectation, PlannedSend, PlannedStep } from "../model/plan.js";
import { missingContext } from "./context.js";
import { withoutTestRun } from "./test-run-error.js";

const headerBytes = 14;

/**
 * The longest packet in one buffer: a page less headroom and struct skb_shared_info, which is what drivers leave, too
 * (XDP: 256 and 320 bytes; skb: 64 and 320). Only pages of 4 KiB are thought of.
 */
const longestBytes = { xdp: 4096 - 256 - 320, skb: 4096 - 64 - 320 };

/** What of a plan BPF_PROG_TEST_RUN cannot do or show, by name; empty = everything can be judged. */
export function missingFor(plan: Plan): string[] {
  const typeReason = withoutTestRun(plan.programType);
  if (typeReason !== undefined) return [typeReason];
  const missing = new Set<string>();
  if (plan.services.length > 0) missing.add("services need real sockets: backend wire has them");
  for (const { map } of plan.maps) {
    const reason = whyUnsettable(map);
    if (reason !== undefined) missing.add(reason);
  }
  let unloaded = false;
  for (const step of plan.steps) {
    for (const reason of missingOfStep(plan, step, unloaded)) missing.add(reason);
    for (const expectation of expectationsOn("kernel", step.expect))
      for (const reason of missingOfExpectation(expectation)) missing.add(reason);
    unloaded ||= step.kind === "unload";
  }
  return [...missing];
}

function missingOfStep(plan: Plan, step: PlannedStep, unloaded: boolean): string[] {
  switch (step.kind) {
    case "ping":
    case "http":
    case "run":
      return [`${step.kind} steps need real sockets: backend wire has them`];
    case "send":
      if (unloaded) return ["packets behind an unload step meet no program here: backend wire has a network"];
      return [...missingOfPackets(plan, step), ...missingOfContext(plan, step)];
    case "maps":
      return step.patches.flatMap(({ map }) => whyUnsettable(map) ?? []);
    default:
      return [];
  }
}

function missingOfPackets(plan: Plan, { packets }: PlannedSend): string[] {
  return packets.flatMap((packet, i) => {
    const name = packets.length > 1 ? `packet ${i + 1}` : "the packet";
    const reason = whyNotTaken(plan, packet);
    return reason === undefined ? [] : [`${name} ${reason}`];
  });
}

/** Why a test run does not take a packet, as the rest of "packet 2 …"; undefined where nothing speaks against it. */
export function whyNotTaken(
  { programType, program }: Pick<Plan, "programType" | "program">,
  { linkType, bytes }: Packet,
): string | undefined {
  if (programType === "sk_lookup") return undefined;
  // Programs of these types see the Ethernet header; for the others, one is put in front that they do not see.
  const ethernetSeen = programType === "xdp" || programType === "sched_cls" || programType === "sched_act";
  const longest = programType === "xdp" ? longestBytes.xdp : longestBytes.skb;
  if (linkType !== "ethernet" && ethernetSeen) return `has no Ethernet header, which ${programType} wants`;
  if (linkType === "ethernet" && bytes.length < headerBytes)
    return `has ${bytes.length} bytes: BPF_PROG_TEST_RUN takes ${headerBytes} at least`;
  if (bytes.length <= longest || (programType === "xdp" && program.frags)) return undefined;
  const mend = programType === "xdp" ? ", or more in section xdp.frags" : "";
  return `has ${bytes.length} bytes: programs of type ${programType} get ${longest} at most${mend}`;
}

function missingOfContext(plan: Plan, step: PlannedSend): string[] {
  const expected = expectationsOn("kernel", step.expect).flatMap(({ context }) => Object.keys(context));
  return missingContext(plan.programType, Object.keys(step.context), expected);
}

function missingOfExpectation({ frames, redirect, maps }: PlannedExpectation): string[] {
  const missing = maps.flatMap(({ map }) => whyUnreadable(map) ?? []);
  if (frames.length > 0) missing.push("frames on interfaces: BPF_PROG_TEST_RUN sends nothing");
  if (redirect) missing.push("redirect target: BPF_PROG_TEST_RUN does not tell it");
  return missing;
}
