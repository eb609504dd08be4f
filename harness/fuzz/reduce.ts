import type { Packet } from "../model/packet.js";
import { buildPacket } from "../packet/build.js";
import { writeFixed } from "../packet/header.js";
import { layersOf } from "../packet/layer.js";
import { parsePacket } from "../packet/parse.js";
import type { LayerSpec } from "../model/scenario.js";
import type { Input } from "./input.js";
import { repairFrame } from "./repair.js";
import { stacks } from "./stacks.js";

const ethernetBytes = 14;
const mostRounds = 8;

/**
 * The simplest input that still shows the same: the fewest commands, in these the fewest layers with default fields,
 * the shortest payload. `shows` is asked for every candidate.
 */
export function reduceInput(input: Input, shows: (input: Input) => boolean): Input {
  let best = input;
  const accept = (candidate: Input): boolean => {
    if (!shows(candidate)) return false;
    best = candidate;
    return true;
  };
  for (let size = best.length >> 1; size > 0; size >>= 1)
    for (let at = 0; at < best.length && best.length > 1;)
      if (!accept([...best.slice(0, at), ...best.slice(at + size)])) at += size;
  for (const [index, command] of [...best.entries()]) {
    if (command.kind !== "packet") continue;
    const showsPacket = (packet: Packet): boolean => accept(best.with(index, { kind: "packet", packet }));
    reducePacket(command.packet, showsPacket);
  }
  return best;
}

/** Every candidate goes through `accept`, which says whether it shows the same and is the packet to go on from. */
function reducePacket(packet: Packet, accept: (packet: Packet) => boolean): void {
  if (packet.linkType !== "ethernet") return;
  for (const stack of stacks) {
    const simple = buildPacket(stack);
    if (simple.bytes.length <= packet.bytes.length + 8 && accept(simple)) {
      packet = simple;
      break;
    }
  }
  for (let round = 0; round < mostRounds; round++) {
    let simpler = false;
    for (const candidate of candidates(packet)) {
      if (same(candidate.bytes, packet.bytes) || !accept(candidate)) continue;
      packet = candidate;
      simpler = true;
      break;
    }
    // Lists of fields are long: what did not help once is not tried again from the start.
    packet = settleFields(packet, accept);
    if (!simpler) return;
  }
}

/** Fewer bytes: without a layer, or shorter. */
function* candidates({ linkType, bytes }: Packet): Generator<Packet> {
  const layers = layersOf(parsePacket({ linkType, bytes }));
  for (let gone = 1; gone < layers.length; gone++) {
    const without = built(layers.filter((_, index) => index !== gone));
    if (without) yield without;
  }
  const rest = bytes.length - ethernetBytes;
  for (let part = rest; part > 0; part >>= 1) {
    const cut = bytes.slice(0, bytes.length - part);
    yield { linkType, bytes: repaired(cut) };
    yield { linkType, bytes: cut };
  }
}

/** With the numbers that say what follows made right again. */
function built(layers: readonly LayerSpec[]): Packet | undefined {
  try {
    return buildPacket(
      layers.map((spec, index) => {
        if (index === layers.length - 1) return spec;
        const kept = Object.entries(spec.fields).filter(
          ([name]) => !["type", "protocol", "next", "length", "checksum"].includes(name),
        );
        return { ...spec, fields: Object.fromEntries(kept) };
      }),
    );
  } catch {
    return undefined;
  }
}

/** Fields one by one as a plain packet of the same layers has them. */
function settleFields(start: Packet, accept: (packet: Packet) => boolean): Packet {
  let packet = start;
  const { layers } = parsePacket(packet);
  for (const { protocol, fields } of layers) {
    const plain = plainValues(protocol);
    for (const { def, offsetBits, sizeBits } of fields) {
      const value = plain.get(def.name);
      for (const repairing of [true, false]) {
        const bytes = packet.bytes.slice();
        if (protocol === "payload" || def.sizeBits === 0) bytes.fill(0, offsetBits >> 3, (offsetBits + sizeBits) >> 3);
        else if (value !== undefined) writeFixed(def, bytes, offsetBits, value);
        const candidate = { ...packet, bytes: repairing ? repaired(bytes) : bytes };
        if (
          same(candidate.bytes, packet.bytes) ||
          distance(candidate.bytes, plainOf(candidate)) > distance(packet.bytes, plainOf(packet))
        )
          continue;
        if (!accept(candidate)) continue;
        packet = candidate;
        break;
      }
    }
  }
  return packet;
}

type Values = ReadonlyMap<string, Parameters<typeof writeFixed>[3]>;
const plainByProtocol = new Map<string, Values>();

/** A protocol's values in the simplest stack that has it. */
function plainValues(protocol: string): Values {
  const known = plainByProtocol.get(protocol);
  if (known) return known;
  const stack = stacks.find((each) => each.some((spec) => spec.protocol === protocol));
  const layer = stack && parsePacket(buildPacket(stack)).layers.find((each) => each.protocol === protocol);
  const values: Values = new Map(layer?.fields.map(({ def, value }) => [def.name, value]));
  plainByProtocol.set(protocol, values);
  return values;
}

/** What `repairFrame` would make of it: how far a packet is from a right one. */
function plainOf({ bytes }: Packet): Uint8Array {
  return repaired(bytes.slice());
}

function distance(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((sum, byte, i) => sum + (byte === b[i] ? 0 : 1), 0);
}

function repaired(bytes: Uint8Array): Uint8Array {
  repairFrame(bytes, bytes.length, { lengths: true });
  return bytes;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
