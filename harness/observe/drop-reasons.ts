import { readFileSync } from "node:fs";
import { readBtf } from "../object/read-btf.js";
import { Window } from "../object/window.js";

const btfPath = "/sys/kernel/btf/vmlinux";
const prefix = "SKB_DROP_REASON_";

let names: ReadonlyMap<number, string> | undefined;

/** The running kernel's own name of a drop reason (enum skb_drop_reason), without its prefix; numbers differ between kernels. */
export function dropReason(reason: number): string {
  names ??= readNames();
  return names.get(reason) ?? String(reason);
}

function readNames(): ReadonlyMap<number, string> {
  const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
  const { types } = readBtf(new Window(btfPath, readFileSync(btfPath), littleEndian));
  const reasons = types.find((type) => type.kind === "enum" && type.name === "skb_drop_reason");
  if (reasons?.kind !== "enum") return new Map();
  return new Map(reasons.values.map(({ name, value }) => [Number(value), name.replace(prefix, "")]));
}
