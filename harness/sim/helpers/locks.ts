import { kernelFunctions } from "../kernel-functions.js";

/** There is one thread, and nothing interrupts it: RCU, preemption and interrupts are as the program wants them. */
export const lockHelpers = kernelFunctions({
  bpf_rcu_read_lock: () => 0,
  bpf_rcu_read_unlock: () => 0,
  bpf_preempt_disable: () => 0,
  bpf_preempt_enable: () => 0,
  // (flags)
  bpf_local_irq_save: (call) => {
    call.write(1, 8).fill(0);
    return 0;
  },
  bpf_local_irq_restore: () => 0,
});
