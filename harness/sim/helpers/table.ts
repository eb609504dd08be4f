import type { Helper } from "../machine.js";

/** Helpers of one family by the number that programs call them by (include/uapi/linux/bpf.h). */
export type HelperTable = Readonly<Record<number, Helper>>;

export function mergeHelpers(...tables: readonly HelperTable[]): ReadonlyMap<number, Helper> {
  const merged = new Map<number, Helper>();
  for (const table of tables) for (const number in table) merged.set(Number(number), table[number]!);
  return merged;
}
