import { createRequire } from "node:module";
import { harnessError, type HarnessError, type ErrorCode } from "../model/error.js";
import { errnoText } from "./errno.js";

/**
 * The C library through koffi: every declaration of a libc function that packetproof calls is in this file, since
 * a wrong prototype is a segmentation fault and not an exception. Structures cross as bytes (`Uint8Array` plus
 * `DataView`), which is also four times as fast as koffi's objects.
 *
 * All functions are synchronous and run on the calling thread, so that `setns` and `sched_setaffinity` mean what
 * they say. All return what a raw system call does: zero or more, or the negative errno.
 */
export interface Libc {
  /** bpf(2); some commands write into `attr`. */
  bpf(command: number, attr: Uint8Array, sizeBytes: number): number;
  open(path: string, flags: number, mode: number): number;
  close(fd: number): number;
  /** On a thread of libuv's pool: closing a packet socket waits for an RCU grace period, about 10 ms. */
  closeInBackground(fd: number): Promise<number>;
  read(fd: number, into: Uint8Array, sizeBytes: number): number;
  write(fd: number, bytes: Uint8Array, sizeBytes: number): number;
  lseek(fd: number, offset: number, whence: number): number;
  fcntl(fd: number, command: number, argument: number): number;
  ioctl(fd: number, request: number, argument: Uint8Array): number;
  mount(source: string, target: string, type: string, flags: number, options: string | null): number;
  umount2(target: string, flags: number): number;
  /** Moves the calling thread only. */
  setns(fd: number, namespaceType: number): number;
  unshare(flags: number): number;
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array, sizeBytes: number): number;
  listen(fd: number, backlog: number): number;
  connect(fd: number, address: Uint8Array, sizeBytes: number): number;
  accept4(fd: number, flags: number): number;
  send(fd: number, bytes: Uint8Array, sizeBytes: number, flags: number): number;
  recv(fd: number, into: Uint8Array, sizeBytes: number, flags: number): number;
  setsockopt(fd: number, level: number, option: number, value: Uint8Array, sizeBytes: number): number;
  /** `sizeBytes` is a 32-bit size, in and out. */
  getsockopt(fd: number, level: number, option: number, value: Uint8Array, sizeBytes: Uint8Array): number;
  sendmmsg(fd: number, messages: Uint8Array, count: number, flags: number): number;
  recvmmsg(fd: number, messages: Uint8Array, count: number, flags: number, timeout: Uint8Array | null): number;
  /** Blocks the event loop: for waits that are known to be short. */
  poll(descriptors: Uint8Array, count: number, timeoutMs: number): number;
  /** In the calling thread's network namespace. */
  if_nametoindex(name: string): number;
  /** Thread 0 is the caller; `mask` has one bit a CPU. */
  sched_setaffinity(thread: number, sizeBytes: number, mask: Uint8Array): number;
  sched_getaffinity(thread: number, sizeBytes: number, mask: Uint8Array): number;
  /** The CPU that the calling thread is on now. */
  sched_getcpu(): number;
  /** membarrier(2); the command MEMBARRIER_CMD_GLOBAL waits for an RCU grace period. */
  membarrier(command: number, flags: number, cpu: number): number;
  /** Memory of the process's own with this code in it, readable and executable; undefined where that is not allowed. */
  mapCode(code: Uint8Array): bigint | undefined;
  /** mmap(2) of a descriptor's memory, to read and write: its address. */
  mapShared(fd: number, sizeBytes: number, offset: number): bigint;
  munmap(address: bigint, sizeBytes: number): number;
  /** Memory that something else owns: not to be touched once that has let go of it. */
  memoryAt(address: bigint, sizeBytes: number): ArrayBuffer;
  /** perf_event_open(2). */
  perf_event_open(attr: Uint8Array, pid: number, cpu: number, groupFd: number, flags: number): number;
}

type Koffi = typeof import("koffi");

/** System calls without a wrapper in libc: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h. */
const syscallNumbers: Partial<Record<NodeJS.Architecture, { bpf: number; membarrier: number; perfEventOpen: number }>> =
  {
    x64: { bpf: 321, membarrier: 324, perfEventOpen: 298 },
    arm64: { bpf: 280, membarrier: 283, perfEventOpen: 241 },
  };

/** mmap(2), the same on x86-64 and arm64. */
const PROT_READ = 1;
const PROT_WRITE = 2;
const PROT_EXEC = 4;
const MAP_SHARED = 1;
const MAP_PRIVATE = 2;
const MAP_ANONYMOUS = 0x20;

let koffiModule: Koffi | undefined;
let library: Libc | undefined;

/** koffi itself, loaded when first needed: only Linux machines that talk to their kernel need it. */
export function koffi(): Koffi {
  if (koffiModule) return koffiModule;
  if (process.platform !== "linux")
    throw harnessError("unsupported", `there is no Linux kernel to talk to on ${process.platform}`, {
      hint: "use --backend sim, or run in a Linux virtual machine",
    });
  try {
    koffiModule = createRequire(import.meta.url)("koffi") as Koffi;
  } catch (cause) {
    throw harnessError("tool", "koffi, which calls C libraries from Node, cannot be loaded", {
      hint: "run npm install (without --omit=optional: koffi's binaries are optional packages)",
      cause,
    });
  }
  return koffiModule;
}

/** The libc that Node itself is linked to (glibc or musl), declared once. */
export function libc(): Libc {
  library ??= declare();
  return library;
}

/** Bytes' address, for pointers inside structures. It does not keep the bytes alive: the caller does. */
export function addressOf(bytes: Uint8Array): bigint {
  return koffi().address(bytes);
}

/** Passes a result on; a negative errno becomes a HarnessError "<doing>: EPERM (Operation not permitted)". */
export function orThrow(result: number, doing: string, hint?: string, code?: ErrorCode): number {
  if (result >= 0) return result;
  throw systemError(-result, doing, hint, code);
}

/** EPERM and EACCES have the code "privilege" unless the caller knows better. */
export function systemError(errno: number, doing: string, hint?: string, code?: ErrorCode): HarnessError {
  const denied = errno === 1 || errno === 13;
  return harnessError(code ?? (denied ? "privilege" : "io"), `${doing}: ${errnoText(errno)}`, {
    hint: hint ?? (denied ? "run as root (CAP_BPF, CAP_NET_ADMIN, CAP_SYS_ADMIN)" : undefined),
  });
}

function declare(): Libc {
  const ffi = koffi();
  const numbers = syscallNumbers[process.arch];
  if (numbers === undefined)
    throw harnessError("unsupported", `packetproof does not know the system call numbers of ${process.arch}`, {
      hint: "x64 and arm64 are supported",
    });
  checkModel(ffi);
  // The process's own symbols: whichever libc Node was linked against.
  const self = ffi.load(null);
  const checked = (result: number): number => (result < 0 ? -ffi.errno() : result);

  // Variadic functions are declared with the arguments that are passed: both ABIs put integers in the same registers.
  const syscallBpf = self.func("long syscall(long number, long command, void *attr, long size)");
  const syscallMembarrier = self.func("long syscall(long number, int command, unsigned int flags, int cpu)");
  const syscallPerfEventOpen = self.func(
    "long syscall(long number, void *attr, int pid, int cpu, int group, unsigned long flags)",
  );
  const open = self.func("int open(const char *path, int flags, int mode)");
  const close = self.func("int close(int fd)");
  const read = self.func("long read(int fd, void *into, size_t size)");
  const write = self.func("long write(int fd, const void *bytes, size_t size)");
  const lseek = self.func("int64_t lseek(int fd, int64_t offset, int whence)");
  const fcntl = self.func("int fcntl(int fd, int command, long argument)");
  const ioctl = self.func("int ioctl(int fd, unsigned long request, void *argument)");
  const mount = self.func(
    "int mount(const char *source, const char *target, const char *type, unsigned long flags, const char *options)",
  );
  const umount2 = self.func("int umount2(const char *target, int flags)");
  const setns = self.func("int setns(int fd, int type)");
  const unshare = self.func("int unshare(int flags)");
  const socket = self.func("int socket(int domain, int type, int protocol)");
  const bind = self.func("int bind(int fd, const void *address, unsigned int size)");
  const listen = self.func("int listen(int fd, int backlog)");
  const connect = self.func("int connect(int fd, const void *address, unsigned int size)");
  const accept4 = self.func("int accept4(int fd, void *address, void *size, int flags)");
  const send = self.func("long send(int fd, const void *bytes, size_t size, int flags)");
  const recv = self.func("long recv(int fd, void *into, size_t size, int flags)");
  const setsockopt = self.func("int setsockopt(int fd, int level, int option, const void *value, unsigned int size)");
  const getsockopt = self.func("int getsockopt(int fd, int level, int option, void *value, void *size)");
  const sendmmsg = self.func("int sendmmsg(int fd, void *messages, unsigned int count, int flags)");
  const recvmmsg = self.func("int recvmmsg(int fd, void *messages, unsigned int count, int flags, void *timeout)");
  const poll = self.func("int poll(void *descriptors, unsigned long count, int timeout)");
  const nameToIndex = self.func("unsigned int if_nametoindex(const char *name)");
  const setAffinity = self.func("int sched_setaffinity(int thread, size_t size, const void *mask)");
  const getAffinity = self.func("int sched_getaffinity(int thread, size_t size, void *mask)");
  const getCpu = self.func("int sched_getcpu()");
  const mmap = self.func("int64_t mmap(void *at, size_t size, int protection, int flags, int fd, int64_t offset)");
  const munmap = self.func("int munmap(int64_t address, size_t size)");
  const mprotect = self.func("int mprotect(int64_t address, size_t size, int protection)");

  return {
    // On the hot path of test runs: no rest parameters, no closure over arrays.
    bpf(command, attr, sizeBytes) {
      const result = syscallBpf(numbers.bpf, command, attr, sizeBytes) as number;
      return result < 0 ? -ffi.errno() : result;
    },
    open: (path, flags, mode) => checked(open(path, flags, mode)),
    close: (fd) => checked(close(fd)),
    closeInBackground: (fd) =>
      new Promise((resolve, reject) =>
        close.async(fd, (failure: unknown, result: number) => {
          if (failure) reject(failure);
          else resolve(result);
        }),
      ),
    read: (fd, into, size) => checked(read(fd, into, size)),
    write: (fd, bytes, size) => checked(write(fd, bytes, size)),
    lseek: (fd, offset, whence) => checked(lseek(fd, offset, whence)),
    fcntl: (fd, command, argument) => checked(fcntl(fd, command, argument)),
    ioctl: (fd, request, argument) => checked(ioctl(fd, request, argument)),
    mount: (source, target, type, flags, options) => checked(mount(source, target, type, flags, options)),
    umount2: (target, flags) => checked(umount2(target, flags)),
    setns: (fd, type) => checked(setns(fd, type)),
    unshare: (flags) => checked(unshare(flags)),
    socket: (domain, type, protocol) => checked(socket(domain, type, protocol)),
    bind: (fd, address, size) => checked(bind(fd, address, size)),
    listen: (fd, backlog) => checked(listen(fd, backlog)),
    connect: (fd, address, size) => checked(connect(fd, address, size)),
    accept4: (fd, flags) => checked(accept4(fd, null, null, flags)),
    send: (fd, bytes, size, flags) => checked(send(fd, bytes, size, flags)),
    recv: (fd, into, size, flags) => checked(recv(fd, into, size, flags)),
    setsockopt: (fd, level, option, value, size) => checked(setsockopt(fd, level, option, value, size)),
    getsockopt: (fd, level, option, value, size) => checked(getsockopt(fd, level, option, value, size)),
    sendmmsg: (fd, messages, count, flags) => checked(sendmmsg(fd, messages, count, flags)),
    recvmmsg: (fd, messages, count, flags, timeout) => checked(recvmmsg(fd, messages, count, flags, timeout)),
    poll: (descriptors, count, timeoutMs) => checked(poll(descriptors, count, timeoutMs)),
    if_nametoindex: (name) => (nameToIndex(name) as number) || -ffi.errno(),
    sched_setaffinity: (thread, size, mask) => checked(setAffinity(thread, size, mask)),
    sched_getaffinity: (thread, size, mask) => checked(getAffinity(thread, size, mask)),
    sched_getcpu: () => checked(getCpu()),
    membarrier: (command, flags, cpu) => checked(syscallMembarrier(numbers.membarrier, command, flags, cpu)),
    mapCode(code) {
      // Writable first and executable then, never both at once.
      const address = mmap(null, code.length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) as number;
      if (address === -1) return undefined;
      new Uint8Array(ffi.view(BigInt(address), code.length)).set(code);
      return mprotect(address, code.length, PROT_READ | PROT_EXEC) === 0 ? BigInt(address) : undefined;
    },
    mapShared(fd, size, offset) {
      const address = mmap(null, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset) as number;
      return BigInt(address === -1 ? -ffi.errno() : address);
    },
    munmap: (address, size) => checked(munmap(address, size)),
    memoryAt: (address, size) => ffi.view(address, size),
    perf_event_open: (attr, pid, cpu, group, flags) =>
      checked(syscallPerfEventOpen(numbers.perfEventOpen, attr, pid, cpu, group, flags)),
  };
}

/** Every structure that we lay out by hand assumes little-endian LP64. */
function checkModel(ffi: Koffi): void {
  const lp64 = ffi.sizeof("long") === 8 && ffi.sizeof("void *") === 8 && ffi.sizeof("size_t") === 8;
  const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
  if (!lp64 || !littleEndian)
    throw harnessError("unsupported", "packetproof needs a 64-bit little-endian machine for its kernel structures", {
      hint: "use --backend sim",
    });
}
