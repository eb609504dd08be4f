import type { BpfObject } from "../model/object.js";
import { openObject, type ObjectFile } from "../object/object-file.js";
import type { Code } from "./code.js";

/** Opened objects and linked programs, for all the machines that load the same object: neither ever changes. */
export class LinkCache {
  readonly #files = new WeakMap<BpfObject, ObjectFile>();
  readonly #codes = new WeakMap<BpfObject, Map<string, Code>>();

  /** Throws HarnessError "object". */
  file(object: BpfObject): ObjectFile {
    const known = this.#files.get(object);
    if (known) return known;
    const file = openObject(object.bytes);
    this.#files.set(object, file);
    return file;
  }

  /** A program linked for a layout, which says where in memory everything is that programs refer to. */
  code(object: BpfObject, name: string, layout: string, link: () => Code): Code {
    const codes = this.#codes.get(object) ?? new Map<string, Code>();
    this.#codes.set(object, codes);
    const key = `${name} ${layout}`;
    const code = codes.get(key) ?? link();
    codes.set(key, code);
    return code;
  }
}
