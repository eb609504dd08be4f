import { readFile } from "node:fs/promises";
import type { BpfObject } from "../model/object.js";
import { openObject } from "../object/object-file.js";

/** The types of the running kernel; undefined where it does not tell them. */
export async function ownKernelBtf(): Promise<Uint8Array | undefined> {
  try {
    return await readFile("/sys/kernel/btf/vmlinux");
  } catch {
    return undefined;
  }
}

/** Whether anything in an object depends on the kernel's types. */
export function hasCoreRelocations(object: BpfObject): boolean {
  return openObject(object.bytes).btfExt.coreRelocations.size > 0;
}
