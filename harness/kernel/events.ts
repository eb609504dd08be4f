import { harnessError, type HarnessError } from "../model/error.js";
import type { MapSpec } from "../model/object.js";
import { errnoText } from "./errno.js";
import { koffi } from "./libc.js";
import { libbpf, perfLostCallback, perfSampleCallback, ringBufferCallback, type Pointer } from "./libbpf.js";

/** One record that a program sent to user space. */
export interface EventRecord {
  readonly bytes: Uint8Array;
  /** Unknown for ring buffers, which all CPUs share. */
  readonly cpu: number | undefined;
  /** Records that were lost just before this one. */
  readonly lost: number;
}

/** The user-space end of a ring buffer or perf event array; has to be closed before the map is. */
export interface EventReader {
  /** Everything sent since the last time, without waiting. */
  drain(): EventRecord[];
  close(): void;
}

/** More than this in one step are not kept, only counted, as lost. */
const mostRecords = 100_000;

/** Pages of 4 KiB for each CPU. */
const perfPages = 64;

export function openEvents(map: MapSpec, fd: number): EventReader {
  if (map.type === "ringbuf") return openRingBuffer(map, fd);
  if (map.type === "perf_event_array") return openPerfBuffer(map, fd);
  throw harnessError("unsupported", `map '${map.name}' of type ${map.type} carries no events`, {
    hint: "events come from maps of type ringbuf or perf_event_array",
  });
}

/** What has come in and was not yet asked for. */
class Inbox {
  private records: EventRecord[] = [];
  private lost = 0;

  put(data: bigint, sizeBytes: number, cpu: number | undefined): void {
    if (this.records.length >= mostRecords) {
      this.lost++;
      return;
    }
    const bytes = new Uint8Array(koffi().view(data, sizeBytes)).slice();
    this.records.push({ bytes, cpu, lost: this.lost });
    this.lost = 0;
  }

  lose(count: number): void {
    this.lost += count;
  }

  take(): EventRecord[] {
    const { records } = this;
    const last = records.at(-1);
    // Lost behind the last one: told with it, for there may never be another.
    if (last && this.lost > 0) records[records.length - 1] = { ...last, lost: last.lost + this.lost };
    if (last) this.lost = 0;
    this.records = [];
    return records;
  }
}

/** What a full ring buffer refuses, only the program knows (bpf_ringbuf_reserve gives NULL): `lost` is ours alone. */
function openRingBuffer(map: MapSpec, fd: number): EventReader {
  const inbox = new Inbox();
  const callback = ringBufferCallback((data, sizeBytes) => inbox.put(data, sizeBytes, undefined));
  const ring = libbpf().ring_buffer__new(fd, callback, null, null);
  return reader(map, ring, [callback], inbox, "ring_buffer__consume", "ring_buffer__free");
}

/** Records as the kernel pads them: their length and 4 is a multiple of 8. */
function openPerfBuffer(map: MapSpec, fd: number): EventReader {
  const inbox = new Inbox();
  const sample = perfSampleCallback((cpu, data, sizeBytes) => inbox.put(data, sizeBytes, cpu));
  const lost = perfLostCallback((_cpu, count) => inbox.lose(count));
  const buffer = libbpf().perf_buffer__new(fd, perfPages, sample, lost, null, null);
  return reader(map, buffer, [sample, lost], inbox, "perf_buffer__consume", "perf_buffer__free");
}

function reader(
  map: MapSpec,
  handle: Pointer | null,
  callbacks: readonly bigint[],
  inbox: Inbox,
  consume: "ring_buffer__consume" | "perf_buffer__consume",
  free: "ring_buffer__free" | "perf_buffer__free",
): EventReader {
  const release = (): void => callbacks.forEach((callback) => koffi().unregister(callback));
  if (!handle) {
    const errno = koffi().errno();
    release();
    throw failure(map, errno);
  }
  return {
    drain() {
      const result = libbpf()[consume](handle);
      if (result < 0) throw failure(map, -result);
      return inbox.take();
    },
    close() {
      libbpf()[free](handle);
      release();
    },
  };
}

function failure(map: MapSpec, errno: number): HarnessError {
  return harnessError("io", `cannot read the events of map '${map.name}': ${errnoText(errno)}`);
}
