import type { BpfObject } from "../../model/object.js";
import type { Arena } from "../arena.js";

/** Addresses in words: `packet+14`, `stack-8`, `value of map 'counter'+0`, `hits+0`. */
export class Places {
  readonly #arena: Arena;
  readonly #object: BpfObject;

  constructor(arena: Arena, object: BpfObject) {
    this.#arena = arena;
    this.#object = object;
  }

  /** Undefined for what is no address. The stack is spoken of relative to the frame pointer. */
  nameOf(address: number, framePointer: number): string | undefined {
    const cell = this.#arena.cellAt(address);
    if (!cell) return undefined;
    const offset = address - cell.start;
    if (cell.name === "the stack frame") {
      const top = cell.start + cell.sizeBytes;
      return `${top === framePointer ? "stack" : "caller's stack"}${offset - cell.sizeBytes || "+0"}`;
    }
    if (cell.name.startsWith(".")) return this.#nameOfVariable(cell.name, offset);
    return `${cell.name.replace(/^(the|a) /, "")}+${offset}`;
  }

  #nameOfVariable(section: string, offset: number): string {
    const variable = this.#object.globals.find(
      (global) =>
        global.section === section && global.offsetBytes <= offset && offset < global.offsetBytes + global.sizeBytes,
    );
    return variable ? `${variable.name}+${offset - variable.offsetBytes}` : `${section}+${offset}`;
  }
}
