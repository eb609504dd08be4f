import { classes } from "../isa/opcode.js";
import { HarnessError } from "../model/error.js";
import type { BpfObject } from "../model/object.js";
import { readElf } from "../object/elf.js";
import { readObject } from "../object/read-object.js";
import type { EngineName } from "../sim/engine.js";
import { ProgramFault } from "../sim/fault.js";
import { packetHook } from "../sim/hooks/packet-hook.js";
import type { MemoryPool } from "../sim/memory-pool.js";
import { SimulatedObject } from "../sim/simulated-object.js";
import { World } from "../sim/world.js";

/** What became of a piece of bad input; anything else that is thrown is a bug of ours. */
export type Result = "answer" | "fault" | "refused";

/** Draws numbers below a limit. The same seed draws the same ones. */
export type Draw = (limit: number) => number;

export function drawFrom(seed: number): Draw {
  const world = new World({ seed });
  return (limit) => world.random() % limit;
}

/** Few instructions, so that endless loops do not take up the time; now and then as many as there are by default. */
const budget = 5_000;
const wholeBudget = 1_000_000;
const wholeBudgetEvery = 5_000;

/** Longer packets than any hook takes occur, too. */
const longestPacket = 4_200;

/** One valid object, of which bad ones are made. */
export class Victim {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly #memories: MemoryPool;
  /** Offset and size in the file of every section with instructions. */
  readonly #code: readonly { readonly start: number; readonly sizeBytes: number }[];

  /** Victims may share memories, one after the other. */
  constructor(name: string, bytes: Uint8Array, memories: MemoryPool) {
    this.name = name;
    this.bytes = bytes;
    this.#memories = memories;
    this.#code = readElf(bytes)
      .sections.filter(({ executable, sizeBytes }) => executable && sizeBytes > 0)
      .map(({ data, sizeBytes }) => ({ start: data.bytes.byteOffset - bytes.byteOffset, sizeBytes }));
  }

  /** The object with a few changes: bytes anywhere, fields of instructions, or none. */
  mutated(draw: Draw): Uint8Array {
    const bytes = this.bytes.slice();
    const kind = draw(10);
    const changes = 1 + draw(4);
    if (kind === 0) return bytes.subarray(0, draw(bytes.length));
    for (let i = 0; i < changes; i++) {
      if (kind < 5) bytes[draw(bytes.length)] = oddByte(draw);
      else if (kind < 9) this.#changeInstruction(bytes, draw);
    }
    return bytes;
  }

  /** Runs a program of an object, broken or not, on a packet. Throws what must not happen. */
  run(bytes: Uint8Array, engine: EngineName, draw: Draw): Result {
    try {
      const object = readObject(bytes, this.name);
      return this.#runAny(object, engine, draw);
    } catch (error) {
      if (error instanceof ProgramFault) return "fault";
      if (error instanceof HarnessError && error.code !== "internal") return "refused";
      throw error;
    }
  }

  #runAny(object: BpfObject, engine: EngineName, draw: Draw): Result {
    const programs = object.programs.filter(({ type }) => type && packetHook(type));
    const program = programs[draw(Math.max(1, programs.length))];
    const hook = program?.type && packetHook(program.type);
    if (!program || !hook) return "refused";
    const world = new World({ seed: 1 });
    const simulated = new SimulatedObject(object, { world, engine, globals: [], hook, memories: this.#memories });
    try {
      const linked = simulated.program(program.name);
      simulated.hook.accept({ linkType: "ethernet", bytes: packet(draw) }, {});
      simulated.machine.run(linked, simulated.hook.context, draw(wholeBudgetEvery) === 0 ? wholeBudget : budget);
      simulated.hook.output();
      for (const map of simulated.maps.all) for (const { key } of map.entries()) if (key.length > 1e9) return "answer";
      return "answer";
    } finally {
      simulated.release();
    }
  }

  #changeInstruction(bytes: Uint8Array, draw: Draw): void {
    const section = this.#code[draw(Math.max(1, this.#code.length))];
    if (!section) return;
    const at = section.start + 8 * draw(Math.floor(section.sizeBytes / 8));
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, 8);
    switch (draw(5)) {
      case 0:
        return view.setUint8(0, (draw(32) << 3) | Object.values(classes)[draw(8)]!);
      case 1:
        return view.setUint8(1, draw(256));
      case 2:
        return view.setInt16(2, oddNumber(draw), true);
      case 3:
        return view.setInt32(4, oddNumber(draw), true);
      default:
        // A call of some helper: its arguments are whatever was in the registers.
        view.setUint8(0, 0x85);
        view.setUint8(1, 0);
        view.setInt16(2, 0, true);
        return view.setInt32(4, draw(212), true);
    }
  }
}

function packet(draw: Draw): Uint8Array {
  const length = draw(8) === 0 ? draw(longestPacket) : 14 + draw(120);
  const bytes = Uint8Array.from({ length }, () => draw(256));
  const headers = [
    [0x08, 0x00, 0x45],
    [0x86, 0xdd, 0x60],
    [0x81, 0x00],
  ];
  const header = headers[draw(headers.length + 1)];
  if (header && length > 14 + header.length) bytes.set(header, 12);
  return bytes;
}

function oddByte(draw: Draw): number {
  return [0, 1, 0x7f, 0x80, 0xff][draw(8)] ?? draw(256);
}

function oddNumber(draw: Draw): number {
  return [0, 1, -1, 8, 512, -512, 0x7fff, -0x8000, 0x7fffffff][draw(12)] ?? draw(0x10000) - 0x8000;
}
