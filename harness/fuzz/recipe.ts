import { HarnessError } from "../model/error.js";
import type { FieldValue, Packet } from "../model/packet.js";
import type { LayerSpec } from "../model/scenario.js";
import { buildPacket } from "../packet/build.js";
import { writeFixed } from "../packet/header.js";
import { nowhere } from "../packet/layer.js";
import { parsePacket } from "../packet/parse.js";
import type { FieldDef, ParsedField } from "../packet/protocol.js";
import { repairFrame, repairPacket } from "./repair.js";
import type { Stack } from "./stacks.js";

/** One field that is not as the stack has it. */
export interface Edit {
  readonly layer: number;
  readonly field: FieldDef;
  readonly value: FieldValue;
}

/** A packet as a few decisions: what a generator draws, and shrinks. */
export interface Recipe {
  readonly stack: Stack;
  readonly edits: readonly Edit[];
  /** Instead of the stack's payload, where it ends in one. */
  readonly payload: Uint8Array | undefined;
  /** The packet is cut off after so many bytes. */
  readonly cutBytes: number | undefined;
}

/** A stack that was built once, and where its fields lie. */
interface Template {
  readonly packet: Packet;
  readonly fields: ReadonlyMap<FieldDef, ParsedField>[];
  /** Where the payload begins; undefined where the stack does not end in one. */
  readonly payloadAt: number | undefined;
  /** `repairFrame` gives all of it right lengths and checksums. */
  readonly quick: boolean;
}

const templates = new WeakMap<Stack, Template>();

/** Headers that `repairFrame` knows. */
const quickProtocols: ReadonlySet<string> = new Set([
  "eth",
  "vlan",
  "qinq",
  "arp",
  "ipv4",
  "ipv6",
  "ipv6-hopopts",
  "ipv6-dstopts",
  "ipv6-routing",
  "ipv6-frag",
  "tcp",
  "udp",
  "icmp",
  "icmpv6",
  "esp",
  "dns",
  "payload",
]);

function templateOf(stack: Stack): Template {
  const known = templates.get(stack);
  if (known) return known;
  const packet = buildPacket(stack);
  const { layers } = parsePacket(packet);
  const made = stack.length === layers.length && stack.every(({ protocol }, i) => layers[i]!.protocol === protocol);
  const last = layers.at(-1)!;
  const template: Template = {
    packet,
    fields: layers.map(({ fields }) => new Map(fields.map((field) => [field.def, field]))),
    payloadAt: last.protocol === "payload" ? last.offsetBytes : undefined,
    quick: made && stack.every(({ protocol }) => quickProtocols.has(protocol)),
  };
  templates.set(stack, template);
  return template;
}

/** The fields of fixed width that a stack's layers have, by layer. */
export function fieldsOfStack(stack: Stack): readonly (readonly FieldDef[])[] {
  return templateOf(stack).fields.map((fields) => [...fields.keys()].filter(({ sizeBits }) => sizeBits > 0));
}

export function packetSize(recipe: Recipe): number {
  const { packet, payloadAt } = templateOf(recipe.stack);
  if (payloadAt === undefined || recipe.payload === undefined) return packet.bytes.length;
  return payloadAt + recipe.payload.length;
}

/** Bytes of a recipe. Lengths and checksums follow, unless they are edited. */
export function packetOf(recipe: Recipe): Packet {
  const template = templateOf(recipe.stack);
  const { linkType } = template.packet;
  const isPlain = recipe.edits.length === 0 && recipe.payload === undefined;
  const own = template.packet.bytes;
  const bytes = isPlain ? own.slice() : template.quick ? quickly(recipe, template) : (slowly(recipe) ?? own);
  return { linkType, bytes: recipe.cutBytes === undefined ? bytes : bytes.slice(0, recipe.cutBytes) };
}

function quickly({ edits, payload }: Recipe, { packet, fields, payloadAt }: Template): Uint8Array {
  const bytes = resized(packet.bytes, payloadAt, payload);
  const repair = packet.linkType === "ethernet" ? repairFrame : repairPacket;
  const write = (wanted: (kind: FieldDef["automatic"]) => boolean): boolean => {
    let written = false;
    for (const { layer, field, value } of edits) {
      const place = fields[layer]?.get(field);
      if (!place || !wanted(field.automatic)) continue;
      writeFixed(field, bytes, place.offsetBits, value);
      written = true;
    }
    return written;
  };
  write((kind) => kind !== "length" && kind !== "checksum");
  repair(bytes, bytes.length, { lengths: true });
  // A wrong length stands below a right checksum, so that the program comes to believe it.
  if (write((kind) => kind === "length")) repair(bytes, bytes.length, { lengths: false });
  write((kind) => kind === "checksum");
  return bytes;
}

/** Undefined where the edits make a header that cannot be built: a GRE key without its flag. */
function slowly(recipe: Recipe): Uint8Array | undefined {
  try {
    return buildPacket(layersOfRecipe(recipe)).bytes;
  } catch (error) {
    if (error instanceof HarnessError) return undefined;
    throw error;
  }
}

function resized(template: Uint8Array, payloadAt: number | undefined, payload: Uint8Array | undefined): Uint8Array {
  if (payloadAt === undefined || payload === undefined) return template.slice();
  const bytes = new Uint8Array(payloadAt + payload.length);
  bytes.set(template.subarray(0, payloadAt));
  bytes.set(payload, payloadAt);
  return bytes;
}

/** The recipe as layers to build. */
function layersOfRecipe({ stack, edits, payload }: Recipe): LayerSpec[] {
  return stack.map((spec, index): LayerSpec => {
    const own = edits.filter(({ layer }) => layer === index);
    const isPayload = spec.protocol === "payload" && index === stack.length - 1 && payload !== undefined;
    if (own.length === 0 && !isPayload) return spec;
    const fields = { ...spec.fields };
    for (const { field, value } of own) fields[field.name] = { value, span: nowhere };
    if (isPayload) fields["data"] = { value: payload, span: nowhere };
    return { ...spec, fields };
  });
}
