import { harnessError } from "../model/error.js";
import type { Packet } from "../model/packet.js";
import type { LayerSpec } from "../model/scenario.js";
import { checkLengths, checkSums, incrementalUpdate } from "./checksum.js";
import { checksumOf, coverageOf, sumOf } from "./coverage.js";
import { givenValues, requirePresent } from "./given.js";
import { encodeFields, writeFixed } from "./header.js";
import { unjudgedLengths } from "./lengths.js";
import { joinBytes } from "./join-bytes.js";
import { parsePacket } from "./parse.js";
import { summary } from "./print.js";
import type { LayerContext, ParsedField, ParsedLayer, ParsedPacket, Values } from "./protocol.js";
import { findProtocol, protocolHint } from "./protocols.js";
import { type Wanted, settle } from "./settle.js";

/**
 * The packet with some fields changed: the nth `ipv4` of the list means the nth `ipv4` of the packet.
 * Lengths and checksums that were right are right afterwards, those that were wrong stay as they were,
 * and so does every other byte; checksums over bytes that are not here (fragments) move along with the
 * change. Throws HarnessError `packet` where a layer or field is not there.
 */
export function editPacket(packet: Packet, layers: readonly LayerSpec[]): Packet {
  const parsed = parsePacket(packet);
  const edits = assignEdits(packet, parsed, layers);
  const headers = parsed.layers.map((layer, index) => editHeader(packet.bytes, layer, edits.get(index)));
  const bytes = joinBytes(headers.map((header) => header.bytes));
  const right = rightFields(parsed);
  const hidden = unverifiableSums(parsed);
  const follows: Wanted = (index, { def }) => {
    const key = `${index} ${def.name}`;
    return (right.has(key) || hidden.has(key)) && edits.get(index)?.fields[def.name] === undefined;
  };
  settle(bytes, placeAgain(parsed.layers, headers), follows, (context, field) => {
    const old = hidden.get(`${context.index} ${field.def.name}`);
    return old ? movedChecksum(old, context, field) : checksumOf(context, field);
  });
  return { linkType: packet.linkType, bytes };
}

function assignEdits(packet: Packet, parsed: ParsedPacket, specs: readonly LayerSpec[]): Map<number, LayerSpec> {
  const edits = new Map<number, LayerSpec>();
  for (const spec of specs) {
    const index = parsed.layers.findIndex((layer, i) => layer.protocol === spec.protocol && !edits.has(i));
    if (index >= 0) {
      edits.set(index, spec);
      continue;
    }
    const known = findProtocol(spec.protocol) !== undefined;
    throw harnessError("packet", known ? missing(spec, specs) : `there is no protocol '${spec.protocol}'`, {
      span: spec.span,
      hint: known ? `it is ${summary(packet)}` : protocolHint(spec.protocol),
    });
  }
  return edits;
}

function missing(spec: LayerSpec, specs: readonly LayerSpec[]): string {
  const wanted = specs.filter(({ protocol }) => protocol === spec.protocol).length;
  return `the packet has no ${wanted > 1 ? `${wanted} layers of ` : ""}${spec.protocol}`;
}

interface EditedHeader {
  readonly bytes: Uint8Array;
  /** With offsets from the header's first bit. */
  readonly fields: readonly ParsedField[];
}

function editHeader(packet: Uint8Array, layer: ParsedLayer, spec: LayerSpec | undefined): EditedHeader {
  const base = layer.offsetBytes * 8;
  const bytes = packet.slice(layer.offsetBytes, layer.offsetBytes + layer.headerBytes);
  const fields = layer.fields.map((field) => ({ ...field, offsetBits: field.offsetBits - base }));
  if (spec === undefined) return { bytes, fields };
  const given = givenValues(layer.definition, spec);
  const inPlace = Object.keys(given).every((name) => fields.some(({ def }) => def.name === name && def.sizeBits > 0));
  if (!inPlace) return rebuildHeader(layer, spec, given);
  const edited = fields.map((field) => {
    const value = given[field.def.name];
    if (value === undefined) return field;
    writeFixed(field.def, bytes, field.offsetBits, value);
    return { ...field, value };
  });
  return { bytes, fields: edited };
}

/** For edits that move bytes (options, payloads) or add fields (a GRE key together with its flag). */
function rebuildHeader(
  { definition, values, headerTruncated }: ParsedLayer,
  spec: LayerSpec,
  given: Values,
): EditedHeader {
  if (headerTruncated) {
    throw harnessError(
      "packet",
      `the ${definition.name} header is cut off, so ${Object.keys(given).join(", ")} cannot be set`,
      {
        span: spec.span,
      },
    );
  }
  const header = encodeFields(definition.fields, { ...values, ...given });
  requirePresent(definition, spec, header.values);
  return header;
}

/** The same layers at their new offsets. */
function placeAgain(layers: readonly ParsedLayer[], headers: readonly EditedHeader[]): readonly ParsedLayer[] {
  // Contents end where a layer begins, or with the packet.
  const moved = new Map<number, number>();
  let end = 0;
  for (const [i, { offsetBytes, headerBytes }] of layers.entries()) {
    moved.set(offsetBytes, end);
    end += headers[i]!.bytes.length;
    moved.set(offsetBytes + headerBytes, end);
  }
  return layers.map((layer, i) => {
    const { bytes, fields } = headers[i]!;
    const offsetBytes = moved.get(layer.offsetBytes)!;
    return {
      ...layer,
      offsetBytes,
      headerBytes: bytes.length,
      endBytes: moved.get(layer.endBytes)!,
      limitBytes: moved.get(layer.limitBytes)!,
      fields: fields.map((field) => ({ ...field, offsetBits: field.offsetBits + offsetBytes * 8 })),
      values: Object.fromEntries(fields.map(({ def, value }) => [def.name, value])),
    };
  });
}

/** Lengths and checksums that are as they have to be: `"1 checksum"`. */
function rightFields(parsed: ParsedPacket): ReadonlySet<string> {
  const lengths = checkLengths(parsed).filter(({ ok }) => ok);
  const sums = checkSums(parsed).filter(({ ok, applies }) => ok && applies);
  return new Set([...lengths, ...unjudgedLengths(parsed), ...sums].map(({ layer, field }) => `${layer} ${field}`));
}

/** A checksum over bytes that are elsewhere (fragments, cut-off captures), with the sum of the bytes that are here. */
interface HiddenSum {
  readonly checksum: number;
  readonly sum: number;
}

function unverifiableSums({ bytes, layers, linkType }: ParsedPacket): ReadonlyMap<string, HiddenSum> {
  const hidden = checkSums({ bytes, layers, linkType }).filter(({ applies, actual }) => !applies && actual !== 0);
  return new Map(
    hidden.flatMap(({ layer: index, field: name, actual }) => {
      const layer = layers[index]!;
      const field = layer.fields.find(({ def }) => def.name === name)!;
      const sum = visibleSum({ bytes, layers, layer, index }, field);
      return layer.quoted ? [] : [[`${index} ${name}`, { checksum: actual, sum }] as const];
    }),
  );
}

/** What is not here has not changed, so the checksum moves by as much as the visible bytes do. */
function movedChecksum(old: HiddenSum, context: LayerContext, field: ParsedField): number {
  const checksum = incrementalUpdate(old.checksum, old.sum, visibleSum(context, field));
  return checksum === 0 && field.def.checksum?.zeroMeansNone ? 0xffff : checksum;
}

function visibleSum(context: LayerContext, field: ParsedField): number {
  return ~sumOf(coverageOf(context, field)) & 0xffff;
}
