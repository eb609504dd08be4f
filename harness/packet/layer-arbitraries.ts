import fc from "fast-check";
import type { FieldValue } from "../model/packet.js";
import type { LayerSpec } from "../model/scenario.js";
import { zeroOf } from "./header.js";
import { nowhere } from "./layer.js";
import type { FieldDef, ListCodec, OptionDef, Protocol, Values } from "./protocol.js";
import { findProtocol } from "./protocols.js";

/** Values of one layer; absent fields keep their defaults. */
export type FieldArbitraries = Readonly<Record<string, fc.Arbitrary<FieldValue>>>;

const wellKnownPorts = [53, 4789, 6080, 6081];
const mostIpOptionBytes = 40;

/** Fields that change how what follows is read; stacks that vary these say so. */
const steering = new Set([
  "version",
  "frag_offset",
  "offset",
  "more",
  "control",
  "ack",
  "hardware_length",
  "protocol_length",
]);

/**
 * A layer of a protocol with any values of its plain fields, straight from the field table. Lengths,
 * checksums and whatever decides how the content is read are left automatic.
 */
export function layerArbitrary(name: string, given: FieldArbitraries = {}): fc.Arbitrary<LayerSpec> {
  const protocol = findProtocol(name)!;
  const special = specials[name] ?? {};
  const fields: Record<string, fc.Arbitrary<FieldValue>> = {};
  for (const def of protocol.fields) {
    const arbitrary = special[def.name] ?? (isFree(def) ? valueArbitrary(def) : undefined);
    if (arbitrary) fields[def.name] = arbitrary;
  }
  const required = [...Object.keys(given), ...(requiredFields[name] ?? [])];
  return fc
    .record({ ...fields, ...given }, { requiredKeys: required })
    .map((values) => specOf(protocol, presentOnly(protocol, values as Values)));
}

function isFree(def: FieldDef): boolean {
  return def.automatic === undefined && !steering.has(def.name);
}

/** Leaves out what this variant of the header does not have (an `mtu` in an echo request). */
function presentOnly(protocol: Protocol, given: Values): Values {
  const kept: Record<string, FieldValue> = {};
  const around = { next: undefined };
  for (const def of protocol.fields) {
    if (def.present && !def.present(kept)) continue;
    const fallback = typeof def.default === "function" ? def.default(given, around) : (def.default ?? zeroOf(def));
    kept[def.name] = given[def.name] ?? fallback;
  }
  return Object.fromEntries(Object.entries(given).filter(([name]) => kept[name] !== undefined));
}

function specOf(protocol: Protocol, values: Values): LayerSpec {
  const located = Object.entries(values).map(([name, value]) => [name, { value, span: nowhere }] as const);
  return { protocol: protocol.name, fields: Object.fromEntries(located), span: nowhere };
}

/** Any value that a field can hold. */
export function valueArbitrary(def: FieldDef): fc.Arbitrary<FieldValue> {
  if (def.kind === "list") return listArbitrary(def.codec!);
  if (def.kind === "uint" || def.kind === "flags") {
    const any = fc.bigInt(0n, 2n ** BigInt(def.sizeBits) - 1n);
    return def.sizeBits > 53 ? any : any.map(Number);
  }
  const sizeBytes = def.sizeBits / 8;
  return def.sizeBits > 0 ? bytesArbitrary(sizeBytes, sizeBytes) : bytesArbitrary(0, 16);
}

/** Bytes, at most so many. */
export function bytesArbitrary(minLength: number, maxLength: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength, maxLength });
}

/** Bytes in multiples of a unit. */
function unitsArbitrary(unitBytes: number, mostUnits: number): fc.Arbitrary<Uint8Array> {
  return fc.nat(mostUnits).chain((units) => bytesArbitrary(units * unitBytes, units * unitBytes));
}

function listArbitrary(codec: ListCodec): fc.Arbitrary<FieldValue> {
  const { shape } = codec;
  if (shape.kind === "addresses") return fc.array(valueArbitrary(shape.address), { maxLength: 3 });
  if (shape.kind === "structs") return fc.array(structArbitrary(shape.fields), { maxLength: 3 });
  const known = shape.options.filter((option) => !["eol", "pad1", "padn"].includes(option.name)).map(optionArbitrary);
  const unit = shape.options.some((option) => option.name === "nonce") ? 8 : 1;
  const unknown = fc.record({
    [shape.codeName]: fc.constantFrom(253, 254),
    data: unit === 8 ? fc.constantFrom(new Uint8Array(6), new Uint8Array(14).fill(7)) : bytesArbitrary(0, 8),
  });
  return fc.array(fc.oneof(...known, unknown), { maxLength: 4 }).map((items) => fitting(codec, items));
}

/** As many of the items as fit into an IPv4 or TCP header, as they will be read back. */
function fitting(codec: ListCodec, items: readonly FieldValue[]): FieldValue {
  let kept = items;
  while (codec.encode(kept, new Uint8Array()).length > mostIpOptionBytes) kept = kept.slice(0, -1);
  return codec.parse(kept, "options");
}

function optionArbitrary(option: OptionDef): fc.Arbitrary<FieldValue> {
  if (option.single) return fc.constant(option.name);
  if (option.fields.length === 0) return fc.constant({ [option.name]: true });
  const one = structArbitrary(option.fields);
  const value = option.repeated ? fc.array(one, { minLength: 1, maxLength: 3 }) : one;
  return value.map((fields) => ({ [option.name]: fields }));
}

function structArbitrary(fields: readonly FieldDef[]): fc.Arbitrary<FieldValue> {
  if (fields.length === 1) return valueArbitrary(fields[0]!);
  return fc.record(Object.fromEntries(fields.map((def) => [def.name, valueArbitrary(def)])));
}

const nameArbitrary = fc
  .array(fc.stringMatching(/^[a-z0-9-]{1,12}$/), { maxLength: 4 })
  .map((labels) => labels.join(".") || ".");

const questionArbitrary = fc.record({ name: nameArbitrary, type: fc.constantFrom(1, 28, 255), class: fc.constant(1) });

const recordArbitrary = fc
  .oneof(
    fc.tuple(fc.constant(1), bytesArbitrary(4, 4)),
    fc.tuple(fc.constant(28), bytesArbitrary(16, 16)),
    fc.tuple(fc.constantFrom(2, 5, 12), nameArbitrary),
    fc.tuple(fc.constant(16), fc.array(fc.stringMatching(/^[ -~]{0,20}$/), { minLength: 1, maxLength: 3 })),
    fc.tuple(fc.constant(99), bytesArbitrary(0, 20)),
  )
  .chain(([type, data]) =>
    fc.record({
      name: nameArbitrary,
      type: fc.constant(type),
      class: fc.constant(1),
      ttl: fc.nat(),
      data: fc.constant(data as FieldValue),
    }),
  );

const geneveOption = fc.record({
  class: fc.nat(0xffff),
  type: fc.nat(0xff),
  reserved: fc.constant(0),
  data: unitsArbitrary(4, 3),
});

/** Fields whose values are not just any bits of their width. */
const specials: Readonly<Record<string, FieldArbitraries>> = {
  // MF would make it a fragment.
  ipv4: { flags: fc.constantFrom(0, 2, 4) },
  udp: { sport: portArbitrary(), dport: portArbitrary() },
  icmp: { type: fc.constantFrom(0, 8, 9, 13, 14, 17) },
  icmpv6: { type: fc.constantFrom(128, 129, 131, 133, 134, 135, 136, 137, 143) },
  "ipv6-routing": {
    type: fc.constantFrom(0, 2, 4),
    addresses: fc.array(bytesArbitrary(16, 16), { minLength: 1, maxLength: 3 }),
    segments_left: fc.nat(1),
    tlvs: fc.constant(new Uint8Array()),
  },
  ah: { icv: unitsArbitrary(4, 4) },
  // Checksum, key and sequence number in every combination.
  gre: {
    flags: fc.subarray([0x1000, 0x0400, 0x0200]).map((bits) => bits.reduce((sum, bit) => sum | bit, 0)),
    key: fc.nat(),
    seq: fc.nat(),
  },
  geneve: { options: fc.array(geneveOption, { maxLength: 3 }) },
  gue: { optional: unitsArbitrary(4, 3) },
  dns: {
    questions: fc.array(questionArbitrary, { maxLength: 2 }),
    answers: fc.array(recordArbitrary, { maxLength: 3 }),
    authorities: fc.array(recordArbitrary, { maxLength: 2 }),
    additionals: fc.array(recordArbitrary, { maxLength: 2 }),
  },
  payload: { data: bytesArbitrary(1, 40) },
  padding: { data: bytesArbitrary(1, 20) },
};

const requiredFields: Readonly<Record<string, readonly string[]>> = {
  payload: ["data"],
  padding: ["data"],
  "ipv6-routing": ["addresses"],
  udp: ["dport"],
};

function portArbitrary(): fc.Arbitrary<number> {
  return fc.nat(0xffff).filter((port) => !wellKnownPorts.includes(port));
}
