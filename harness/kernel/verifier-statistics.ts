import type { VerifierStatistics } from "../model/observation.js";
import { ProgramInfo } from "./program-info.js";

/**
 * What verifying a loaded program cost: from the kernel's description of it, and from the log that it was loaded
 * with (BPF_LOG_STATS: print_verification_stats in kernel/bpf/verifier.c).
 */
export function verifierStatistics(program: string, fd: number, log: string): VerifierStatistics {
  const info = new ProgramInfo(fd);
  const stack = /^stack depth ([\d+]+)/m.exec(log)?.[1];
  return {
    program,
    instructions: numberIn(log, /^processed (\d+) insns/m) ?? (info.verifiedInstructions() || undefined),
    states: numberIn(log, /total_states (\d+)/),
    peakStates: numberIn(log, /peak_states (\d+)/),
    stackBytes: stack === undefined ? [] : stack.split("+").map(Number),
    jitedBytes: info.jitedBytes(),
  };
}

function numberIn(log: string, pattern: RegExp): number | undefined {
  const found = pattern.exec(log)?.[1];
  return found === undefined ? undefined : Number(found);
}
