import type { Call } from "../call.js";
import { errno } from "../errno.js";
import { kernelFunctions } from "../kernel-functions.js";
import type { Helper } from "../machine.js";
import type { MapTable } from "../maps/map-table.js";
import { finishRecord, ringBufferOf } from "./events.js";
import type { HelperTable } from "./table.js";

/** What a dynptr for a packet reads and writes. */
export interface DynptrPacket {
  /** `bpf_dynptr_from_skb` or `bpf_dynptr_from_xdp`, whichever the hook has. */
  readonly from: "bpf_dynptr_from_skb" | "bpf_dynptr_from_xdp";
  readonly isReadOnly: boolean;
  length(): number;
  /** Bytes that lie in one piece; undefined where they do not. A view of the arena. */
  bytesAt(offset: number, length: number): Uint8Array | undefined;
  /** A copy of bytes, wherever they lie; undefined beyond the packet. */
  copy(offset: number, length: number): Uint8Array | undefined;
  /** Returns 0, or a negative errno. */
  store(offset: number, bytes: Uint8Array, flags: bigint): number;
  /** Flags of bpf_dynptr_write() that mean something for this kind of packet. */
  readonly storeFlags: bigint;
}

/** sizeof(struct bpf_dynptr). */
const dynptrBytes = 16;

/** DYNPTR_MAX_SIZE of include/linux/bpf.h. */
const mostBytes = (1 << 24) - 1;

/** What a dynptr is of. No program can look into it, so the words need not be the kernel's. */
const kinds = { none: 0, memory: 1, packet: 2 } as const;

interface Dynptr {
  readonly kind: number;
  /** Of memory. */
  readonly address: number;
  readonly isReadOnly: boolean;
  readonly offset: number;
  readonly sizeBytes: number;
}

const nothing: Dynptr = { kind: kinds.none, address: 0, isReadOnly: false, offset: 0, sizeBytes: 0 };

/** bpf_dynptr_*() of kernel/bpf/helpers.c: pointers that know their size, to memory or into the packet. */
export function dynptrHelpers(maps: MapTable, packet: DynptrPacket): HelperTable {
  const from: Helper = (call) => {
    const wrong = call.u64(2) !== 0n;
    const { isReadOnly } = packet;
    put(call, 3, wrong ? nothing : { ...nothing, kind: kinds.packet, isReadOnly, sizeBytes: packet.length() });
    return wrong ? -errno.EINVAL : 0;
  };

  /** The bytes that a dynptr means, in one piece. */
  const bytesOf = (call: Call, { kind, address, offset }: Dynptr, at: number, length: number) => {
    if (kind === kinds.packet) return packet.bytesAt(offset + at, length);
    return call.arena.bytes.subarray(address + offset + at, address + offset + at + length);
  };

  const write = (call: Call, to: Dynptr, at: number, bytes: Uint8Array, flags: bigint): number => {
    if (to.kind === kinds.none || to.isReadOnly) return -errno.EINVAL;
    if (!isInside(to, at, bytes.length)) return -errno.E2BIG;
    if ((flags & ~(to.kind === kinds.packet ? packet.storeFlags : 0n)) !== 0n) return -errno.EINVAL;
    if (to.kind === kinds.packet) return packet.store(to.offset + at, bytes, flags);
    bytesOf(call, to, at, bytes.length)!.set(bytes);
    return 0;
  };

  const read = (call: Call, of: Dynptr, at: number, length: number): Uint8Array | number => {
    if (of.kind === kinds.none) return -errno.EINVAL;
    if (!isInside(of, at, length)) return -errno.E2BIG;
    const bytes = of.kind === kinds.packet ? packet.copy(of.offset + at, length) : bytesOf(call, of, at, length);
    return bytes ?? -errno.EFAULT;
  };

  const slice = (call: Call, isWritten: boolean): number => {
    const of = get(call, 1);
    const [at, length] = [call.u32(2), call.u32(4)];
    if (of.kind === kinds.none || (isWritten && of.isReadOnly) || !isInside(of, at, length)) return 0;
    const bytes = bytesOf(call, of, at, length);
    if (bytes) return bytes.byteOffset;
    // What lies in several pieces is copied to the buffer that the program may have given.
    const copied = call.address(3) === 0 ? undefined : packet.copy(of.offset + at, length);
    if (!copied) return 0;
    call.write(3, length).set(copied);
    return call.address(3);
  };

  return {
    // bpf_dynptr_from_mem(data, size, flags, ptr)
    197: (call) => {
      const sizeBytes = call.u32(2);
      const error = sizeBytes > mostBytes ? -errno.E2BIG : call.u64(3) === 0n ? 0 : -errno.EINVAL;
      put(call, 4, error ? nothing : { ...nothing, kind: kinds.memory, address: call.address(1), sizeBytes });
      return error;
    },
    // bpf_ringbuf_reserve_dynptr(ringbuf, size, flags, ptr)
    198: (call) => {
      const sizeBytes = call.u32(2);
      const refused = call.u64(3) !== 0n ? -errno.EINVAL : sizeBytes > mostBytes ? -errno.E2BIG : 0;
      const address = refused ? 0 : ringBufferOf(call, maps).reserve(sizeBytes);
      put(call, 4, address === 0 ? nothing : { ...nothing, kind: kinds.memory, address, sizeBytes });
      return refused || (address === 0 ? -errno.EINVAL : 0);
    },
    // bpf_ringbuf_submit_dynptr(ptr, flags)
    199: finish("submits", maps),
    // bpf_ringbuf_discard_dynptr(ptr, flags)
    200: finish("discards", maps),
    // bpf_dynptr_read(dst, len, src, offset, flags)
    201: (call) => {
      const out = call.write(1, call.u32(2));
      const bytes = call.u64(5) === 0n ? read(call, get(call, 3), call.u32(4), out.length) : -errno.EINVAL;
      if (typeof bytes === "number") return bytes;
      out.set(bytes);
      return 0;
    },
    // bpf_dynptr_write(dst, offset, src, len, flags)
    202: (call) => write(call, get(call, 1), call.u32(2), call.read(3, call.u32(4)), call.u64(5)),
    // bpf_dynptr_data(ptr, offset, len): not for packets
    203: (call) => {
      const of = get(call, 1);
      const [at, length] = [call.u32(2), call.u32(3)];
      if (of.kind !== kinds.memory || of.isReadOnly || !isInside(of, at, length)) return 0;
      return of.address + of.offset + at;
    },
    ...kernelFunctions({
      // (ctx, flags, ptr)
      [packet.from]: from,
      // (ptr, offset, buffer__opt, buffer__szk)
      bpf_dynptr_slice: (call) => slice(call, false),
      bpf_dynptr_slice_rdwr: (call) => slice(call, true),
      // (ptr, start, end)
      bpf_dynptr_adjust: (call) => {
        const of = get(call, 1);
        const [start, end] = [call.u32(2), call.u32(3)];
        if (of.kind === kinds.none || start > end) return -errno.EINVAL;
        if (end > of.sizeBytes) return -errno.ERANGE;
        put(call, 1, { ...of, offset: of.offset + start, sizeBytes: end - start });
        return 0;
      },
      bpf_dynptr_is_null: (call) => (get(call, 1).kind === kinds.none ? 1 : 0),
      bpf_dynptr_is_rdonly: (call) => (get(call, 1).isReadOnly ? 1 : 0),
      bpf_dynptr_size: (call) => {
        const { kind, sizeBytes } = get(call, 1);
        // An unsigned number, also where it is an error.
        return kind === kinds.none ? -errno.EINVAL >>> 0 : sizeBytes;
      },
      // (ptr, clone)
      bpf_dynptr_clone: (call) => {
        const of = get(call, 1);
        put(call, 2, of);
        return of.kind === kinds.none ? -errno.EINVAL : 0;
      },
      // (dst, dst_offset, src, src_offset, size)
      bpf_dynptr_copy: (call) => {
        const bytes = read(call, get(call, 3), call.u32(4), call.u32(5));
        return typeof bytes === "number" ? bytes : write(call, get(call, 1), call.u32(2), bytes.slice(), 0n);
      },
      // (ptr, offset, size, value)
      bpf_dynptr_memset: (call) => {
        const of = get(call, 1);
        const [at, length] = [call.u32(2), call.u32(3)];
        if (of.isReadOnly) return -errno.EINVAL;
        if (!isInside(of, at, length)) return -errno.E2BIG;
        return write(call, of, at, new Uint8Array(length).fill(call.u32(4)), 0n);
      },
    }),
  };
}

function finish(verb: "submits" | "discards", maps: MapTable): Helper {
  return (call) => {
    const { kind, address, offset } = get(call, 1);
    put(call, 1, nothing);
    if (kind !== kinds.none) finishRecord(maps, address + offset, verb);
    return 0;
  };
}

/** bpf_dynptr_check_off_len(). */
function isInside({ sizeBytes }: Dynptr, offset: number, length: number): boolean {
  return offset + length <= sizeBytes;
}

/** Words of a dynptr: address, kind (bit 31: read-only), size, offset. */
const readOnlyBit = 0x8000_0000;

function get(call: Call, argument: number): Dynptr {
  call.read(argument, dynptrBytes);
  const at = call.address(argument);
  const [address, kind, sizeBytes, offset] = [0, 4, 8, 12].map((word) => call.arena.view.getUint32(at + word, true));
  return {
    kind: kind! & ~readOnlyBit,
    address: address!,
    isReadOnly: (kind! & readOnlyBit) !== 0,
    sizeBytes: sizeBytes!,
    offset: offset!,
  };
}

function put(call: Call, argument: number, { kind, address, isReadOnly, sizeBytes, offset }: Dynptr): void {
  call.write(argument, dynptrBytes);
  const at = call.address(argument);
  const words = [address, isReadOnly ? kind | readOnlyBit : kind, sizeBytes, offset];
  words.forEach((word, i) => call.arena.view.setUint32(at + 4 * i, word, true));
}
