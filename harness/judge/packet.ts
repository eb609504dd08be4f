import type { Packet, Pattern } from "../model/packet.js";
import type { LayerPattern, PacketExpectation } from "../model/scenario.js";
import type { Span } from "../model/span.js";
import { toHex } from "../model/hex.js";
import { checkLengths, checkSums, type ChecksumFinding } from "../packet/checksum.js";
import { diffPackets, layerName, type FieldDifference } from "../packet/diff.js";
import { parsePacket } from "../packet/parse.js";
import { formatPattern, matchPattern } from "../packet/pattern.js";
import { summary } from "../packet/print.js";
import type { ParsedField, ParsedPacket } from "../packet/protocol.js";
import { findField, findProtocol } from "../packet/protocols.js";
import { toScapy } from "../packet/text.js";
import { describeFieldValue, formatFieldValue } from "../packet/field-value.js";
import { alignLayers } from "../packet/align.js";
import { finding, mendable, type Finding } from "./finding.js";

/** Ends a list of layers after which nothing may follow. */
const END = "$";

/** What of `actual` is not as the expectation says, given the packet that was sent. */
export function judgePacket(sent: Packet, actual: Packet, expectation: PacketExpectation): Finding[] {
  const before = parsePacket(sent);
  const after = parsePacket(actual);
  const origin = alignLayers(namesOf(before), namesOf(after));
  const { claims, problems } = claimLayers(expectation, before, after, origin);
  const findings = problems.length > 0 ? problems : claims.flatMap((claim) => judgeClaim(claim, after));
  if (expectation.unchanged !== "any" && problems.length === 0) {
    findings.push(...judgeUnchanged({ before, after, origin, claims, expectation }));
  }
  if (findings.length === 0) return findings;
  const details = [
    `sent packet     ${summary(sent)}`,
    `actual packet   ${summary(actual)}`,
    `actual hex      ${toHex(actual.bytes)}`,
    `actual scapy    ${toScapy(actual)}`,
  ];
  // Once, behind the last finding: the packets are the same for all of them.
  return findings.map((f, i) => (i === findings.length - 1 ? { ...f, details: [...f.details, ...details] } : f));
}

/**
 * True where the packet is what the expectation describes, whatever it was sent as. Checksums of a packet that was not
 * sent by the step have to be right, unless one is named.
 */
export function fitsPacket(sent: Packet | undefined, actual: Packet, expectation: PacketExpectation): boolean {
  if (sent) return judgePacket(sent, actual, expectation).length === 0;
  if (judgePacket(actual, actual, { ...expectation, unchanged: "any" }).length > 0) return false;
  const named = expectation.layers.flatMap(({ fields }) => Object.keys(fields));
  return wrongSums(actual).every(({ field }) => named.includes(field));
}

/** Checksums that no sender would have put there. */
export function wrongSums(packet: Packet): readonly ChecksumFinding[] {
  return checkSums(parsePacket(packet)).filter(({ ok }) => !ok);
}

/** Which sent layer each layer of the actual packet was; undefined for new ones (alignLayers). */
type Origin = readonly (number | undefined)[];

/** A layer of the actual packet that the scenario speaks about. */
interface Claim {
  readonly layer: number;
  readonly pattern: LayerPattern;
}

function claimLayers(
  expectation: PacketExpectation,
  before: ParsedPacket,
  after: ParsedPacket,
  origin: Origin,
): { claims: Claim[]; problems: Finding[] } {
  const patterns = expectation.layers.filter((layer) => layer.protocol !== END);
  const names = namesOf(after);
  if (expectation.form === "sequence") {
    const wanted = patterns.map((layer) => layer.protocol);
    const closed = patterns.length < expectation.layers.length;
    const fits = wanted.every((name, i) => names[i] === name) && (!closed || names.length === wanted.length);
    if (!fits) return { claims: [], problems: [layersFinding(wanted, names, expectation.span)] };
    const whole = closed || expectation.unchanged === "any" ? names : withTail(wanted, namesOf(before), names, origin);
    if (whole.join() !== names.join()) {
      const details = ["what follows the list has to be as sent, or listed"];
      return { claims: [], problems: [{ ...layersFinding(whole, names, expectation.span), details }] };
    }
    return { claims: patterns.map((pattern, layer) => ({ layer, pattern })), problems: [] };
  }
  if (expectation.unchanged !== "any" && namesOf(before).join() !== names.join()) {
    return { claims: [], problems: [layersFinding(namesOf(before), names, expectation.span)] };
  }
  const claims: Claim[] = [];
  const problems: Finding[] = [];
  const used = new Set<number>();
  for (const pattern of patterns) {
    const layer = names.findIndex((name, i) => name === pattern.protocol && !used.has(i));
    if (layer < 0) {
      problems.push(
        finding(pattern.protocol, `a ${pattern.protocol} layer`, `layers ${names.join(" / ")}`, pattern.span),
      );
      continue;
    }
    used.add(layer);
    claims.push({ layer, pattern });
  }
  return { claims, problems };
}

/**
 * All layers that a list leaves: behind those listed come the sent ones, none lost and none new. Sent layers at the
 * end may have been replaced (ICMP by ICMPv6), by as many listed layers that were not sent.
 */
function withTail(
  wanted: readonly string[],
  sent: readonly string[],
  names: readonly string[],
  origin: Origin,
): string[] {
  const behind = names.slice(wanted.length).filter((_, i) => origin[wanted.length + i] !== undefined);
  const last = origin.findLastIndex((source) => source !== undefined);
  const lost = sent.slice((origin[last] ?? -1) + 1);
  const replaced = Math.max(0, wanted.length - last - 1);
  return [...wanted, ...behind, ...lost.slice(replaced)];
}

function layersFinding(expected: readonly string[], actual: readonly string[], span: Span): Finding {
  return finding("layers", expected.join(" / "), actual.join(" / "), span);
}

function judgeClaim(claim: Claim, after: ParsedPacket): Finding[] {
  const layer = after.layers[claim.layer]!;
  const findings: Finding[] = [];
  for (const [name, { value: pattern, span }] of Object.entries(claim.pattern.fields)) {
    const field = layer.fields.find((f) => f.def.name === name);
    if (field && matchPattern(pattern, field.value)) continue;
    const found = finding(
      fieldName(after, claim.layer, name),
      expectedText(field, pattern),
      field ? describeFieldValue(field.def, field.value) : "absent",
      span,
      field ? [offsetLine(Math.floor(field.offsetBits / 8))] : [],
    );
    const isList = field === undefined || field.def.kind === "list";
    findings.push(isList ? found : mendable(found, pattern, formatFieldValue(field.def, field.value)));
  }
  return findings;
}

/** A literal with its number behind it, as the actual value is shown. */
function expectedText(field: ParsedField | undefined, pattern: Pattern): string {
  return field && pattern.kind === "equals"
    ? describeFieldValue(field.def, pattern.value)
    : formatPattern(field?.def, pattern);
}

interface Comparison {
  readonly before: ParsedPacket;
  readonly after: ParsedPacket;
  readonly origin: Origin;
  readonly claims: readonly Claim[];
  readonly expectation: PacketExpectation;
}

/**
 * Everything that is not listed: as sent, byte for byte. Fields that follow from others (lengths,
 * checksums, next protocols) may differ from the sent packet where something was said to change, but
 * then they have to be right by an oracle of our own.
 */
function judgeUnchanged(comparison: Comparison): Finding[] {
  const { before, after, expectation } = comparison;
  const mayFollow = expectation.unchanged === "rest" && expectation.layers.length > 0;
  const findings = diffPackets(before, after)
    .filter((difference) => !isSpokenOf(difference, comparison) && !(mayFollow && follows(difference, comparison)))
    .map(({ what, expected, actual, offsetBytes }) =>
      finding(what, `${expected} as sent`, actual, expectation.span, [offsetLine(offsetBytes)]),
    );
  return mayFollow ? [...findings, ...judgeDerived(comparison)] : findings;
}

/** Whether the scenario lists the field; whole layers have been held against its list by claimLayers. */
function isSpokenOf({ kind, layer, field, side }: FieldDifference, { claims }: Comparison): boolean {
  if (kind === "layer") return true;
  const claim = claims.find((c) => c.layer === layer);
  return side === "actual" && field !== undefined && claim !== undefined && field in claim.pattern.fields;
}

/** Whether the field may differ unsaid: an oracle judges it (judgeDerived), or what it is computed from is another. */
function follows({ layer, protocol, field }: FieldDifference, comparison: Comparison): boolean {
  const { before, after, origin, claims } = comparison;
  const definition = findProtocol(protocol);
  const automatic = definition && field !== undefined ? findField(definition, field)?.automatic : undefined;
  if (automatic === undefined || automatic === "length" || automatic === "checksum") return automatic !== undefined;
  const source = origin[layer];
  if (automatic === "next" && source !== undefined)
    return before.layers[source + 1]?.protocol !== after.layers[layer + 1]?.protocol;
  return claims.some((claim) => claim.layer === layer && Object.keys(claim.pattern.fields).length > 0);
}

/** Lengths and checksums that were right in the sent packet have to be right in the actual one. */
function judgeDerived({ before, after, origin, claims, expectation }: Comparison): Finding[] {
  const listed = (layer: number, name: string): boolean =>
    claims.some((claim) => claim.layer === layer && name in claim.pattern.fields);
  const findings: Finding[] = [];
  const wrongBefore = new Set(
    [...checkSums(before), ...checkLengths(before)].filter((f) => !f.ok).map((f) => `${f.layer} ${f.field}`),
  );
  const deliberate = (layer: number, field: string): boolean => {
    const source = origin[layer];
    return source !== undefined && wrongBefore.has(`${source} ${field}`);
  };
  for (const length of checkLengths(after)) {
    if (length.ok || listed(length.layer, length.field) || deliberate(length.layer, length.field)) continue;
    const name = fieldName(after, length.layer, length.field);
    findings.push(finding(name, String(length.expected), String(length.actual), expectation.span));
  }
  const summed = new Set(
    checkSums(before)
      .filter(({ applies, actual }) => applies && actual !== 0)
      .map((f) => `${f.layer} ${f.field}`),
  );
  for (const sum of checkSums(after, { before })) {
    // UDP may go without, so zero is not wrong; but a packet that was sent with a checksum does not lose it unsaid.
    const removed = sum.actual === 0 && !sum.applies && summed.has(`${origin[sum.layer]} ${sum.field}`);
    if (removed && !listed(sum.layer, sum.field)) {
      const name = fieldName(after, sum.layer, sum.field);
      const mend = `where it is meant to be removed: ${sum.field}: 0`;
      findings.push(finding(name, "a checksum, as sent", "0x0000: none", expectation.span, [mend]));
    }
    if (sum.ok || listed(sum.layer, sum.field) || deliberate(sum.layer, sum.field)) continue;
    findings.push(
      finding(fieldName(after, sum.layer, sum.field), hex16(sum.expected), hex16(sum.actual), expectation.span, [
        offsetLine(sum.offsetBytes),
        ...(sum.explanation ? [sum.explanation] : []),
      ]),
    );
  }
  return findings;
}

function namesOf(packet: ParsedPacket): string[] {
  return packet.layers.map((layer) => layer.protocol);
}

function fieldName(packet: ParsedPacket, layer: number, field: string): string {
  return `${layerName(packet, layer)}.${field}`;
}

function offsetLine(offsetBytes: number): string {
  return `at byte ${offsetBytes} (0x${offsetBytes.toString(16)})`;
}

function hex16(value: number): string {
  return `0x${value.toString(16).padStart(4, "0")}`;
}
