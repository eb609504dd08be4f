import { decodeProgram, slotBytes, type PlacedInstruction } from "../isa/decode.js";
import { slotsOf, type Instruction } from "../isa/instruction.js";
import { harnessError, type HarnessError } from "../model/error.js";
import type { LineInfo } from "../model/object.js";
import type { CoreRelocation } from "../object/btf-ext.js";
import { resolveCoreRelocation } from "../object/core-relocation.js";
import type { KernelTypes } from "../object/core-types.js";
import type { ElfSection, ElfSymbol } from "../object/elf.js";
import type { ObjectFile } from "../object/object-file.js";
import { functionsIn } from "../object/programs.js";
import { relocationsOf, type ElfRelocation } from "../object/relocations.js";
import { Code } from "./code.js";
import { patchCore } from "./core-patch.js";
import { kernelFunctionNumber } from "./kernel-functions.js";

/** Where the things lie that instructions refer to by name. */
export interface LinkSymbols {
  readonly mapAddress: (name: string) => number | undefined;
  /** Address of the first byte of `.rodata`, `.data`, `.bss`, …. */
  readonly sectionAddress: (name: string) => number | undefined;
  /** Of a variable that the object only declares: `__kconfig`. */
  readonly externAddress: (name: string) => number | undefined;
  readonly kernelTypes: KernelTypes | undefined;
}

/** A function of the object, placed in the linked program. */
interface Part {
  readonly section: ElfSection;
  readonly symbol: ElfSymbol;
  readonly firstSlot: number;
  readonly instructions: readonly PlacedInstruction[];
}

/** A relocated instruction, or one whose distance depends on where another function comes to lie. */
type Relocated = Instruction | { readonly section: ElfSection; readonly offset: number; readonly kind: "toFunction" };

/**
 * Makes one program of an entry and the functions that it calls, as libbpf does: callees behind the
 * entry in the order of their first use, addresses filled in.
 *
 * CO-RE relocations are resolved against the kernel's types, where those are given. Against the object's own types
 * they need no patch: clang has written their values into the instructions.
 *
 * @throws HarnessError "object" for relocations that make no sense, "unsupported" for kernel functions that are not simulated
 */
export function linkProgram(file: ObjectFile, section: string, name: string, symbols: LinkSymbols): Code {
  return new Linker(file, symbols).link(section, name);
}

class Linker {
  readonly #file: ObjectFile;
  readonly #symbols: LinkSymbols;
  readonly #relocations = new Map<ElfSection, ReadonlyMap<number, ElfRelocation>>();
  readonly #coreRelocations = new Map<ElfSection, ReadonlyMap<number, CoreRelocation>>();
  readonly #parts: Part[] = [];

  constructor(file: ObjectFile, symbols: LinkSymbols) {
    if (!file.elf.littleEndian)
      throw harnessError("unsupported", "the simulated machine is little-endian, the object big-endian", {
        hint: "compile the program with -target bpfel",
      });
    this.#file = file;
    this.#symbols = symbols;
  }

  link(sectionName: string, name: string): Code {
    const section = this.#file.elf.sections.find((candidate) => candidate.name === sectionName);
    const symbol = section && functionsIn(this.#file, section).find((candidate) => candidate.name === name);
    if (!section || !symbol) throw harnessError("object", `no function '${name}' in section ${sectionName}`);
    this.#partOf(section, symbol);
    const linked: PlacedInstruction[] = [];
    // Grows while it is walked: functions are placed when they are first called.
    for (const part of this.#parts) for (const placed of part.instructions) linked.push(this.#relocate(part, placed));
    return new Code(
      name,
      linked,
      this.#parts.flatMap((part) => this.#linesOf(part)),
      new Map(this.#parts.map((part) => [part.firstSlot, { name: part.symbol.name, section: part.section.name }])),
    );
  }

  #partOf(section: ElfSection, symbol: ElfSymbol): Part {
    const known = this.#parts.find((part) => part.section === section && part.symbol.value === symbol.value);
    if (known) return known;
    const { bytes } = section.data.part(symbol.value, symbol.sizeBytes, `function '${symbol.name}'`);
    const last = this.#parts.at(-1);
    const firstSlot = last ? last.firstSlot + last.symbol.sizeBytes / slotBytes : 0;
    const part = { section, symbol, firstSlot, instructions: decodeProgram(bytes) };
    this.#parts.push(part);
    return part;
  }

  #relocate(part: Part, { slot, instruction }: PlacedInstruction): PlacedInstruction {
    const relocated = this.#resolve(part, slot, instruction);
    const linkedSlot = part.firstSlot + slot;
    if (relocated.kind !== "toFunction") return { slot: linkedSlot, instruction: relocated };
    const target = this.#functionAt(part, slot, relocated.section, relocated.offset);
    const distance = target.firstSlot - (linkedSlot + 1);
    if (instruction.kind === "constant")
      return { slot: linkedSlot, instruction: { ...instruction, meaning: "function", low: distance, high: 0 } };
    return { slot: linkedSlot, instruction: { kind: "callFunction", distance } };
  }

  #functionAt(from: Part, slot: number, section: ElfSection, offset: number): Part {
    const symbol = functionsIn(this.#file, section).find((candidate) => candidate.value === offset);
    if (!symbol) throw this.#error(from, slot, `refers to offset ${offset} of ${section.name}: no function is there`);
    return this.#partOf(section, symbol);
  }

  #resolve(part: Part, slot: number, instruction: Instruction): Relocated {
    if (instruction.kind === "callRegister") throw this.#error(part, slot, "calls through a register: no kernel does");
    const offset = part.symbol.value + slot * slotBytes;
    const relocation = this.#relocationsOf(part.section).get(offset);
    if (!relocation) {
      if (instruction.kind !== "callFunction") return this.#relocateCore(part, slot, instruction);
      // Calls inside a section need no relocation.
      const target = offset + (slotsOf(instruction) + instruction.distance) * slotBytes;
      return { kind: "toFunction", section: part.section, offset: target };
    }
    const { symbol } = relocation;
    const section = this.#file.elf.sections[symbol.section];
    if (instruction.kind === "callFunction") {
      if (symbol.section === 0 || !section) return this.#kernelFunction(part, slot, symbol);
      return { kind: "toFunction", section, offset: symbol.value + (instruction.distance + 1) * slotBytes };
    }
    if (instruction.kind !== "constant")
      throw this.#error(part, slot, `has a relocation to '${symbol.name}', but takes no address`);
    if (symbol.section === 0 || !section) return this.#external(part, slot, instruction, symbol);
    if (section.executable) return { kind: "toFunction", section, offset: symbol.value + instruction.low };
    return this.#address(part, slot, instruction, section, symbol);
  }

  #relocateCore(part: Part, slot: number, instruction: Instruction): Instruction {
    const { kernelTypes } = this.#symbols;
    if (!kernelTypes || !this.#file.btf) return instruction;
    const relocation = this.#coreRelocationsOf(part.section).get(part.symbol.value + slot * slotBytes);
    const answer = relocation && resolveCoreRelocation(this.#file.btf, relocation, kernelTypes);
    if (answer === undefined || answer === "keep") return instruction;
    const patched = patchCore(instruction, answer);
    if (!patched) throw this.#error(part, slot, "has a CO-RE relocation that does not fit it");
    return patched;
  }

  #coreRelocationsOf(section: ElfSection): ReadonlyMap<number, CoreRelocation> {
    const known = this.#coreRelocations.get(section);
    if (known) return known;
    const records = this.#file.btfExt.coreRelocations.get(section.name) ?? [];
    const table = new Map(records.map((record) => [record.offsetBytes, record]));
    this.#coreRelocations.set(section, table);
    return table;
  }

  #address(
    part: Part,
    slot: number,
    instruction: Instruction & { kind: "constant" },
    section: ElfSection,
    symbol: ElfSymbol,
  ): Instruction {
    const isMaps = section.name === ".maps" || section.name === "maps" || section.name.startsWith("maps/");
    if (!isMaps) {
      const start = this.#symbols.sectionAddress(section.name);
      if (start === undefined) throw this.#error(part, slot, `refers to section ${section.name}, which holds no data`);
      return value(instruction, start + symbol.value + instruction.low);
    }
    const name = symbol.kind === "section" ? this.#objectAt(section, symbol.value + instruction.low) : symbol.name;
    const address = name === undefined ? undefined : this.#symbols.mapAddress(name);
    if (address === undefined) throw this.#error(part, slot, `refers to map '${name ?? "?"}', which is not there`);
    return value(instruction, address);
  }

  #external(part: Part, slot: number, instruction: Instruction & { kind: "constant" }, symbol: ElfSymbol): Instruction {
    // Programs compare the address of a weak function with null, to see whether the kernel has it.
    const address = this.#symbols.externAddress(symbol.name) ?? kernelFunctionNumber(symbol.name);
    if (address === undefined) throw this.#missing(part, slot, "kernel symbol", symbol.name);
    return value(instruction, address);
  }

  #kernelFunction(part: Part, slot: number, { name }: ElfSymbol): Instruction {
    const helper = kernelFunctionNumber(name);
    if (helper === undefined) throw this.#missing(part, slot, "kernel function", name);
    return { kind: "callHelper", helper };
  }

  #objectAt(section: ElfSection, offset: number): string | undefined {
    const symbols = this.#file.symbolsIn.get(section.index) ?? [];
    return symbols.find(({ kind, value: at }) => kind === "object" && at === offset)?.name;
  }

  #relocationsOf(section: ElfSection): ReadonlyMap<number, ElfRelocation> {
    const known = this.#relocations.get(section);
    if (known) return known;
    const table = new Map(relocationsOf(this.#file.elf, section).map((entry) => [entry.offset, entry]));
    this.#relocations.set(section, table);
    return table;
  }

  #linesOf({ section, symbol, firstSlot }: Part): LineInfo[] {
    const end = symbol.value + symbol.sizeBytes;
    return (this.#file.btfExt.lines.get(section.name) ?? [])
      .filter(({ offsetBytes }) => offsetBytes >= symbol.value && offsetBytes < end)
      .map(({ offsetBytes, file, line, column, text }) => {
        const instruction = firstSlot + Math.floor((offsetBytes - symbol.value) / slotBytes);
        return { instruction, file, line, column, text };
      });
  }

  #missing(part: Part, slot: number, what: string, name: string): HarnessError {
    const line = this.#linesOf(part).findLast(({ instruction }) => instruction <= part.firstSlot + slot);
    const place = line ? `${line.file}:${line.line}` : `instruction ${slot} of '${part.symbol.name}'`;
    return harnessError("unsupported", `${what} '${name}' at ${place} is not simulated`);
  }

  #error(part: Part, slot: number, message: string): HarnessError {
    return part.section.data.error(part.symbol.value + slot * slotBytes, `'${part.symbol.name}' ${message}`);
  }
}

function value(instruction: Instruction & { kind: "constant" }, address: number): Instruction {
  return { kind: "constant", dst: instruction.dst, meaning: "value", low: address | 0, high: 0 };
}
