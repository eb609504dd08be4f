import type { Call } from "../call.js";
import { errno } from "../errno.js";
import { Fault } from "../fault.js";
import type { MapTable } from "../maps/map-table.js";
import { PerfEventArrayStore } from "../maps/perf-event-array.js";
import { RingBufferStore } from "../maps/ring-buffer.js";
import type { World } from "../world.js";
import type { HelperTable } from "./table.js";

/** BPF_F_CURRENT_CPU, in the lower half of the flags. */
const currentCpu = 0xffff_ffff;

/** BPF_RB_NO_WAKEUP and BPF_RB_FORCE_WAKEUP. */
const wakeupFlags = 3;

/** The packet bytes that follow an event, for bpf_perf_event_output(); undefined beyond the packet. */
export type PacketSample = (sizeBytes: number) => Uint8Array | undefined;

/** Ring buffers and perf buffers. */
export function eventHelpers(maps: MapTable, world: World, sample: PacketSample): HelperTable {
  const ring = (call: Call) => ringBufferOf(call, maps);
  const finish = (verb: "submits" | "discards") => (call: Call) => {
    finishRecord(maps, call.address(1), verb);
    return 0;
  };
  return {
    // bpf_perf_event_output(ctx, map, flags, data, size)
    25: (call) => {
      const map = maps.at(call.address(2));
      if (!(map instanceof PerfEventArrayStore)) throw new Fault(`takes map '${map.spec.name}' for a perf buffer`);
      const flags = call.u64(3);
      // Index of the CPU in bits 0 to 31, bytes of the packet to append in bits 32 to 51.
      if (flags >> 52n !== 0n) return -errno.EINVAL;
      const packet = sample(Number(flags >> 32n));
      if (!packet) return -errno.EFAULT;
      const index = Number(flags & 0xffff_ffffn);
      const cpu = index === currentCpu ? world.cpu : index;
      if (cpu >= (map.spec.maxEntries || world.cpus)) return -errno.E2BIG;
      if (!map.isRead) return -errno.ENOENT;
      // The kernel writes only into the buffer of the CPU that it runs on.
      if (cpu !== world.cpu) return -errno.EOPNOTSUPP;
      const data = call.read(4, call.u32(5));
      const event = new Uint8Array(data.length + packet.length);
      event.set(data);
      event.set(packet, data.length);
      return map.output(cpu, event);
    },
    // bpf_ringbuf_output(map, data, size, flags)
    130: (call) => {
      if (call.address(4) & ~wakeupFlags) return -errno.EINVAL;
      return ring(call).output(call.read(2, call.u32(3)));
    },
    // bpf_ringbuf_reserve(map, size, flags)
    131: (call) => (call.u64(3) === 0n ? ring(call).reserve(call.u32(2)) : 0),
    // bpf_ringbuf_submit(record, flags)
    132: finish("submits"),
    // bpf_ringbuf_discard(record, flags)
    133: finish("discards"),
    // bpf_ringbuf_query(map, flags)
    134: (call) => ring(call).query(call.u32(2)),
  };
}

/** The ring buffer that the first argument of a call is. */
export function ringBufferOf(call: Call, maps: MapTable): RingBufferStore {
  const map = maps.at(call.address(1));
  if (!(map instanceof RingBufferStore)) throw new Fault(`takes map '${map.spec.name}' for a ring buffer`);
  return map;
}

/** Ends the reservation of the record that begins at an address, in whatever ring buffer it is. */
export function finishRecord(maps: MapTable, address: number, verb: "submits" | "discards"): void {
  const owner = [...maps.all].find((map) => map instanceof RingBufferStore && map.holds(address));
  if (!(owner instanceof RingBufferStore))
    throw new Fault(`${verb} 0x${address.toString(16)}, which is no reserved record (any more)`);
  owner.finish(address, verb);
}
