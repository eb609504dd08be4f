import { textBytes } from "../byte-text.js";
import type { World } from "../world.js";
import type { HelperTable } from "./table.js";

/** Inode number of the root of the cgroup hierarchy. */
const rootCgroupId = 1;

/**
 * The task that a packet interrupts: the idle task of the CPU, with process 0, user 0, in the root cgroup. What
 * points to its `struct task_struct` (bpf_get_current_task) is left out, as there is none to read.
 */
export function taskHelpers(world: World): HelperTable {
  return {
    // bpf_get_current_pid_tgid()
    14: () => 0,
    // bpf_get_current_uid_gid()
    15: () => 0,
    // bpf_get_current_comm(buf, size)
    16: (call) => {
      const size = call.u32(2);
      const name = textBytes(`swapper/${world.cpu}`).subarray(0, Math.max(0, size - 1));
      call.write(1, size).fill(0).set(name);
      return 0;
    },
    // bpf_get_current_cgroup_id()
    80: () => rootCgroupId,
    // bpf_get_current_ancestor_cgroup_id(level)
    123: (call) => (call.i32(1) === 0 ? rootCgroupId : 0),
  };
}
