import { withModernMaps } from "../object/modern-maps.js";
import { errnos } from "./errno.js";
import { koffi, systemError } from "./libc.js";
import { libbpf, withMessages } from "./libbpf.js";
import { LoadedObject } from "./loaded-object.js";
import { makePinFolder, removeTree } from "./pin-folder.js";
import { prepareObject, type LoadPlan } from "./prepare-object.js";
import type { RunFolder } from "./run-folder.js";
import { verifierStatistics } from "./verifier-statistics.js";
import type { VerifierStatistics } from "../model/observation.js";

export type LoadResult =
  | { readonly accepted: true; readonly loaded: LoadedObject; readonly statistics: readonly VerifierStatistics[] }
  /** `errno` is positive; the log is libbpf's messages, then the kernel's whole log. */
  | { readonly accepted: false; readonly log: string; readonly errno: number };

/** The size that libbpf starts with, too; the kernel touches only what it writes. */
const logBytes = 16 * 1024 * 1024;

/** Without instructions a log has a few lines, so that each program can have its own part of the buffer. */
const partBytes = 256 * 1024;

/** BPF_LOG_STATS (include/linux/bpf_verifier.h, Linux 5.2): the reason and the statistics, but no instructions. */
const reasonOnly = 4;
/** BPF_LOG_LEVEL1: also every instruction on the way that led to the refusal. */
const instructions = 1;

/** Verified instructions from which on a log of them costs seconds. */
const manyInstructions = 100_000;

const noMaps: ReadonlyMap<string, number> = new Map();

let logBuffer: Buffer | undefined;

/**
 * Loads a plan's object with libbpf into the running kernel: the entry, the programs that the plan's maps refer to,
 * globals patched, maps created, pinned and filled as the plan says except for `plan.maps` (see `applyMaps`).
 * Maps named in `reuse` are those of the descriptors there. A refusal by verifier or libbpf is an answer; only what says nothing about the object (privilege, memory,
 * descriptors) is thrown.
 */
export function loadObject(plan: LoadPlan, folder: RunFolder, reuse = noMaps): LoadResult {
  const pins = makePinFolder(plan, folder);
  let result: LoadResult | undefined;
  try {
    result = tryLoad(plan, pins, reasonOnly, reuse);
    if (!result.accepted && worthInstructions(plan, result.log)) {
      const whole = tryLoad(plan, pins, instructions, reuse);
      result = !whole.accepted && whole.errno === errnos.ENOSPC ? overlong(whole.log, result) : whole;
    }
    return result;
  } finally {
    if (pins !== undefined && !result?.accepted) removeTree(pins);
  }
}

/** Whether to load once more for the instructions: always, but for a huge program whose refusal is just as expected. */
function worthInstructions(plan: LoadPlan, log: string): boolean {
  const processed = Number(/^processed (\d+) insns/m.exec(log)?.[1]);
  if (Number.isNaN(processed)) return false; // not the verifier's refusal
  return processed < manyInstructions || !plan.load.fails?.value.test(log);
}

/**
 * A program that the verifier follows for a million instructions writes a log of 100 MB and more; the error is then
 * ENOSPC for the log's sake, and the log its last (before Linux 6.4: its first) part. Why the program was refused,
 * the load without instructions tells.
 */
function overlong(part: string, reason: LoadResult & { accepted: false }): LoadResult {
  const omitted = `\n(the log is longer than ${logBytes} bytes: the rest is omitted)\n`;
  return { ...reason, log: part + omitted + reason.log };
}

function tryLoad(
  plan: LoadPlan,
  pins: string | undefined,
  logLevel: number,
  reuse: ReadonlyMap<string, number>,
): LoadResult {
  const logs = new LoadLogs((logBuffer ??= Buffer.allocUnsafeSlow(logBytes)), logLevel === reasonOnly);
  const { name } = plan.object;
  const bytes = bytesForLibbpf(plan);
  const { result, messages } = withMessages(() => {
    const lib = libbpf();
    const object = lib.bpf_object__open_mem(bytes, bytes.length, { objectName: name, pinRoot: pins ?? null });
    if (!object) return { object, errno: koffi().errno() };
    try {
      prepareObject(object, plan, { pins, logOf: (index) => logs.part(index), logLevel, reuse });
      const errno = -lib.bpf_object__load(object);
      if (errno === 0) return { object, errno };
      lib.bpf_object__close(object);
      return { object: null, errno };
    } catch (error) {
      lib.bpf_object__close(object);
      throw error;
    }
  });
  if (result.object) {
    const loaded = new LoadedObject(plan, result.object, pins);
    const statistics = loaded.programNames.map((name, index) =>
      verifierStatistics(name, loaded.programFdOf(name), logs.text(index)),
    );
    return { accepted: true, loaded, statistics };
  }
  const kernelLog = logs.last();
  refuseToJudge(result.errno, kernelLog, messages);
  return { accepted: false, log: messages + kernelLog, errno: result.errno };
}

/** What is no object at all, libbpf is to refuse. */
function bytesForLibbpf({ object }: LoadPlan): Uint8Array {
  try {
    return withModernMaps(object.bytes);
  } catch {
    return object.bytes;
  }
}

/** Errors that say something about this process or machine, not about the object. */
function refuseToJudge(errno: number, kernelLog: string, messages: string): void {
  if (kernelLog !== "") return;
  const said = messages.split("\n").filter((line) => line !== "" && !line.includes("failed to load object"));
  const doing = `cannot load the object (${said.at(-1)?.replace(/^libbpf: /, "") ?? "libbpf said nothing"})`;
  if (errno === errnos.EPERM || errno === errnos.EACCES) throw systemError(errno, doing);
  if (errno === errnos.EMFILE || errno === errnos.ENFILE)
    throw systemError(errno, doing, "raise the limit of open files (ulimit -n)");
  if (errno === errnos.ENOMEM)
    throw systemError(errno, doing, "a map's max_entries may be more than this machine's memory");
}

/** The verifier's logs of an object's programs: each in a part of its own, or all in one, where the last one stays. */
class LoadLogs {
  readonly #buffer: Buffer;
  readonly #separate: boolean;
  #used = 0;

  constructor(buffer: Buffer, separate: boolean) {
    this.#buffer = buffer;
    this.#separate = separate;
  }

  /** For the nth program that is loaded; beyond what the buffer holds they share the last part. */
  part(index: number): Uint8Array {
    const part = this.#separate ? this.#at(index) : this.#buffer;
    part[0] = 0;
    this.#used = Math.max(this.#used, index + 1);
    return part;
  }

  text(index: number): string {
    const part = this.#separate ? this.#at(index) : this.#buffer;
    const end = part.indexOf(0);
    return part.toString("utf8", 0, end < 0 ? part.length : end);
  }

  /** Of the program that was verified last: the refused one, if any is. */
  last(): string {
    for (let index = this.#used - 1; index >= 0; index--) {
      const text = this.text(index);
      if (text !== "") return text;
    }
    return "";
  }

  #at(index: number): Buffer {
    const start = Math.min(index, logBytes / partBytes - 1) * partBytes;
    return this.#buffer.subarray(start, start + partBytes);
  }
}
