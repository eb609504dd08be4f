import { harnessError } from "../model/error.js";
import type { BpfObject, GlobalSpec } from "../model/object.js";
import type { GlobalPatch } from "../model/plan.js";
import { sectionTypes, type ElfFile, type ElfSection } from "../object/elf.js";
import { readable, writable, type Arena } from "./arena.js";

/** The kernel that the simulator takes after: what `LINUX_KERNEL_VERSION` of a `__kconfig` extern says. */
const kernelVersion = (6 << 16) | (18 << 8);

/** What externs of `.kconfig` say of the simulated kernel; all others are 0, which is `n`. */
const kconfig: Readonly<Record<string, number>> = { LINUX_KERNEL_VERSION: kernelVersion, CONFIG_HZ: 250 };

/** Global variables in the arena: address of each section's first byte. */
export class DataSections {
  readonly #addresses = new Map<string, number>();
  readonly #globals: readonly GlobalSpec[];

  /** Throws HarnessError "object" for a patch that lies outside its section. */
  constructor(elf: ElfFile, object: BpfObject, patches: readonly GlobalPatch[], arena: Arena) {
    this.#globals = object.globals;
    for (const section of elf.sections.filter(isDataSection)) {
      const address = arena.reserve(section.sizeBytes, permissionOf(section.name), section.name);
      arena.bytes.set(section.data.bytes, address);
      this.#addresses.set(section.name, address);
    }
    const externs = object.globals.filter(({ section }) => section === ".kconfig");
    if (externs.length > 0) this.#addKconfig(externs, arena);
    for (const { name, section, offsetBytes, bytes } of patches) {
      const start = this.addressOf(section);
      if (start === undefined) throw harnessError("object", `variable '${name}' is in ${section}, which is not there`);
      arena.bytes.set(bytes, start + offsetBytes);
    }
  }

  /** Of the first byte of every section. */
  get addresses(): Iterable<number> {
    return this.#addresses.values();
  }

  addressOf(section: string): number | undefined {
    return this.#addresses.get(section);
  }

  /** Of a `__kconfig` variable, which has a name and no symbol. */
  addressOfExtern(name: string): number | undefined {
    const extern = this.#globals.find((global) => global.section === ".kconfig" && global.name === name);
    const start = this.#addresses.get(".kconfig");
    return extern && start !== undefined ? start + extern.offsetBytes : undefined;
  }

  #addKconfig(externs: readonly GlobalSpec[], arena: Arena): void {
    const sizeBytes = Math.max(...externs.map(({ offsetBytes, sizeBytes }) => offsetBytes + sizeBytes));
    const address = arena.reserve(sizeBytes, readable, ".kconfig");
    for (const { name, offsetBytes, initial } of externs) {
      arena.bytes.set(initial, address + offsetBytes);
      const value = kconfig[name];
      if (value !== undefined && initial.length >= 4) arena.view.setUint32(address + offsetBytes, value, true);
    }
    this.#addresses.set(".kconfig", address);
  }
}

/** Bytes that the sections of an object take. */
export function dataBytes(elf: ElfFile): number {
  return elf.sections.filter(isDataSection).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

function isDataSection({ name, type, sizeBytes }: ElfSection): boolean {
  const hasData = type === sectionTypes.progbits || type === sectionTypes.nobits;
  return hasData && sizeBytes > 0 && /^\.(rodata|data|bss)(\.|$)/.test(name);
}

function permissionOf(section: string): number {
  return section.startsWith(".rodata") ? readable : readable | writable;
}
