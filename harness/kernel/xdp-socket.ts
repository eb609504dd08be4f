import { addressOf, libc, orThrow } from "./libc.js";

/** include/uapi/linux/if_xdp.h; AF_XDP of include/linux/socket.h. */
const AF_XDP = 44;
const SOCK_RAW_CLOEXEC = 3 | 0x8_0000;
const SOL_XDP = 283;
const options = { mmapOffsets: 1, rxRing: 2, umemReg: 4, fillRing: 5, completionRing: 6, statistics: 7 } as const;
const pageOffsets = { rxRing: 0, fillRing: 0x1_0000_0000 } as const;
/** Frames are copied into our memory: every driver can do that. */
const XDP_COPY = 2;

/** One frame each, with the headroom of XDP in front; the rings' sizes are powers of two. */
const chunkBytes = 4096;
const chunks = 512;
const descriptorBytes = 16;

/**
 * An AF_XDP socket (Linux 4.18), which gets the frames that XDP programs redirect to its slot of an xskmap. Until it is
 * bound to a queue of an interface it gets none, but can be put into maps.
 */
export class XdpSocket {
  readonly fd: number;
  #rings: Rings | undefined;

  constructor() {
    this.fd = orThrow(
      libc().socket(AF_XDP, SOCK_RAW_CLOEXEC, 0),
      "opening an AF_XDP socket",
      "the kernel needs CONFIG_XDP_SOCKETS",
      "unsupported",
    );
  }

  /** Receives what comes in by this queue from now on; to be called in the interface's network namespace. */
  bind(ifindex: number, queue: number): void {
    const rings = new Rings(this.fd);
    this.#rings = rings;
    const address = new Uint8Array(16);
    const view = new DataView(address.buffer);
    view.setUint16(0, AF_XDP, true);
    view.setUint16(2, XDP_COPY, true);
    view.setUint32(4, ifindex, true);
    view.setUint32(8, queue, true);
    orThrow(libc().bind(this.fd, address, address.length), `binding an AF_XDP socket to queue ${queue}`);
  }

  /** Takes the frames that have arrived, oldest first. */
  receive(): readonly Uint8Array[] {
    return this.#rings?.take() ?? [];
  }

  /** Frames for which there was no room, since the socket was opened. */
  lost(): number {
    const statistics = new Uint8Array(48);
    const size = new Uint8Array(Uint32Array.of(statistics.length).buffer);
    orThrow(libc().getsockopt(this.fd, SOL_XDP, options.statistics, statistics, size), "asking for lost frames");
    // struct xdp_statistics: rx_dropped, rx_invalid_descs, tx_invalid_descs, rx_ring_full, rx_fill_ring_empty_descs, …
    const [dropped, , , full, empty] = new BigUint64Array(statistics.buffer);
    return Number(dropped! + full! + empty!);
  }

  async close(): Promise<void> {
    this.#rings?.unmap();
    this.#rings = undefined;
    await libc().closeInBackground(this.fd);
  }
}

/** The memory that frames are copied into, and the two rings by which it goes to and fro between the kernel and us. */
class Rings {
  /** Registered memory begins at a page. */
  readonly #memory = new Uint8Array((chunks + 1) * chunkBytes);
  readonly #chunks: Uint8Array;
  readonly #filled: Ring;
  readonly #received: Ring;

  constructor(fd: number) {
    const start = Number(-addressOf(this.#memory) & BigInt(chunkBytes - 1));
    this.#chunks = this.#memory.subarray(start, start + chunks * chunkBytes);
    // struct xdp_umem_reg in its first form, which all kernels take: addr, len, chunk_size, headroom.
    const memory = new Uint8Array(24);
    const view = new DataView(memory.buffer);
    view.setBigUint64(0, addressOf(this.#chunks), true);
    view.setBigUint64(8, BigInt(this.#chunks.length), true);
    view.setUint32(16, chunkBytes, true);
    setOption(fd, options.umemReg, memory);
    const size = new Uint8Array(Uint32Array.of(chunks).buffer);
    for (const ring of [options.fillRing, options.completionRing, options.rxRing]) setOption(fd, ring, size);
    // struct xdp_mmap_offsets: of the rings rx, tx, fr and cr the offsets of producer, consumer, desc and flags.
    const offsets = new BigUint64Array(16);
    const offsetBytes = new Uint8Array(offsets.buffer);
    const offsetSize = new Uint8Array(Uint32Array.of(offsetBytes.length).buffer);
    orThrow(libc().getsockopt(fd, SOL_XDP, options.mmapOffsets, offsetBytes, offsetSize), "asking for ring offsets");
    this.#received = new Ring(fd, pageOffsets.rxRing, offsets.subarray(0, 4), descriptorBytes);
    this.#filled = new Ring(fd, pageOffsets.fillRing, offsets.subarray(8, 12), 8);
    for (let chunk = 0; chunk < chunks; chunk++) this.#give(BigInt(chunk * chunkBytes));
  }

  take(): readonly Uint8Array[] {
    const frames: Uint8Array[] = [];
    for (let at = this.#received.next(); at !== undefined; at = this.#received.next()) {
      // struct xdp_desc: addr, len, options.
      const start = Number(this.#received.view.getBigUint64(at, true));
      const length = this.#received.view.getUint32(at + 8, true);
      frames.push(this.#chunks.slice(start, start + length));
      this.#received.release();
      this.#give(BigInt(start - (start % chunkBytes)));
    }
    return frames;
  }

  /** Nothing may touch the rings afterwards: their memory is gone. */
  unmap(): void {
    this.#received.unmap();
    this.#filled.unmap();
  }

  #give(chunk: bigint): void {
    this.#filled.view.setBigUint64(this.#filled.free(), chunk, true);
    this.#filled.publish();
  }
}

/** One ring in memory shared with the kernel: `chunks` entries between a producer's and a consumer's counter. */
class Ring {
  readonly view: DataView;
  readonly #address: bigint;
  readonly #sizeBytes: number;
  readonly #entryBytes: number;
  readonly #entriesAt: number;
  readonly #producer: Uint32Array;
  readonly #consumer: Uint32Array;

  constructor(fd: number, pageOffset: number, offsets: BigUint64Array, entryBytes: number) {
    const [producer, consumer, entries] = Array.from(offsets, Number);
    this.#entryBytes = entryBytes;
    this.#entriesAt = entries!;
    this.#sizeBytes = entries! + chunks * entryBytes;
    this.#address = libc().mapShared(fd, this.#sizeBytes, pageOffset);
    orThrow(Number(this.#address), "mapping a ring of an AF_XDP socket");
    const memory = libc().memoryAt(this.#address, this.#sizeBytes);
    this.view = new DataView(memory);
    this.#producer = new Uint32Array(memory, producer, 1);
    this.#consumer = new Uint32Array(memory, consumer, 1);
  }

  /** Where the oldest entry that was not taken yet is; undefined where there is none. */
  next(): number | undefined {
    const taken = Atomics.load(this.#consumer, 0);
    return Atomics.load(this.#producer, 0) === taken ? undefined : this.#placeOf(taken);
  }

  /** The oldest entry is done with. */
  release(): void {
    Atomics.add(this.#consumer, 0, 1);
  }

  /** Where the next entry goes. There are as many entries as chunks: there is room. */
  free(): number {
    return this.#placeOf(Atomics.load(this.#producer, 0));
  }

  publish(): void {
    Atomics.add(this.#producer, 0, 1);
  }

  unmap(): void {
    libc().munmap(this.#address, this.#sizeBytes);
  }

  #placeOf(counter: number): number {
    return this.#entriesAt + (counter % chunks) * this.#entryBytes;
  }
}

function setOption(fd: number, option: number, value: Uint8Array): void {
  orThrow(libc().setsockopt(fd, SOL_XDP, option, value, value.length), `setting option ${option} of an AF_XDP socket`);
}
