import { missingWithoutNetwork } from "../model/missing.js";
import type { Packet } from "../model/packet.js";
import type { Plan, PlannedExpectation } from "../model/plan.js";
import { missingContext } from "./context.js";
import { withoutTestRun } from "./test-run-error.js";

const headerBytes = 14;

/** Pages behind the first buffer (MAX_SKB_FRAGS, unless the kernel was built with another number). */
const fragmentBytes = 17 * 4096;

/**
 * The longest packet in one buffer: a page less headroom and struct skb_shared_info, which is what drivers leave, too
 * (XDP: 256 and 320 bytes; skb: 64 and 320). Only pages of 4 KiB are thought of.
 */
const longestBytes = { xdp: 4096 - 256 - 320, skb: 4096 - 64 - 320 };

/** What of a plan BPF_PROG_TEST_RUN cannot do or show, by name; empty = everything can be judged. */
export function missingFor(plan: Plan): string[] {
  const typeReason = withoutTestRun(plan.programType);
  if (typeReason !== undefined) return [typeReason];
  return missingWithoutNetwork(plan, {
    backend: "kernel",
    packet: (packet) => whyNotTaken(plan, packet),
    context: (given, expected) => missingContext(plan.programType, given, expected),
    expectation: missingOfExpectation,
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
  const frags = programType === "xdp" && program.frags;
  const longest = programType === "xdp" ? longestBytes.xdp + (frags ? fragmentBytes : 0) : longestBytes.skb;
  if (linkType !== "ethernet" && ethernetSeen) return `has no Ethernet header, which ${programType} wants`;
  if (linkType === "ethernet" && bytes.length < headerBytes)
    return `has ${bytes.length} bytes: BPF_PROG_TEST_RUN takes ${headerBytes} at least`;
  if (bytes.length <= longest) return undefined;
  const mend = programType === "xdp" && !frags ? ", or more in section xdp.frags" : "";
  return `has ${bytes.length} bytes: programs of type ${programType} get ${longest} at most${mend}`;
}

function missingOfExpectation({ frames, path, redirect }: PlannedExpectation): string[] {
  const missing: string[] = [];
  if (frames.length > 0) missing.push("frames on interfaces: BPF_PROG_TEST_RUN sends nothing");
  if (path) missing.push("path: BPF_PROG_TEST_RUN sends nothing");
  if (redirect) missing.push("redirect target: BPF_PROG_TEST_RUN does not tell it");
  return missing;
}
