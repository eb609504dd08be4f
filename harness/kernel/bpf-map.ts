import { harnessError, type HarnessError } from "../model/error.js";
import { toHex } from "../model/hex.js";
import { isPerCpu, mapTypes, type MapSpec } from "../model/object.js";
import type { Span } from "../model/span.js";
import { attrOffsets as at, attrSizeBytes, bpfCommands as cmd } from "./attr.js";
import { possibleCpus } from "./cpus.js";
import { errnoName, errnos, errnoText } from "./errno.js";
import { addressOf, libc } from "./libc.js";

/** Batches of about this many bytes of keys and values. */
const batchBytes = 1 << 20;

/** Types whose BPF_MAP_LOOKUP_BATCH is worth its set-up; the others are walked key by key. */
const batchedTypes: ReadonlySet<string> = new Set([
  "array",
  "percpu_array",
  "hash",
  "percpu_hash",
  "lru_hash",
  "lru_percpu_hash",
]);

/**
 * Errors after which a map is read key by key: no batches for this type in this kernel (they came with 5.6, for
 * per-CPU arrays with 5.13), or a hash bucket that is larger than a batch.
 */
const unbatchable: ReadonlySet<number> = new Set([errnos.EINVAL, errnos.ENOTSUPP, errnos.EOPNOTSUPP, errnos.ENOSPC]);

export interface RawEntry {
  readonly key: Uint8Array;
  /** As the kernel copies it: per-CPU values each in a slot rounded up to 8 bytes. */
  readonly value: Uint8Array;
}

/**
 * A live map behind a file descriptor that someone else closes: bpf(2)'s map commands with one attr buffer and one
 * buffer each for key and value. Absence is `undefined` or false; any other error names map, command and errno.
 */
export class BpfMap {
  readonly spec: MapSpec;
  readonly fd: number;
  /** Bytes that the kernel copies for one value. */
  readonly rawValueBytes: number;
  private readonly attr = new Uint8Array(attrSizeBytes);
  private readonly view = new DataView(this.attr.buffer);
  private readonly key: Uint8Array;
  private readonly value: Uint8Array;
  private readonly keyAddress: bigint;
  private readonly valueAddress: bigint;

  constructor(spec: MapSpec, fd: number) {
    this.spec = spec;
    this.fd = fd;
    this.rawValueBytes = isPerCpu(spec.type) ? slotBytes(spec) * possibleCpus() : spec.valueSizeBytes;
    this.key = new Uint8Array(spec.keySizeBytes);
    this.value = new Uint8Array(this.rawValueBytes);
    // Queues, stacks and Bloom filters have no key: the kernel then wants a null pointer.
    this.keyAddress = spec.keySizeBytes === 0 ? 0n : addressOf(this.key);
    this.valueAddress = this.rawValueBytes === 0 ? 0n : addressOf(this.value);
  }

  lookup(key: Uint8Array): Uint8Array | undefined {
    this.setKey(key);
    return this.fetch(cmd.BPF_MAP_LOOKUP_ELEM, "read");
  }

  /** Takes the next element off a queue or stack. */
  pop(): Uint8Array | undefined {
    return this.fetch(cmd.BPF_MAP_LOOKUP_AND_DELETE_ELEM, "pop");
  }

  update(key: Uint8Array, value: Uint8Array, span?: Span): void {
    if (value.length !== this.rawValueBytes)
      throw harnessError(
        "internal",
        `map '${this.spec.name}': ${value.length} bytes for a value of ${this.rawValueBytes}`,
      );
    this.setKey(key);
    this.value.set(value);
    const result = this.call(cmd.BPF_MAP_UPDATE_ELEM);
    if (result < 0) throw this.error("set", -result, key, span);
  }

  /** False where there was no such key. */
  delete(key: Uint8Array, span?: Span): boolean {
    this.setKey(key);
    // No value here: the kernel refuses fields that a command does not have.
    this.setAttr(this.keyAddress, 0n);
    const result = libc().bpf(cmd.BPF_MAP_DELETE_ELEM, this.attr, attrSizeBytes);
    if (result === -errnos.ENOENT) return false;
    if (result < 0) throw this.error("delete", -result, key, span);
    return true;
  }

  /** All entries, in the kernel's order. */
  entries(): RawEntry[] {
    return (batchedTypes.has(this.spec.type) ? this.batches() : undefined) ?? this.walk();
  }

  /** Key by key; a key that goes away meanwhile is left out. */
  private walk(): RawEntry[] {
    const entries: RawEntry[] = [];
    for (let key = this.nextKey(undefined); key !== undefined; key = this.nextKey(key)) {
      const value = this.lookup(key);
      if (value) entries.push({ key, value });
    }
    return entries;
  }

  private nextKey(after: Uint8Array | undefined): Uint8Array | undefined {
    if (after) this.key.set(after);
    const next = new Uint8Array(this.spec.keySizeBytes);
    this.setAttr(after ? this.keyAddress : 0n, addressOf(next));
    const result = libc().bpf(cmd.BPF_MAP_GET_NEXT_KEY, this.attr, attrSizeBytes);
    if (result === -errnos.ENOENT) return undefined;
    if (result < 0) throw this.error("list the keys", -result);
    return next;
  }

  /** Undefined where batches do not do. */
  private batches(): RawEntry[] | undefined {
    const { spec, rawValueBytes, view } = this;
    const entries: RawEntry[] = [];
    const capacity = Math.max(
      1,
      Math.min(spec.maxEntries, Math.floor(batchBytes / (spec.keySizeBytes + rawValueBytes))),
    );
    // Opaque to us; as wide as a key or a hash bucket's number.
    const position = new Uint8Array(Math.max(8, spec.keySizeBytes));
    for (let first = true; ; first = false) {
      const keys = new Uint8Array(capacity * spec.keySizeBytes);
      const values = new Uint8Array(capacity * rawValueBytes);
      this.attr.fill(0);
      view.setBigUint64(at["batch.in_batch"], first ? 0n : addressOf(position), true);
      view.setBigUint64(at["batch.out_batch"], addressOf(position), true);
      view.setBigUint64(at["batch.keys"], addressOf(keys), true);
      view.setBigUint64(at["batch.values"], addressOf(values), true);
      view.setUint32(at["batch.count"], capacity, true);
      view.setUint32(at["batch.map_fd"], this.fd, true);
      const result = libc().bpf(cmd.BPF_MAP_LOOKUP_BATCH, this.attr, attrSizeBytes);
      if (unbatchable.has(-result)) return undefined;
      if (result < 0 && result !== -errnos.ENOENT) throw this.error("read", -result);
      const count = view.getUint32(at["batch.count"], true);
      for (let i = 0; i < count; i++) {
        entries.push({
          key: keys.subarray(i * spec.keySizeBytes, (i + 1) * spec.keySizeBytes),
          value: values.subarray(i * rawValueBytes, (i + 1) * rawValueBytes),
        });
      }
      if (result === -errnos.ENOENT) return entries;
    }
  }

  private fetch(command: number, doing: string): Uint8Array | undefined {
    const result = this.call(command);
    if (result === -errnos.ENOENT) return undefined;
    if (result < 0) throw this.error(doing, -result, this.key);
    return this.value.slice();
  }

  private call(command: number): number {
    this.setAttr(this.keyAddress, this.valueAddress);
    return libc().bpf(command, this.attr, attrSizeBytes);
  }

  private setAttr(key: bigint, value: bigint): void {
    const { view } = this;
    this.attr.fill(0);
    view.setUint32(at.map_fd, this.fd, true);
    view.setBigUint64(at.key, key, true);
    view.setBigUint64(at.value, value, true);
  }

  private setKey(key: Uint8Array): void {
    if (key.length !== this.spec.keySizeBytes)
      throw harnessError(
        "internal",
        `map '${this.spec.name}': a key of ${key.length} bytes for keys of ${this.spec.keySizeBytes}`,
      );
    this.key.set(key);
  }

  private error(doing: string, errno: number, key?: Uint8Array, span?: Span): HarnessError {
    const slot = key && key.length > 0 ? ` key 0x${toHex(key)}` : "";
    return harnessError("scenario", `map '${this.spec.name}': cannot ${doing}${slot}: ${errnoText(errno)}`, {
      span,
      hint: this.hint(doing, errno),
    });
  }

  private hint(doing: string, errno: number): string | undefined {
    const { spec } = this;
    const fixed = spec.type === "array" || spec.type === "percpu_array";
    if (errno === errnos.E2BIG && fixed) return `the array has ${spec.maxEntries} slots: 0 to ${spec.maxEntries - 1}`;
    if (errno === errnos.E2BIG) return `the map is full: max_entries is ${spec.maxEntries}`;
    if (errno === errnos.EINVAL && doing === "delete" && fixed) return "slots of an array cannot be deleted, only set";
    if (errno === errnos.EPERM) return "the map is frozen, or was created with BPF_F_RDONLY or BPF_F_WRONLY";
    if (errno === errnos.ENOTSUPP || errno === errnos.EOPNOTSUPP)
      return `the kernel does not let user space ${doing} a map of type ${spec.type} (${errnoName(errno)})`;
    return undefined;
  }
}

/** Width of one CPU's value: rounded up to 8 bytes. */
export function slotBytes(spec: MapSpec): number {
  return Math.ceil(spec.valueSizeBytes / 8) * 8;
}

/** Creates a map that no object declares (an inner map); the caller closes the descriptor. */
export function createMap(spec: MapSpec): number {
  const attr = new Uint8Array(attrSizeBytes);
  const view = new DataView(attr.buffer);
  view.setUint32(at.map_type, mapTypes.indexOf(spec.type), true);
  view.setUint32(at.key_size, spec.keySizeBytes, true);
  view.setUint32(at.value_size, spec.valueSizeBytes, true);
  view.setUint32(at.max_entries, spec.maxEntries, true);
  view.setUint32(at.map_flags, spec.flags, true);
  view.setBigUint64(at.map_extra, BigInt(spec.extra), true);
  const fd = libc().bpf(cmd.BPF_MAP_CREATE, attr, attrSizeBytes);
  if (fd < 0)
    throw harnessError("load", `cannot create a map like '${spec.name}' (${spec.type}): ${errnoText(fd)}`, {
      hint: fd === -errnos.EPERM ? "run as root (CAP_BPF, CAP_NET_ADMIN)" : undefined,
    });
  return fd;
}

/** A descriptor for a map that the kernel knows by number; the caller closes it. */
export function openMapById(id: number): number {
  const attr = new Uint8Array(attrSizeBytes);
  new DataView(attr.buffer).setUint32(at.map_id, id, true);
  return descriptor(libc().bpf(cmd.BPF_MAP_GET_FD_BY_ID, attr, attrSizeBytes), `map number ${id} cannot be opened`);
}

/** A descriptor for what is pinned at a path; the caller closes it. */
export function openPinned(path: string): number {
  return descriptor(
    libc().bpf(cmd.BPF_OBJ_GET, pathAttr(path), attrSizeBytes),
    `cannot open what is pinned at ${path}`,
  );
}

/** Makes a map or program outlive its descriptors, until the path is removed. */
export function pin(fd: number, path: string): void {
  const attr = pathAttr(path);
  new DataView(attr.buffer).setUint32(at.bpf_fd, fd, true);
  descriptor(libc().bpf(cmd.BPF_OBJ_PIN, attr, attrSizeBytes), `cannot pin at ${path}`);
}

/** Kept for good, since an attr holds only its address. */
const pathBuffer = new Uint8Array(4096);

function pathAttr(path: string): Uint8Array {
  new TextEncoder().encodeInto(`${path}\0`, pathBuffer);
  const attr = new Uint8Array(attrSizeBytes);
  new DataView(attr.buffer).setBigUint64(at.pathname, addressOf(pathBuffer), true);
  return attr;
}

function descriptor(result: number, failure: string): number {
  if (result < 0) throw harnessError("io", `${failure}: ${errnoText(result)}`);
  return result;
}
