import { readable } from "../arena.js";
import { errno } from "../errno.js";
import type { Helper } from "../machine.js";
import type { World } from "../world.js";
import type { HelperTable } from "./table.js";

/** HZ of the simulated kernel. */
const jiffiesPerSecond = 250n;

/** BPF_MAX_LOOPS of include/linux/bpf.h. */
const maxLoops = 8 * 1024 * 1024;

/** Time, chance, CPU, locks and loops: what any program may ask the kernel for. */
export function kernelHelpers(world: World): HelperTable {
  const now = () => world.clock.nowNs;
  return {
    // bpf_probe_read(dst, size, unsafe_ptr)
    4: probeRead,
    // bpf_ktime_get_ns()
    5: now,
    // bpf_get_prandom_u32()
    7: () => world.random(),
    // bpf_get_smp_processor_id()
    8: () => world.cpu,
    // bpf_get_numa_node_id()
    42: () => 0,
    // bpf_spin_lock(lock): there is one thread.
    93: () => 0,
    // bpf_spin_unlock(lock)
    94: () => 0,
    // bpf_probe_read_user(dst, size, unsafe_ptr)
    112: readUser,
    // bpf_probe_read_kernel(dst, size, unsafe_ptr)
    113: probeRead,
    // bpf_probe_read_user_str(dst, size, unsafe_ptr)
    114: readUser,
    // bpf_probe_read_kernel_str(dst, size, unsafe_ptr)
    115: readText,
    // bpf_jiffies64(): the kernel's counter starts five minutes before it would overflow.
    118: () => BigInt.asUintN(32, -300n * jiffiesPerSecond) + (world.clock.nowNs * jiffiesPerSecond) / 1_000_000_000n,
    // bpf_ktime_get_boot_ns(): the machine never sleeps.
    125: now,
    // bpf_ktime_get_coarse_ns()
    160: now,
    // bpf_loop(iterations, callback, context, flags)
    181: (call, machine) => {
      const iterations = call.u32(1);
      const [callback, context] = [call.address(2), call.u64(3)];
      if (call.u64(4) !== 0n) return -errno.EINVAL;
      if (iterations > maxLoops) return -errno.E2BIG;
      for (let i = 0; i < iterations; i++) {
        call.set(1, i);
        call.set(2, context);
        machine.callBack(callback);
        if (call.result !== 0n) return i + 1;
      }
      return iterations;
    },
    // bpf_strncmp(s1, s1_size, s2)
    182: (call) => {
      const size = call.u32(2);
      const [first, second] = [call.read(1, size), call.address(3)];
      for (let i = 0; i < size; i++) {
        const [a, b] = [first[i]!, call.arena.read(second + i, 1)[0]!];
        if (a !== b) return a < b ? -1 : 1;
        if (a === 0) break;
      }
      return 0;
    },
    // bpf_ktime_get_tai_ns()
    208: now,
  };
}

/** TASK_SIZE_MAX of x86-64: addresses below are no business of the kernel's (copy_from_kernel_nofault_allowed). */
const userSpaceEnd = 2 ** 47;

/** Packets are handled in no process: there is no memory of one. */
const readUser: Helper = (call) => {
  call.write(1, call.u32(2)).fill(0);
  return -errno.EFAULT;
};

/** A text with its NUL, cut off where there is no room; the length with NUL. */
const readText: Helper = (call) => {
  const size = call.u32(2);
  const from = call.address(3);
  const out = call.write(1, size);
  for (let i = 0; i < size; i++) {
    if (!call.arena.allows(from + i, 1, readable)) {
      out.fill(0);
      return from < userSpaceEnd ? -errno.ERANGE : -errno.EFAULT;
    }
    out[i] = i === size - 1 ? 0 : call.arena.bytes[from + i]!;
    if (out[i] === 0) return i + 1;
  }
  return 0;
};

/** What cannot be read is zero, and an error instead of a fault. */
const probeRead: Helper = (call) => {
  const size = call.u32(2);
  const from = call.address(3);
  const out = call.write(1, size);
  const allowed = call.arena.allows(from, size, readable);
  if (allowed) out.set(call.arena.read(from, size));
  else out.fill(0);
  if (allowed) return 0;
  return from < userSpaceEnd ? -errno.ERANGE : -errno.EFAULT;
};
