import { textBytes } from "../byte-text.js";
import type { Call } from "../call.js";
import type { World } from "../world.js";
import { formatText } from "./format.js";
import type { HelperTable } from "./table.js";

/** bpf_printk() and its relatives. */
export function printHelpers(world: World): HelperTable {
  return {
    // bpf_trace_printk(fmt, fmt_size, arg1, arg2, arg3)
    6: (call) => {
      const text = formatText(call.arena, call.read(1, call.u32(2)), [call.u64(3), call.u64(4), call.u64(5)]);
      if (typeof text === "number") return text;
      world.print(new TextDecoder().decode(textBytes(text)));
      return text.length;
    },
    // bpf_snprintf(str, str_size, fmt, data, data_len)
    165: (call) => {
      const size = call.u32(2);
      const format = call.arena.readText(call.address(3));
      const text = formatText(call.arena, format, words(call, 4, call.u32(5)));
      if (typeof text === "number") return text;
      const bytes = textBytes(text);
      const out = call.write(1, size);
      out.set(bytes.subarray(0, Math.max(0, size - 1)));
      if (size > 0) out.fill(0, Math.min(bytes.length, size - 1));
      return bytes.length + 1;
    },
    // bpf_trace_vprintk(fmt, fmt_size, data, data_len)
    177: (call) => {
      const text = formatText(call.arena, call.read(1, call.u32(2)), words(call, 3, call.u32(4)));
      if (typeof text === "number") return text;
      world.print(new TextDecoder().decode(textBytes(text)));
      return text.length;
    },
  };
}

/** An array of 64-bit arguments. */
function words(call: Call, argument: number, sizeBytes: number): bigint[] {
  const bytes = call.read(argument, sizeBytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: Math.floor(sizeBytes / 8) }, (_, i) => view.getBigUint64(8 * i, true));
}
