/**
 * The public API, listed by hand: what is not here may change without notice.
 *
 * ```ts
 * import { prepare, probeBackends, run, selectJobs } from "packetproof";
 * ```
 */
export { benchSchemaVersion, type BenchGroup, type BenchResult } from "./model/bench.js";
export type { Backend, BackendName, Capabilities, Session, SessionOptions } from "./model/backend.js";
export { backendNames } from "./model/backend.js";
export { HarnessError, errorCodes, type Diagnostic, type ErrorCode } from "./model/error.js";
export type { Environment, Report, RunEvent, Totals } from "./model/event.js";
export { hooks, verdictName, verdictsOf, type Hook, type ProgramType } from "./model/hook.js";
export type { BpfObject, DataType, GlobalSpec, MapSpec, MapType, ProgramSpec } from "./model/object.js";
export type { CaseDescription, CaseEvidence } from "./model/evidence.js";
export type { Observation } from "./model/observation.js";
export type { CaseResult, Mismatch, Outcome } from "./model/outcome.js";
export type { LinkType, Packet, Pattern } from "./model/packet.js";
export type { Plan } from "./model/plan.js";
export type { ReplayedMap, ReplayedPacket, ReplayRecord, ReplayReport } from "./model/replay.js";
export type { Scenario } from "./model/scenario.js";
export type { Topology } from "./model/topology.js";

export { readObject } from "./object/read-object.js";
export { buildPacket, editPacket } from "./packet/build.js";
export { readCapture } from "./packet/capture/read.js";
export { PcapngWriter } from "./packet/capture/write-pcapng.js";
export { checkLengths, checkSums } from "./packet/checksum.js";
export { diffPackets, formatDiff } from "./packet/diff.js";
export { parsePacket } from "./packet/parse.js";
export { hexdump, summary } from "./packet/print.js";
export { packetFromText, toScapy } from "./packet/text.js";
export { parseMapContents } from "./scenario/parse-maps.js";
export { parseScenario } from "./scenario/parse.js";
export { formatDiagnostic } from "./scenario/diagnostic.js";
export { planScenario } from "./plan/plan.js";
export { judge } from "./judge/judge.js";

export { probeBackends } from "./run/backends.js";
export { prepare } from "./run/prepare.js";
export { readProgram } from "./run/object.js";
export { replayCapture, type Replay, type ReplayOptions } from "./run/replay.js";
export { run } from "./run/run.js";
export { selectJobs } from "./run/select.js";
export { foldReport } from "../reports/totals.js";
