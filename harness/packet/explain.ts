import { type Coverage, sumOf } from "./coverage.js";
import { describeFieldValue, formatFieldValue } from "./field-value.js";
import { ipProtocols } from "./numbers.js";
import type { LayerContext, ParsedField, ParsedLayer, ParsedPacket } from "./protocol.js";
import { type PseudoHeader, pseudoHeaderBytes } from "./pseudo-header.js";
import { incrementalUpdate, internetChecksum, onesComplementSum } from "./sum.js";

/** One mistake that programs make, and the checksum that it gives. */
interface Cause {
  readonly sum: number;
  readonly sentence: string;
}

/**
 * One sentence: which single mistake gives exactly the wrong sum that is there, most likely one first;
 * undefined where none does. `before` is the packet that the program was given, where it is known.
 */
export function explainChecksum(
  context: LayerContext,
  field: ParsedField,
  coverage: Coverage,
  before: ParsedPacket | undefined,
): string | undefined {
  const actual = Number(field.value);
  for (const cause of causes(context, field, coverage, before)) {
    if (cause.sum === actual) return cause.sentence;
  }
  return actual === 0 ? "it is zero: it was never computed" : undefined;
}

function* causes(
  context: LayerContext,
  field: ParsedField,
  coverage: Coverage,
  before: ParsedPacket | undefined,
): Generator<Cause> {
  const right = sumOf(coverage);
  yield* causesInHistory(context, field, right, before);
  yield { sum: ~right & 0xffff, sentence: "it is the right sum, but not inverted (RFC 1071: store the complement)" };
  yield {
    sum: swap(right),
    sentence: "it is the right sum with its two bytes swapped (htons missing, or one too many)",
  };
  if (coverage.pseudo) yield* causesInPseudoHeader(context, coverage.bytes, coverage.pseudo);
  yield* causesInCoverage(context, field, coverage);
  yield* causesInArithmetic(right);
  yield* causesInStaleFields(context, right);
}

function swap(sum: number): number {
  return ((sum & 0xff) << 8) | (sum >> 8);
}

function withPseudo(bytes: Uint8Array, pseudo: PseudoHeader): number {
  return internetChecksum(bytes, onesComplementSum(pseudoHeaderBytes(pseudo)));
}

function* causesInPseudoHeader(
  { layers, layer, index }: LayerContext,
  bytes: Uint8Array,
  pseudo: PseudoHeader,
): Generator<Cause> {
  const partial = onesComplementSum(pseudoHeaderBytes(pseudo));
  yield {
    sum: partial,
    sentence: "it is only the sum of the pseudo-header: CHECKSUM_PARTIAL, left for the network card to complete",
  };
  yield { sum: internetChecksum(bytes), sentence: "the pseudo-header is missing from it" };
  const variant = (change: Partial<PseudoHeader>, sentence: string): Cause => ({
    sum: withPseudo(bytes, { ...pseudo, ...change }),
    sentence: `the pseudo-header in it has ${sentence}`,
  });
  const network = layers[pseudo.network]!;
  yield* wrongLengths(layers, index, pseudo).map(([lengthBytes, name]) =>
    variant({ lengthBytes }, `a length of ${lengthBytes} (${name}) instead of ${pseudo.lengthBytes}`),
  );
  yield* wrongProtocols(network, pseudo).map(([protocol, name]) =>
    variant({ protocol }, `protocol ${protocol} (${name}) instead of ${pseudo.protocol}`),
  );
  const { source, destination } = pseudo;
  yield variant({ source: reversed(source), destination: reversed(destination) }, "both addresses in host byte order");
  yield variant({ source: reversed(source) }, "the source address in host byte order");
  yield variant({ destination: reversed(destination) }, "the destination address in host byte order");
  yield variant({ source: new Uint8Array() }, "no source address");
  yield variant({ destination: new Uint8Array() }, "no destination address");
  yield variant({ source: destination }, "the destination address twice and the source address not at all");
  yield variant({ destination: source }, "the source address twice and the destination address not at all");
  const nextHop = network.values["dst"];
  if (nextHop instanceof Uint8Array) {
    yield variant(
      { destination: nextHop },
      "the IPv6 header's destination instead of the routing header's last address (RFC 8200 §8.1)",
    );
  }
  for (const [i, other] of layers.entries()) {
    const { src, dst } = other.values;
    if (i === pseudo.network || !(src instanceof Uint8Array) || !(dst instanceof Uint8Array) || src.length < 4)
      continue;
    if (other.protocol !== "ipv4" && other.protocol !== "ipv6") continue;
    const where = i < pseudo.network ? "outer" : "inner";
    yield variant({ source: src, destination: dst }, `the addresses of the ${where} ${other.protocol} header`);
  }
  yield {
    sum: withPseudo(bytes.subarray(0, layer.headerBytes), pseudo),
    sentence: "it covers the header only, not the payload",
  };
}

/** Lengths that are mistaken for the segment's. */
function wrongLengths(
  layers: readonly ParsedLayer[],
  index: number,
  pseudo: PseudoHeader,
): readonly (readonly [number, string])[] {
  const layer = layers[index]!;
  const network = layers[pseudo.network]!;
  const right = pseudo.lengthBytes;
  const candidates: readonly (readonly [number, string])[] = [
    [network.endBytes - network.offsetBytes, `that of the whole ${network.protocol} packet`],
    [network.endBytes - network.offsetBytes - 40, "IPv6's payload length, extension headers included"],
    [right - layer.headerBytes, "that of the payload without its header"],
    [right + layer.headerBytes, "the header counted twice"],
    [layer.headerBytes, "that of the header alone"],
    [layers[0]!.endBytes, "that of the whole frame"],
    [0, "none at all"],
    [swap(right & 0xffff), "the right one in host byte order"],
  ];
  return candidates.filter(([length]) => length !== right && length >= 0);
}

function wrongProtocols(network: ParsedLayer, pseudo: PseudoHeader): readonly (readonly [number, string])[] {
  const announced = Number(network.values["next"] ?? network.values["protocol"]);
  const names = Object.entries(ipProtocols);
  const nameOf = (number: number): string => names.find(([, value]) => value === number)?.[0] ?? "unknown";
  const candidates = [announced, ...["tcp", "udp", "icmp", "icmpv6"].map((name) => ipProtocols[name]!)];
  const others = [...new Set(candidates)].filter((number) => number !== pseudo.protocol);
  return [
    ...others.map((number) => [number, nameOf(number)] as const),
    [0, "none at all"],
    [pseudo.protocol << 8, "byte-swapped"],
  ];
}

/** In 32-bit words, as ntohl() would. */
function reversed(address: Uint8Array): Uint8Array {
  return address.map((_, i) => address[(i & ~3) + 3 - (i & 3)]!);
}

function* causesInCoverage(
  { bytes, layers, layer }: LayerContext,
  field: ParsedField,
  coverage: Coverage,
): Generator<Cause> {
  const { pseudo } = coverage;
  const sum = (covered: Uint8Array): number => sumOf({ bytes: covered, pseudo });
  const odd = coverage.bytes.length % 2 === 1;
  if (odd) {
    const last = coverage.bytes.at(-1)!;
    const misplaced = coverage.bytes.slice(0, -1);
    yield {
      sum: ~onesComplementSum(Uint8Array.of(0, last), ~sum(misplaced) & 0xffff) & 0xffff,
      sentence: "the odd last byte is in the low half of its word instead of the high half",
    };
    yield { sum: sum(misplaced), sentence: "the odd last byte is missing from it" };
  }
  if (field.def.checksum!.covers === "header") {
    if (layer.headerBytes > 20)
      yield { sum: sum(coverage.bytes.subarray(0, 20)), sentence: "the header's options are missing from it" };
    yield {
      sum: sum(withoutField(bytes.slice(layer.offsetBytes, layer.endBytes), layer, field)),
      sentence: "it covers the payload, too",
    };
  } else if (!pseudo) {
    yield {
      sum: sum(coverage.bytes.subarray(0, layer.headerBytes)),
      sentence: "it covers the header only, not the payload",
    };
    yield {
      sum: sum(coverage.bytes.subarray(layer.headerBytes)),
      sentence: "it covers the payload only, not the header",
    };
  }
  const frame = layers[0]!.endBytes;
  if (frame > layer.endBytes) {
    const padded = withoutField(bytes.slice(layer.offsetBytes, frame), layer, field);
    yield { sum: sum(padded), sentence: "the bytes behind the packet's end (padding) are in it" };
  }
}

function withoutField(covered: Uint8Array, layer: ParsedLayer, field: ParsedField): Uint8Array {
  const at = field.offsetBits / 8 - layer.offsetBytes;
  return covered.fill(0, at, at + 2);
}

function* causesInArithmetic(right: number): Generator<Cause> {
  const carry = "an end-around carry was lost (RFC 1071: add the carries back in)";
  yield { sum: incrementalUpdate(right, 1, 0), sentence: `it is off by one: ${carry}` };
  yield { sum: incrementalUpdate(right, 0, 1), sentence: "it is off by one: a carry was added twice" };
}

/** Single bytes that routers and marking change; wider fields could explain any sum at all. */
function* causesInStaleFields({ bytes, layer }: LayerContext, right: number): Generator<Cause> {
  for (const field of layer.fields) {
    if (field.def.name !== "ttl") continue;
    const at = field.offsetBits >> 3;
    const word = at & ~1;
    const now = (bytes[word]! << 8) | bytes[word + 1]!;
    for (let ttl = 0; ttl < 256; ttl++) {
      const then = at === word ? (ttl << 8) | (now & 0xff) : (now & 0xff00) | ttl;
      if (then === now) continue;
      const sentence = `it is right for a ttl of ${ttl}, and the header says ${Number(field.value)}`;
      yield { sum: incrementalUpdate(right, now, then), sentence };
    }
  }
}

/** With the packet from before: the old sum, or one that missed exactly one of the fields that changed. */
function* causesInHistory(
  context: LayerContext,
  field: ParsedField,
  right: number,
  before: ParsedPacket | undefined,
): Generator<Cause> {
  const { layer, layers } = context;
  const nth = layers.slice(0, context.index).filter((other) => other.protocol === layer.protocol).length;
  const old = before?.layers.filter((other) => other.protocol === layer.protocol)[nth];
  if (before === undefined || old === undefined) return;
  const unchanged = old.values[field.def.name];
  for (const change of changedFields(context, field, before, old)) {
    const { now, then, name } = change;
    const sum = changedWords(now, then).reduce((value, [from, to]) => incrementalUpdate(value, from, to), right);
    const text = (one: ParsedField): string => formatFieldValue(one.def, one.value);
    yield { sum, sentence: `it was not updated for ${name}, which changed from ${text(then)} to ${text(now)}` };
  }
  if (typeof unchanged === "number") {
    yield {
      sum: unchanged,
      sentence: `it is still that of the packet before (${describeFieldValue(field.def, unchanged)})`,
    };
  }
}

interface Change {
  readonly name: string;
  readonly now: ParsedField;
  readonly then: ParsedField;
}

/** Fixed fields of the layer, and the addresses in its pseudo-header, that differ from before. */
function changedFields(
  context: LayerContext,
  field: ParsedField,
  before: ParsedPacket,
  old: ParsedLayer,
): readonly Change[] {
  const { layer, layers, index } = context;
  const own = pairFields(layer, old, (def) => def.name !== field.def.name);
  if (field.def.checksum!.pseudoProtocol === undefined) return own;
  const network = layers.slice(0, index).findLast((one) => one.protocol === "ipv4" || one.protocol === "ipv6");
  const oldIndex = before.layers.indexOf(old);
  const oldNetwork = before.layers.slice(0, oldIndex).findLast((one) => one.protocol === network?.protocol);
  if (network === undefined || oldNetwork === undefined) return own;
  return [...own, ...pairFields(network, oldNetwork, (def) => def.name === "src" || def.name === "dst")];
}

function pairFields(
  layer: ParsedLayer,
  old: ParsedLayer,
  wanted: (def: ParsedField["def"]) => boolean,
): readonly Change[] {
  return layer.fields.flatMap((now) => {
    const then = old.fields.find((one) => one.def === now.def);
    if (then === undefined || !wanted(now.def) || now.sizeBits !== then.sizeBits) return [];
    const changed = formatFieldValue(now.def, now.value) !== formatFieldValue(then.def, then.value);
    return changed ? [{ name: `${layer.protocol}.${now.def.name}`, now, then }] : [];
  });
}

/** The 16-bit words that a field makes up, after and before; a narrow field counts with its place in the word. */
function changedWords(now: ParsedField, then: ParsedField): readonly (readonly [number, number])[] {
  if (now.value instanceof Uint8Array && then.value instanceof Uint8Array) {
    const [after, earlier] = [now.value, then.value];
    const word = (bytes: Uint8Array, i: number): number => (bytes[i]! << 8) | (bytes[i + 1] ?? 0);
    return Array.from({ length: Math.ceil(after.length / 2) }, (_, i) => [word(after, 2 * i), word(earlier, 2 * i)]);
  }
  if (Array.isArray(now.value) || now.sizeBits > 32) return [];
  const shift = (16 - ((now.offsetBits + now.sizeBits) & 15)) & 15;
  const words = (value: number): readonly [number, number] => [Math.floor(value / 0x10000), (value % 0x10000) << shift];
  const [high, low] = words(Number(now.value));
  const [oldHigh, oldLow] = words(Number(then.value));
  return [
    [high, oldHigh],
    [low & 0xffff, oldLow & 0xffff],
  ];
}
