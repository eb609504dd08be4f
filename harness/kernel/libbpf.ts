import { harnessError } from "../model/error.js";
import { koffi } from "./libc.js";

/** A pointer that libbpf gave us; only libbpf looks behind it. */
export type Pointer = bigint & { readonly __opaque: unique symbol };

/**
 * libbpf.so.1 through koffi, under libbpf's own names: bpf/libbpf.h documents every one. As with libc, every
 * declaration is in this file. Functions that return int return zero or more, or the negative errno.
 */
export interface Libbpf {
  libbpf_version_string(): string;
  bpf_object__open_mem(bytes: Uint8Array, sizeBytes: number, options: OpenOptions): Pointer | null;
  bpf_object__load(object: Pointer): number;
  bpf_object__close(object: Pointer): void;
  bpf_object__next_program(object: Pointer, previous: Pointer | null): Pointer | null;
  bpf_object__next_map(object: Pointer, previous: Pointer | null): Pointer | null;
  /** Also finds `.rodata` and its like by their section's name. */
  bpf_object__find_map_by_name(object: Pointer, name: string): Pointer | null;
  bpf_program__name(program: Pointer): string;
  bpf_program__type(program: Pointer): number;
  bpf_program__set_type(program: Pointer, type: number): number;
  bpf_program__set_expected_attach_type(program: Pointer, type: number): number;
  bpf_program__set_autoload(program: Pointer, autoload: boolean): number;
  /** Where the verifier's log of the program goes; has to live until the load is over. */
  bpf_program__set_log_buf(program: Pointer, log: Uint8Array, sizeBytes: number): number;
  /** BPF_LOG_… bits; 0 has libbpf try without a log first, and with one if that fails. */
  bpf_program__set_log_level(program: Pointer, level: number): number;
  bpf_program__fd(program: Pointer): number;
  bpf_map__name(map: Pointer): string;
  bpf_map__fd(map: Pointer): number;
  bpf_map__pin_path(map: Pointer): string | null;
  bpf_map__set_pin_path(map: Pointer, path: string): number;
  /** Before loading: the map is that of the descriptor, which stays the caller's. */
  bpf_map__reuse_fd(map: Pointer, fd: number): number;
  /** The bytes that the map starts with, writable until the object is loaded; `sizeBytes` is a 64-bit size, out. */
  bpf_map__initial_value(map: Pointer, sizeBytes: Uint8Array): Pointer | null;
  ring_buffer__new(mapFd: number, sample: bigint, context: null, options: null): Pointer | null;
  ring_buffer__consume(ring: Pointer): number;
  ring_buffer__free(ring: Pointer): void;
  perf_buffer__new(
    mapFd: number,
    pages: number,
    sample: bigint,
    lost: bigint,
    context: null,
    options: null,
  ): Pointer | null;
  perf_buffer__consume(buffer: Pointer): number;
  perf_buffer__free(buffer: Pointer): void;
  /** Acts in the calling thread's network namespace, as do the other two; the structures are in wire/tc-filter.ts. */
  bpf_tc_hook_create(hook: Uint8Array): number;
  bpf_tc_attach(hook: Uint8Array, options: Uint8Array): number;
  bpf_tc_detach(hook: Uint8Array, options: Uint8Array): number;
}

/** The part of struct bpf_object_open_opts that we fill in. */
export interface OpenOptions {
  readonly objectName: string;
  /** Where maps that are pinned by name go. */
  readonly pinRoot: string | null;
}

const libbpfFile = "libbpf.so.1";

let library: Libbpf | undefined;
let messages: string[] | undefined;

/** libbpf, loaded when first needed. */
export function libbpf(): Libbpf {
  library ??= declare();
  return library;
}

/** `1.1`; throws where there is no libbpf. */
export function libbpfVersion(): string {
  return libbpf().libbpf_version_string().replace(/^v/, "");
}

/** Calls `work` and returns what libbpf said meanwhile (warnings and information, not its debug messages). */
export function withMessages<T>(work: () => T): { readonly result: T; readonly messages: string } {
  const said: string[] = [];
  messages = said;
  try {
    return { result: work(), messages: said.join("") };
  } finally {
    messages = undefined;
  }
}

/** `void sample(void *ctx, void *data, size_t size)` of a ring buffer; data is only valid during the call. */
export function ringBufferCallback(onSample: (data: bigint, sizeBytes: number) => void): bigint {
  return koffi().register((_context: unknown, data: bigint, size: number) => {
    onSample(data, size);
    return 0;
  }, callbackTypes().ringSample);
}

export function perfSampleCallback(onSample: (cpu: number, data: bigint, sizeBytes: number) => void): bigint {
  return koffi().register((_context: unknown, cpu: number, data: bigint, size: number) => {
    onSample(cpu, data, size);
  }, callbackTypes().perfSample);
}

export function perfLostCallback(onLost: (cpu: number, count: number) => void): bigint {
  return koffi().register((_context: unknown, cpu: number, count: number | bigint) => {
    onLost(cpu, Number(count));
  }, callbackTypes().perfLost);
}

type CallbackTypes = Record<
  "print" | "ringSample" | "perfSample" | "perfLost",
  ReturnType<typeof import("koffi").pointer>
>;

let types: CallbackTypes | undefined;

function callbackTypes(): CallbackTypes {
  const ffi = koffi();
  types ??= {
    print: ffi.pointer(ffi.proto("int pp_print(int level, void *format, void *arguments)")),
    ringSample: ffi.pointer(ffi.proto("int pp_ring_sample(void *context, void *data, size_t size)")),
    perfSample: ffi.pointer(ffi.proto("void pp_perf_sample(void *context, int cpu, void *data, uint32_t size)")),
    perfLost: ffi.pointer(ffi.proto("void pp_perf_lost(void *context, int cpu, uint64_t count)")),
  };
  return types;
}

function declare(): Libbpf {
  const ffi = koffi();
  let shared: ReturnType<typeof ffi.load>;
  try {
    shared = ffi.load(libbpfFile);
  } catch (cause) {
    throw harnessError("tool", `${libbpfFile} cannot be loaded`, {
      hint: "install libbpf 1.0 or later (Debian, Ubuntu: apt install libbpf1)",
      cause,
    });
  }
  const openOptions = ffi.struct("pp_bpf_object_open_opts", {
    sz: "size_t",
    object_name: "const char *",
    relaxed_maps: "bool",
    pin_root_path: "const char *",
    removed_attach_prog_fd: "uint32_t",
    kconfig: "const char *",
    btf_custom_path: "const char *",
    kernel_log_buf: "void *",
    kernel_log_size: "size_t",
    kernel_log_level: "uint32_t",
  });
  const openMem = shared.func("bpf_object__open_mem", "void *", ["const void *", "size_t", ffi.pointer(openOptions)]);
  const text = (definition: string) => shared.func(definition);
  const declared = {
    libbpf_version_string: text("const char *libbpf_version_string()"),
    bpf_object__load: text("int bpf_object__load(void *object)"),
    bpf_object__close: text("void bpf_object__close(void *object)"),
    bpf_object__next_program: text("void *bpf_object__next_program(void *object, void *previous)"),
    bpf_object__next_map: text("void *bpf_object__next_map(void *object, void *previous)"),
    bpf_object__find_map_by_name: text("void *bpf_object__find_map_by_name(void *object, const char *name)"),
    bpf_program__name: text("const char *bpf_program__name(void *program)"),
    bpf_program__type: text("int bpf_program__type(void *program)"),
    bpf_program__set_type: text("int bpf_program__set_type(void *program, int type)"),
    bpf_program__set_expected_attach_type: text("int bpf_program__set_expected_attach_type(void *program, int type)"),
    bpf_program__set_autoload: text("int bpf_program__set_autoload(void *program, bool autoload)"),
    bpf_program__set_log_buf: text("int bpf_program__set_log_buf(void *program, void *log, size_t size)"),
    bpf_program__set_log_level: text("int bpf_program__set_log_level(void *program, uint32_t level)"),
    bpf_program__fd: text("int bpf_program__fd(void *program)"),
    bpf_map__name: text("const char *bpf_map__name(void *map)"),
    bpf_map__fd: text("int bpf_map__fd(void *map)"),
    bpf_map__pin_path: text("const char *bpf_map__pin_path(void *map)"),
    bpf_map__set_pin_path: text("int bpf_map__set_pin_path(void *map, const char *path)"),
    bpf_map__reuse_fd: text("int bpf_map__reuse_fd(void *map, int fd)"),
    bpf_map__initial_value: text("void *bpf_map__initial_value(void *map, void *size)"),
    ring_buffer__new: text("void *ring_buffer__new(int map_fd, void *sample, void *context, void *options)"),
    ring_buffer__consume: text("int ring_buffer__consume(void *ring)"),
    ring_buffer__free: text("void ring_buffer__free(void *ring)"),
    perf_buffer__new: text(
      "void *perf_buffer__new(int map_fd, size_t pages, void *sample, void *lost, void *context, void *options)",
    ),
    perf_buffer__consume: text("int perf_buffer__consume(void *buffer)"),
    perf_buffer__free: text("void perf_buffer__free(void *buffer)"),
    bpf_tc_hook_create: text("int bpf_tc_hook_create(void *hook)"),
    bpf_tc_attach: text("int bpf_tc_attach(const void *hook, void *options)"),
    bpf_tc_detach: text("int bpf_tc_detach(const void *hook, const void *options)"),
  };
  collectMessages(shared.func("libbpf_set_print", "void *", [callbackTypes().print]));
  return {
    ...declared,
    bpf_object__open_mem: (bytes, sizeBytes, { objectName, pinRoot }) =>
      openMem(bytes, sizeBytes, {
        sz: ffi.sizeof(openOptions),
        object_name: objectName,
        relaxed_maps: false,
        pin_root_path: pinRoot,
        removed_attach_prog_fd: 0,
        kconfig: null,
        btf_custom_path: null,
        kernel_log_buf: null,
        kernel_log_size: 0,
        kernel_log_level: 0,
      }) as Pointer | null,
  };
}

/**
 * libbpf's messages say why it refused an object before any verifier saw it. They come as a format and a va_list,
 * which on x86-64 and arm64 Linux a function receives as a pointer: vsnprintf makes text of the two. The callback
 * is registered for the process's lifetime, for libbpf keeps one for the process.
 */
function collectMessages(setPrint: (callback: bigint) => unknown): void {
  const ffi = koffi();
  const vsnprintf = ffi.load(null).func("int vsnprintf(void *into, size_t size, void *format, void *arguments)");
  const debugLevel = 2;
  const buffer = Buffer.alloc(64 * 1024);
  const print = ffi.register((level: number, format: bigint, argumentList: bigint) => {
    if (level >= debugLevel || !messages) return 0;
    const length = vsnprintf(buffer, buffer.length, format, argumentList) as number;
    messages.push(buffer.toString("utf8", 0, Math.min(length, buffer.length - 1)));
    return length;
  }, callbackTypes().print);
  setPrint(print);
}
