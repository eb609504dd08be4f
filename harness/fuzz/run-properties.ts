import { sameBytes } from "../model/hex.js";
import { isDropped, isVerdict, verdictName, type ProgramType } from "../model/hook.js";
import type { Packet } from "../model/packet.js";
import { checkLengths, checkSums } from "../packet/checksum.js";
import { summary } from "../packet/print.js";
import type { ParsedPacket } from "../packet/protocol.js";
import type { Run, RunProperty } from "./property.js";
import { repairFrame, repairPacket } from "./repair.js";
import type { Answer } from "./target.js";

export const noFault: RunProperty = {
  kind: "run",
  name: "no-fault",
  byDefault: true,
  judge: ({ answer: { fault } }) => fault && { what: "fault", expected: "none", actual: fault.message },
};

export const knownVerdict = {
  kind: "run",
  name: "known-verdict",
  byDefault: true,
  judge({ programType, answer }: Pick<Run, "programType" | "answer">) {
    // Egress programs of a cgroup may also notify of congestion.
    if (programType === "cgroup_skb" || isVerdict(programType, answer.returned)) return undefined;
    const expected = `a verdict of ${programType} programs`;
    return { what: "verdict", expected, actual: verdictName(programType, answer.returned) };
  },
} satisfies RunProperty;

export const checksumsValid: RunProperty = {
  kind: "run",
  name: "checksums-valid",
  byDefault: true,
  judge(run) {
    if (!isRewritten(run) || isSettled(run.answer.bytes, run.packet.linkType) || !isWellFormed(run.before))
      return undefined;
    const wrong = checkSums(run.after, { before: run.before }).find(
      ({ ok, layer }) => !ok && !isGuess(run.before, run.after, layer),
    );
    if (!wrong) return undefined;
    return {
      what: `${wrong.protocol}.${wrong.field}`,
      expected: hex(wrong.expected),
      actual: hex(wrong.actual),
      details: [...(wrong.explanation === undefined ? [] : [wrong.explanation]), ...outcome(run)],
    };
  },
};

export const lengthConsistent: RunProperty = {
  kind: "run",
  name: "length-consistent",
  byDefault: true,
  judge(run) {
    if (!isRewritten(run) || isSettled(run.answer.bytes, run.packet.linkType) || !isWellFormed(run.before))
      return undefined;
    const wrong = checkLengths(run.after).find(({ ok, layer }) => !ok && !isGuess(run.before, run.after, layer));
    if (!wrong) return undefined;
    const { protocol, field, expected, actual } = wrong;
    return { what: `${protocol}.${field}`, expected: `${expected}`, actual: `${actual}`, details: outcome(run) };
  },
};

export const ttlNonzero: RunProperty = {
  kind: "run",
  name: "ttl-nonzero",
  byDefault: true,
  judge(run) {
    if (!isRewritten(run)) return undefined;
    const [before, after] = [lifeOf(run.before), lifeOf(run.after)];
    if (!before || !after || before.what !== after.what || ((before.value + 255) & 255) !== after.value)
      return undefined;
    if (after.value !== 0 && after.value !== 255) return undefined;
    return {
      what: after.what,
      expected: "at least 1, or the packet dropped",
      actual: `${after.value}`,
      details: outcome(run),
    };
  },
};

export const unchanged: RunProperty = {
  kind: "run",
  name: "unchanged",
  byDefault: false,
  judge(run) {
    if (!isRewritten(run)) return undefined;
    return { what: "packet", expected: summary(run.packet), actual: summaryOf(run), details: outcome(run) };
  },
};

/**
 * A quick look that needs no parsing: a verdict that is none, or a packet that came with right checksums and lengths
 * and goes on without. Where it says yes, the properties decide.
 */
export function isSuspicious(programType: ProgramType, { bytes, linkType }: Packet, answer: Answer): boolean {
  if (knownVerdict.judge({ programType, answer })) return true;
  if (isDropped(programType, answer.returned) || sameBytes(bytes, answer.bytes)) return false;
  return isSettled(bytes, linkType) && !isSettled(answer.bytes, linkType);
}

/** Nobody gets to see what became of a dropped packet. */
function isRewritten({ programType, packet, answer }: Run): boolean {
  if (answer.fault || isDropped(programType, answer.returned)) return false;
  return !sameBytes(packet.bytes, answer.bytes);
}

const scratch = new Uint8Array(1 << 16);

/** A quick look that settles most cases: with its checksums and lengths made right the packet is what it was. */
function isSettled(bytes: Uint8Array, linkType: string): boolean {
  if (bytes.length < 14) return false;
  const copy = scratch.subarray(0, bytes.length);
  copy.set(bytes);
  (linkType === "ethernet" ? repairFrame : repairPacket)(copy, copy.length, { lengths: true });
  return sameBytes(copy, bytes);
}

function isWellFormed(parsed: ParsedPacket): boolean {
  return (
    parsed.layers.every(({ truncated, headerTruncated }) => !truncated && !headerTruncated) &&
    checkLengths(parsed).every(({ ok }) => ok) &&
    checkSums(parsed).every(({ ok }) => ok)
  );
}

const tunnels: ReadonlySet<string> = new Set(["vxlan", "geneve", "gue", "gre", "dns"]);

/** A layer that is taken for one by nothing but a port number that the program wrote. */
function isGuess(before: ParsedPacket, after: ParsedPacket, layer: number): boolean {
  const count = (layers: ParsedPacket["layers"]): number =>
    layers.filter(({ protocol }) => tunnels.has(protocol)).length;
  return count(after.layers.slice(0, layer + 1)) > count(before.layers);
}

function lifeOf({ layers }: ParsedPacket): { readonly what: string; readonly value: number } | undefined {
  const network = layers.find(({ protocol }) => protocol === "ipv4" || protocol === "ipv6");
  const field = network?.protocol === "ipv4" ? "ttl" : "hop_limit";
  const value = network?.values[field];
  return typeof value === "number" ? { what: `${network!.protocol}.${field}`, value } : undefined;
}

export function outcome(run: Run): string[] {
  const verdict = verdictName(run.programType, run.answer.returned);
  return [`packet in       ${summary(run.packet)}`, `packet out      ${summaryOf(run)}`, `verdict         ${verdict}`];
}

export function summaryOf({ packet: { linkType }, answer: { bytes } }: Run): string {
  return summary({ linkType, bytes });
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(4, "0")}`;
}
