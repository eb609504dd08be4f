import { errno } from "../errno.js";
import { kernelFunctions } from "../kernel-functions.js";

/** BPF_MAX_LOOPS of include/linux/bpf.h. */
const maxLoops = 8 * 1024 * 1024;

/** struct bpf_iter_num: the number that was given last, and the end. */
const iteratorBytes = 8;
const endOffset = 4;

/** Loops over numbers, as `bpf_for` and `bpf_repeat` write them (kernel/bpf/bpf_iter.c). */
export const iteratorHelpers = kernelFunctions({
  // (it, start, end)
  bpf_iter_num_new: (call) => {
    const [start, end] = [call.i32(2), call.i32(3)];
    const words = new DataView(new ArrayBuffer(iteratorBytes));
    const error = start > end ? -errno.EINVAL : end - start > maxLoops ? -errno.E2BIG : 0;
    if (error === 0) {
      // The first `next` gives `start`; what is before the smallest number is never compared.
      words.setInt32(0, start - 1, true);
      words.setInt32(endOffset, end, true);
    }
    call.write(1, iteratorBytes).set(new Uint8Array(words.buffer));
    return error;
  },
  bpf_iter_num_next: (call) => {
    const { view } = call.arena;
    const address = call.address(1);
    call.read(1, iteratorBytes);
    const next = (view.getInt32(address, true) + 1) | 0;
    if (next >= view.getInt32(address + endOffset, true)) {
      call.write(1, iteratorBytes).fill(0);
      return 0;
    }
    view.setInt32(address, next, true);
    return address;
  },
  bpf_iter_num_destroy: (call) => {
    call.write(1, iteratorBytes).fill(0);
    return 0;
  },
});
