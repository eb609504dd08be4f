import type { BackendName } from "../model/backend.js";
import { harnessError } from "../model/error.js";
import type { ReplayReport } from "../model/replay.js";
import { HarnessError } from "../model/error.js";
import type { WrittenEntry } from "../model/scenario.js";
import { probeBackends } from "../run/backends.js";
import { readProgram } from "../run/object.js";
import { readInput } from "../run/read-input.js";
import { replayCapture } from "../run/replay.js";
import { parseMapContents } from "../scenario/parse-maps.js";
import { backendName, unavailableLine } from "./backend-option.js";
import { exitStatus } from "./exit-status.js";
import { replayText } from "./replay-text.js";
import { printDiagnostics } from "./report-error.js";
import { writeJson } from "./write-json.js";

export interface ReplayCommandOptions {
  readonly packets: string;
  readonly program?: string;
  readonly type?: string;
  readonly backend?: readonly string[];
  readonly maps?: string;
  readonly btf?: string;
  readonly frames?: string;
  readonly json?: string;
  readonly verbose: boolean;
}

/** `packetproof replay`: returns the exit status. */
export async function replayCommand(path: string, options: ReplayCommandOptions): Promise<number> {
  const asked = options.backend?.map(replayBackend);
  const object = await readProgram(path);
  const texts = new Map<string, string>();
  try {
    const maps = options.maps === undefined ? [] : await readMaps(options.maps, texts);
    const capabilities = await probeBackends(asked ?? ["sim", "kernel"]);
    const unavailable = capabilities.filter((c) => c.unavailable !== undefined);
    for (const each of unavailable) process.stderr.write(unavailableLine(each));
    if (asked && unavailable.length > 0) return exitStatus.backendUnavailable;
    const backends = capabilities.filter((c) => c.unavailable === undefined).map((c) => c.backend);
    const { packets, program, type, frames, btf } = options;
    const kernelBtf = btf === undefined ? undefined : await readInput(btf);
    const replay = await replayCapture({ object, packets, program, type, frames, maps, backends, kernelBtf });
    if (options.json !== undefined) await writeJson(options.json, replay.report);
    process.stdout.write(`${replayText(replay, backends, options.verbose)}\n`);
    return statusOf(replay.report);
  } catch (error) {
    if (!(error instanceof HarnessError) || error.code !== "scenario") throw error;
    printDiagnostics(error.diagnostics, texts);
    return exitStatus.badInput;
  }
}

async function readMaps(file: string, texts: Map<string, string>): Promise<readonly WrittenEntry[]> {
  const text = new TextDecoder().decode(await readInput(file));
  texts.set(file, text);
  const { contents, diagnostics } = parseMapContents(text, file);
  const [first, ...rest] = diagnostics;
  if (first) throw new HarnessError([first, ...rest]);
  return contents;
}

function replayBackend(name: string): BackendName {
  const backend = backendName(name);
  if (backend !== "wire") return backend;
  throw harnessError("usage", "replay runs on the backends sim and kernel", {
    hint: "on the wire a scenario with `send: {pcap: FILE}` sends a capture",
  });
}

/** A replay that compared nothing has not shown that anything agrees. */
function statusOf({ totals }: ReplayReport): number {
  const { agree, differ, faults, mapsDiffer } = totals;
  return agree > 0 && differ + faults + mapsDiffer === 0 ? exitStatus.passed : exitStatus.failed;
}
