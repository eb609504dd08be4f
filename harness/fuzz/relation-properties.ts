import type { InvariantName } from "../model/invariant.js";
import { isDropped, verdictName } from "../model/hook.js";
import type { Packet } from "../model/packet.js";
import { buildPacket } from "../packet/build.js";
import { layer, layersOf } from "../packet/layer.js";
import type { LayerSpec } from "../model/scenario.js";
import type { ParsedPacket } from "../packet/protocol.js";
import type { RelationProperty, Run, Variant } from "./property.js";

/** Ethernet fills frames up to this (IEEE 802.3, 4A.2.3.2.4), without the checksum; longer ones may have a trailer. */
const shortestFrame = 60;
const trailerBytes = 18;
const paddings = { base: 0x00, other: 0xa5 };

export const paddingIgnored: RelationProperty = {
  kind: "relation",
  name: "padding-ignored",
  byDefault: true,
  variants({ packet, before }) {
    const end = contentEnd(before);
    if (end === undefined) return undefined;
    const padded = (fill: number): Packet => {
      const bytes = new Uint8Array(end < shortestFrame ? shortestFrame : end + trailerBytes).fill(fill);
      bytes.set(packet.bytes.subarray(0, end));
      return { linkType: packet.linkType, bytes };
    };
    const others = [{ packet: padded(paddings.other), change: `with 0x${paddings.other.toString(16)} as padding` }];
    const bare = { packet: { ...packet, bytes: packet.bytes.slice(0, end) }, change: "without padding" };
    return { base: padded(paddings.base), others: end < shortestFrame ? [...others, bare] : others };
  },
  compare(base, other) {
    const differs = compareVerdict(base, other);
    if (differs || isGone(base)) return differs;
    const [a, b] = [base.answer.bytes, other.answer.bytes];
    // What was put around the packet may well sum up all of it.
    if (a.length !== base.packet.bytes.length || a.length !== other.packet.bytes.length) return undefined;
    if (a.length !== b.length) return { what: "length", expected: `${a.length} bytes`, actual: `${b.length} bytes` };
    for (let i = 0; i < a.length; i++) {
      if (a[i] === b[i] || (a[i] === paddings.base && b[i] === paddings.other)) continue;
      return { what: fieldAt(base.after, i), expected: byteText(a[i]!), actual: byteText(b[i]!) };
    }
    return undefined;
  },
};

export const laterFragmentsAlike: RelationProperty = {
  kind: "relation",
  name: "later-fragments-alike",
  byDefault: true,
  variants({ packet, before }) {
    const start = laterFragmentData(before);
    if (start === undefined || start + 4 > packet.bytes.length) return undefined;
    const filled = (fill: number): Variant => {
      const bytes = packet.bytes.slice();
      bytes.fill(fill, start);
      return {
        packet: { ...packet, bytes },
        change: `with 0x${fill.toString(16).padStart(2, "0")} as the fragment's data`,
      };
    };
    return { base: packet, others: [filled(0), filled(0xff)] };
  },
  compare(base, other) {
    const differs = compareVerdict(base, other);
    if (differs || isGone(base)) return differs;
    const start = laterFragmentData(base.before)!;
    const [a, b] = [base.answer.bytes, other.answer.bytes];
    if (a.length !== base.packet.bytes.length || a.length !== b.length) return undefined;
    for (let i = 0; i < a.length; i++) {
      const kept = i >= start && a[i] === base.packet.bytes[i] && b[i] === other.packet.bytes[i];
      if (a[i] !== b[i] && !kept)
        return { what: fieldAt(base.after, i), expected: byteText(a[i]!), actual: byteText(b[i]!) };
    }
    return undefined;
  },
};

/** Asked for: the packet with something put in that does not concern the program. */
export const vlanTransparent = withLayer({
  name: "vlan-transparent",
  change: "with a VLAN tag",
  edit: (layers) =>
    layers[0]?.protocol === "eth" ? [withoutType(layers[0]), layer("vlan", 5), ...layers.slice(1)] : undefined,
});

export const optionsTransparent = withLayer({
  name: "options-transparent",
  change: "with four NOPs as IPv4 options",
  edit: (layers) =>
    replaceFirst(layers, "ipv4", (spec) => {
      const { ihl: _ihl, length: _length, checksum: _checksum, ...fields } = spec.fields;
      const { options } = layer("ipv4", { options: ["nop", "nop", "nop", "nop"] }).fields;
      return [{ ...spec, fields: { ...fields, options: options! } }];
    }),
});

export const extensionsTransparent = withLayer({
  name: "extensions-transparent",
  change: "with an empty hop-by-hop options header",
  edit: (layers) =>
    replaceFirst(layers, "ipv6", (spec) => {
      const { next, length: _length, ...fields } = spec.fields;
      const extension = layer("ipv6-hopopts");
      // The protocol that followed now follows the extension header.
      const after = next ? { ...extension, fields: { ...extension.fields, next } } : extension;
      return [{ ...spec, fields }, after];
    }),
});

export const repeatable: RelationProperty = {
  kind: "relation",
  name: "stateless",
  byDefault: false,
  // `Laboratory` runs it behind the packet itself.
  variants: ({ packet }) => ({ base: packet, others: [{ packet, change: "the second time" }] }),
  compare(base, other) {
    const differs = compareVerdict(base, other);
    if (differs || isGone(base)) return differs;
    const [a, b] = [base.answer.bytes, other.answer.bytes];
    const at = a.findIndex((byte, i) => byte !== b[i]);
    if (at < 0 && a.length === b.length) return undefined;
    if (at < 0) return { what: "length", expected: `${a.length} bytes`, actual: `${b.length} bytes` };
    return { what: fieldAt(base.after, at), expected: byteText(a[at]!), actual: byteText(b[at] ?? 0) };
  },
};

interface LayerChange {
  readonly name: InvariantName;
  readonly change: string;
  readonly edit: (layers: readonly LayerSpec[]) => readonly LayerSpec[] | undefined;
}

function withLayer({ name, change, edit }: LayerChange): RelationProperty {
  return {
    kind: "relation",
    name,
    byDefault: false,
    variants({ packet, before }) {
      if (contentEnd(before) === undefined) return undefined;
      const layers = edit(layersOf(before).filter(({ protocol }) => protocol !== "padding"));
      if (!layers) return undefined;
      const settled = layers.map(withoutLengths);
      return { base: packet, others: [{ packet: buildPacket(settled), change }] };
    },
    compare: compareVerdict,
  };
}

/** Lengths and checksums follow from the changed stack. */
function withoutLengths(spec: LayerSpec): LayerSpec {
  const { length: _length, checksum: _checksum, ...fields } = spec.fields;
  return ["ipv4", "ipv6", "udp", "tcp", "icmp", "icmpv6"].includes(spec.protocol) ? { ...spec, fields } : spec;
}

function withoutType(spec: LayerSpec): LayerSpec {
  const { type: _type, ...fields } = spec.fields;
  return { ...spec, fields };
}

function replaceFirst(
  layers: readonly LayerSpec[],
  protocol: string,
  change: (spec: LayerSpec) => readonly LayerSpec[],
): readonly LayerSpec[] | undefined {
  const index = layers.findIndex((spec) => spec.protocol === protocol);
  return index < 0 ? undefined : [...layers.slice(0, index), ...change(layers[index]!), ...layers.slice(index + 1)];
}

/** Where a well-formed datagram ends by its own headers; undefined for what has none, or is cut off. */
function contentEnd({ layers }: ParsedPacket): number | undefined {
  const inner = layers.find(({ protocol }) => protocol === "ipv4" || protocol === "ipv6" || protocol === "arp");
  if (!inner || layers.some(({ truncated, headerTruncated }) => truncated || headerTruncated)) return undefined;
  const end = inner.protocol === "arp" ? inner.offsetBytes + inner.headerBytes : inner.endBytes;
  // A length that is shorter than its own header says nothing.
  return end >= inner.offsetBytes + inner.headerBytes ? end : undefined;
}

function laterFragmentData({ layers }: ParsedPacket): number | undefined {
  for (const { protocol, values, offsetBytes, headerBytes, headerTruncated } of layers) {
    if (headerTruncated) return undefined;
    if (protocol === "ipv4" && Number(values["frag_offset"]) > 0) return offsetBytes + headerBytes;
    if (protocol === "ipv6-frag" && Number(values["offset"]) > 0) return offsetBytes + headerBytes;
    if (!["eth", "vlan", "qinq", "ipv6"].includes(protocol)) return undefined;
  }
  return undefined;
}

function isGone({ programType, answer }: Run): boolean {
  return answer.fault !== undefined || isDropped(programType, answer.returned);
}

function compareVerdict(base: Run, other: Run) {
  const [expected, actual] = [verdictOf(base), verdictOf(other)];
  return expected === actual ? undefined : { what: "verdict", expected, actual };
}

export function verdictOf({ programType, answer }: Run): string {
  return answer.fault ? "a fault" : verdictName(programType, answer.returned);
}

/** `udp.checksum`, or the byte's offset. */
export function fieldAt({ layers }: ParsedPacket, offset: number): string {
  for (const { protocol, fields } of layers)
    for (const { def, offsetBits, sizeBits } of fields)
      if (offset * 8 + 7 >= offsetBits && offset * 8 < offsetBits + sizeBits) return `${protocol}.${def.name}`;
  return `byte ${offset}`;
}

function byteText(byte: number): string {
  return `0x${byte.toString(16).padStart(2, "0")}`;
}
