import type { FieldValue } from "../model/packet.js";
import type { GeneratedLayer } from "../model/scenario.js";
import { layer, nowhere } from "../packet/layer.js";
import type { FieldDef } from "../packet/protocol.js";
import { findProtocol } from "../packet/protocols.js";
import { oneOf, type Chance } from "./chance.js";
import type { Constants } from "./constants.js";
import { drawMatching, drawValue } from "./draw-value.js";
import { fieldsOfStack, packetSize, type Edit, type Recipe } from "./recipe.js";
import { stacks, type Stack } from "./stacks.js";

/** Draws packets: any at all, or such as a scenario describes. */
export interface PacketSource {
  draw(chance: Chance): Recipe;
  /** Simpler stacks that the shrinker may try, simplest first. */
  readonly stacks: readonly Stack[];
  /** Whether a recipe may be simplified by leaving an edit away. */
  readonly isRequired: (edit: Edit) => boolean;
  readonly payloadBytes: readonly [min: number, max: number];
}

const anyPayload = [0, 1400] as const;

/** Fields that follow from the rest: giving them a value of its own makes a packet that lies. */
function follows({ automatic }: FieldDef): boolean {
  return automatic !== undefined;
}

/** Packets of every kind, most of them valid, some with a lie or two, some cut off. */
export function anyPacket(constants: Constants, from: readonly Stack[] = stacks): PacketSource {
  return {
    stacks: from,
    isRequired: () => false,
    payloadBytes: anyPayload,
    draw(chance) {
      // Simple stacks come first in the list, and more often.
      const limit = chance.below(3) === 0 ? from.length : Math.min(from.length, 60);
      const stack = from[chance.below(limit)]!;
      const honest = chance.below(4) !== 0;
      const fields = fieldsOfStack(stack);
      const edits: Edit[] = [];
      for (let more = chance.below(2) === 0 ? chance.below(6) : chance.below(2); more > 0; more--) {
        const index = chance.below(fields.length);
        const field = oneOf(chance, fields[index]!);
        if (field && !(honest && follows(field)))
          edits.push({ layer: index, field, value: drawValue(chance, field, constants) });
      }
      const recipe = { stack, edits, payload: drawPayload(chance, anyPayload, constants), cutBytes: undefined };
      const cut = !honest && chance.below(4) === 0;
      return cut ? { ...recipe, cutBytes: 14 + chance.below(Math.max(1, packetSize(recipe) - 14)) } : recipe;
    },
  };
}

/** Undefined, the stack's own payload, as often as not. */
function drawPayload(
  chance: Chance,
  [min, max]: readonly [number, number],
  { strings }: Constants,
): Uint8Array | undefined {
  const way = chance.below(8);
  if (way < 3) return undefined;
  const room = Math.min(max, way === 7 ? max : min + 64);
  const payload = new Uint8Array(min + chance.below(room - min + 1));
  if (way > 4) {
    for (let i = 0; i < payload.length; i += 4) {
      const word = chance.below(2 ** 32);
      for (let j = i; j < Math.min(i + 4, payload.length); j++) payload[j] = word >>> (8 * (j - i));
    }
  }
  if (way === 4 && strings.length > 0) payload.set(oneOf(chance, strings).subarray(0, payload.length));
  return payload;
}

/** Packets of the layers that a scenario names. */
export function describedPacket(layers: readonly GeneratedLayer[], constants: Constants): PacketSource {
  const stack = stackOf(layers);
  const payloadBytes = layers.at(-1)?.bytes ?? anyPayload;
  const endsInPayload = layers.at(-1)?.protocol === "payload" && !layers.at(-1)!.fields["data"];
  const fields = fieldsOfStack(stack);
  const named = layers.map(({ protocol, fields: given }) => {
    const defs = findProtocol(protocol)!.fields;
    return Object.entries(given).flatMap(([name, { value: pattern }]) => {
      const field = defs.find((def) => def.name === name);
      return field && pattern.kind !== "equals" ? [{ field, pattern }] : [];
    });
  });
  const fixed = layers.map(({ fields: given }) => new Set(Object.keys(given)));
  return {
    stacks: [stack],
    payloadBytes,
    isRequired: ({ layer: index, field }) => named[index]?.some((each) => each.field === field) ?? false,
    draw(chance) {
      const edits: Edit[] = [];
      named.forEach((patterns, index) => {
        for (const { field, pattern } of patterns) {
          const value = drawMatching(chance, field, pattern, constants);
          if (value !== undefined) edits.push({ layer: index, field, value });
        }
      });
      layers.forEach(({ vary }, index) => {
        if (vary === "named") return;
        const lies = vary === "any" && chance.below(4) === 0;
        for (let more = chance.below(4); more > 0; more--) {
          const field = oneOf(chance, fields[index] ?? []);
          if (!field || fixed[index]!.has(field.name) || (follows(field) && !lies)) continue;
          edits.push({ layer: index, field, value: drawValue(chance, field, constants) });
        }
      });
      const payload = endsInPayload ? drawPayload(chance, payloadBytes, constants) : undefined;
      return { stack, edits, payload, cutBytes: undefined };
    },
  };
}

/** With what is fixed built in, and the payload at its shortest. */
function stackOf(layers: readonly GeneratedLayer[]): Stack {
  return layers.map(({ protocol, fields, bytes }) => {
    const given: Record<string, { value: FieldValue; span: typeof nowhere }> = {};
    for (const [name, { value }] of Object.entries(fields))
      if (value.kind === "equals") given[name] = { value: value.value, span: nowhere };
    if (protocol === "payload" && !given["data"])
      given["data"] = { value: new Uint8Array(bytes ? bytes[0] : 8), span: nowhere };
    return { ...layer(protocol), fields: { ...layer(protocol).fields, ...given } };
  });
}

/** Simpler packets than a recipe's, simplest first. */
export function* simplerRecipes(recipe: Recipe, source: PacketSource): Generator<Recipe> {
  const { stack, edits, payload, cutBytes } = recipe;
  for (const simpler of source.stacks) {
    if (simpler.length >= stack.length) continue;
    const kept = edits.flatMap((edit) => moved(edit, stack, simpler));
    yield { ...recipe, stack: simpler, edits: kept, cutBytes: undefined };
  }
  if (cutBytes !== undefined) {
    yield { ...recipe, cutBytes: undefined };
    if (cutBytes > 14) yield { ...recipe, cutBytes: 14 + ((cutBytes - 14) >> 1) };
    if (cutBytes > 14) yield { ...recipe, cutBytes: cutBytes - 1 };
  }
  const free = edits.filter((edit) => !source.isRequired(edit));
  if (free.length > 1) yield { ...recipe, edits: edits.filter((edit) => source.isRequired(edit)) };
  for (const gone of free) yield { ...recipe, edits: edits.filter((edit) => edit !== gone) };
  if (payload !== undefined) {
    const [least] = source.payloadBytes;
    if (payload.length > least) {
      yield { ...recipe, payload: payload.slice(0, least) };
      yield { ...recipe, payload: payload.slice(0, (payload.length + least) >> 1) };
      yield { ...recipe, payload: payload.slice(0, -1) };
    }
    if (payload.some((byte) => byte !== 0)) yield { ...recipe, payload: new Uint8Array(payload.length) };
  }
}

/** The edit in the stack's place of the same layer. */
function moved(edit: Edit, from: Stack, to: Stack): Edit[] {
  const { protocol } = from[edit.layer]!;
  const nth = from.slice(0, edit.layer).filter((each) => each.protocol === protocol).length;
  const places = [...to.keys()].filter((index) => to[index]!.protocol === protocol);
  const place = places[nth];
  return place === undefined ? [] : [{ ...edit, layer: place }];
}
