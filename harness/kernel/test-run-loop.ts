import { attrSizeBytes, bpfCommands } from "./attr.js";
import { addressOf, koffi, libc } from "./libc.js";

/**
 * Runs `attrs` (BPF_PROG_TEST_RUN each, one behind the other) in order and stops at the first that is refused.
 * Returns zero, or the negative errno; how far it came is to be seen from what the kernel wrote.
 */
export type TestRunLoop = (attrs: Uint8Array, count: number) => number;

/**
 * The loop itself as machine code, since it is the calls into native code and not the kernel that a Node program
 * would mostly wait for: a system call for an empty program takes less than a microsecond, and the way through
 * N-API and back a fifth of one more. 41 or 48 bytes are what a C compiler would make of
 *
 *     long loop(union bpf_attr *attr, long count) {
 *       long result;
 *       do {
 *         result = syscall(SYS_bpf, BPF_PROG_TEST_RUN, attr, 80);
 *         attr = (void *)attr + 80;
 *       } while (result >= 0 && --count);
 *       return result;
 *     }
 *
 * test-run-loop.test.ts assembles the comments and compares.
 */
export const machineCode: Partial<Record<NodeJS.Architecture, readonly (readonly [hex: string, assembly: string])[]>> =
  {
    x64: [
      ["4989f8", "      movq %rdi, %r8"], // r8 and r9 outlive a system call, rcx and r11 do not
      ["4989f1", "      movq %rsi, %r9"],
      ["b841010000", "again: movl $321, %eax"],
      ["bf0a000000", "      movl $10, %edi"],
      ["4c89c6", "      movq %r8, %rsi"],
      ["ba50000000", "      movl $80, %edx"],
      ["0f05", "      syscall"],
      ["4885c0", "      testq %rax, %rax"],
      ["7809", "      js done"],
      ["4983c050", "      addq $80, %r8"],
      ["49ffc9", "      decq %r9"],
      ["75de", "      jnz again"],
      ["c3", "done: retq"],
    ],
    arm64: [
      ["e90300aa", "      mov x9, x0"], // a system call changes x0 only
      ["ea0301aa", "      mov x10, x1"],
      ["082380d2", "again: mov x8, #280"],
      ["400180d2", "      mov x0, #10"],
      ["e10309aa", "      mov x1, x9"],
      ["020a80d2", "      mov x2, #80"],
      ["010000d4", "      svc #0"],
      ["8000f8b7", "      tbnz x0, #63, done"],
      ["29410191", "      add x9, x9, #80"],
      ["4a0500f1", "      subs x10, x10, #1"],
      ["01ffff54", "      b.ne again"],
      ["c0035fd6", "done: ret"],
    ],
  };

let loop: TestRunLoop | undefined;

/** The loop for this machine, made when first needed and kept for the process's lifetime. */
export function testRunLoop(): TestRunLoop {
  loop ??= nativeLoop() ?? plainLoop;
  return loop;
}

/** Where memory may not become code (a strict SELinux policy, say), and for reference. */
export const plainLoop: TestRunLoop = (attrs, count) => {
  for (let i = 0; i < count; i++) {
    const attr = attrs.subarray(i * attrSizeBytes, (i + 1) * attrSizeBytes);
    const result = libc().bpf(bpfCommands.BPF_PROG_TEST_RUN, attr, attrSizeBytes);
    if (result < 0) return result;
  }
  return 0;
};

/** Memory is written first and made executable then, never both at once. */
export function nativeLoop(): TestRunLoop | undefined {
  const lines = machineCode[process.arch];
  if (!lines) return undefined;
  const code = Buffer.from(lines.map(([hex]) => hex).join(""), "hex");
  const address = libc().mapCode(code);
  if (address === undefined) return undefined;
  const ffi = koffi();
  const native = ffi.decode(address, ffi.proto("long", ["int64_t", "long"])) as unknown as (
    attrs: number,
    count: number,
  ) => number;
  let known: Uint8Array | undefined;
  let knownAddress = 0;
  return (attrs, count) => {
    if (attrs !== known) {
      known = attrs;
      // Addresses of user space have 47 bits (52 on arm64 at most), which a number holds exactly.
      knownAddress = Number(addressOf(attrs));
    }
    return native(knownAddress, count);
  };
}
