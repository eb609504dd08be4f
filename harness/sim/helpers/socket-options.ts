import type { Call } from "../call.js";
import { errno } from "../errno.js";
import type { Socket } from "../sockets/socket.js";
import type { HelperTable } from "./table.js";

/** SOL_SOCKET, IPPROTO_TCP, IPPROTO_IP and IPPROTO_IPV6, and the options that programs may use (sol_*_sockopt). */
const known: Readonly<Record<number, ReadonlySet<number>>> = {
  1: new Set([2, 7, 8, 9, 12, 18, 25, 36, 47, 74, 79]),
  6: new Set([1, 2, 4, 5, 6, 7, 10, 13, 18, 24, 27, 28, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008]),
  0: new Set([1]),
  41: new Set([67, 70]),
};

const socketLevel = 1;
const tcpLevel = 6;
const option = { sndbuf: 7, rcvbuf: 8, priority: 12, mark: 36, congestion: 13, callbackFlags: 1008 } as const;

/** What a name of a congestion control may be long (TCP_CA_NAME_MAX). */
const nameBytes = 16;
const defaultCongestion = "cubic";

/** bpf_setsockopt() and bpf_getsockopt(): options are kept, but change nothing but what programs see. */
export function socketOptionHelpers(socket: () => Socket | undefined): HelperTable {
  return {
    // bpf_setsockopt(ctx, level, optname, optval, optlen)
    49: (call) => {
      const found = target(call, socket());
      if (typeof found === "number") return found;
      const { to, level, name, value } = found;
      if (level === tcpLevel && name === option.congestion) {
        to.options.set(`${level}.${name}`, value.slice(0, nameBytes - 1));
        return 0;
      }
      if (value.length !== 4) return -errno.EINVAL;
      const number = new DataView(value.buffer, value.byteOffset).getUint32(0, true);
      if (level === socketLevel && name === option.mark) to.mark = number;
      if (level === socketLevel && name === option.priority) to.priority = number;
      if (level === tcpLevel && name === option.callbackFlags) to.callbackFlags = number;
      // The kernel doubles the size of a buffer, for its own book-keeping.
      const isBuffer = level === socketLevel && (name === option.sndbuf || name === option.rcvbuf);
      to.options.set(`${level}.${name}`, wordOf(isBuffer ? 2 * number : number));
      return 0;
    },
    // bpf_getsockopt(ctx, level, optname, optval, optlen)
    57: (call) => {
      const found = target(call, socket(), true);
      if (typeof found === "number") return found;
      const { to, level, name, value } = found;
      const stored = current(to, level, name);
      value.fill(0).set(stored.subarray(0, value.length));
      return 0;
    },
  };
}

/** `optval` is what the option is set to, or where it is to be written. */
function target(call: Call, to: Socket | undefined, isGet = false) {
  const [level, name, length] = [call.u32(2), call.u32(3), call.u32(5)];
  const value = isGet ? call.write(4, length) : call.read(4, length);
  if (!to) return -errno.EINVAL;
  if (!known[level]?.has(name)) {
    if (isGet) value.fill(0);
    return known[level] ? -errno.ENOPROTOOPT : -errno.EINVAL;
  }
  return { to, level, name, value };
}

function current(socket: Socket, level: number, name: number): Uint8Array {
  if (level === socketLevel && name === option.mark) return wordOf(socket.mark);
  if (level === socketLevel && name === option.priority) return wordOf(socket.priority);
  if (level === tcpLevel && name === option.callbackFlags) return wordOf(socket.callbackFlags);
  const stored = socket.options.get(`${level}.${name}`);
  if (stored) return stored;
  if (level === tcpLevel && name === option.congestion)
    return Uint8Array.from(defaultCongestion, (letter) => letter.charCodeAt(0));
  return wordOf(0);
}

function wordOf(number: number): Uint8Array {
  return new Uint8Array([number, number >>> 8, number >>> 16, number >>> 24]);
}
