import type { Helper } from "../machine.js";

/** Helpers of one family by the number that programs call them by (include/uapi/linux/bpf.h). */
export type HelperTable = Readonly<Record<number, Helper>>;

export function mergeHelpers(...tables: readonly HelperTable[]): ReadonlyMap<number, Helper> {
  return new Map(tables.flatMap((table) => Object.entries(table).map(([number, helper]) => [Number(number), helper])));
}
