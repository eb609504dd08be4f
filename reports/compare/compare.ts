import type { FrameEvidence, PacketEvidence } from "../../harness/model/evidence.js";
import type { CaseResult } from "../../harness/model/outcome.js";
import { caseKey, type RunRecord } from "../record.js";
import { compareCoverage } from "./coverage.js";
import { inOrder, numberDifference, type Difference } from "./difference.js";

export interface Comparison {
  /** What got worse first. */
  readonly differences: readonly Difference[];
  /** What makes the two hard to compare. */
  readonly notes: readonly string[];
  /** Results that both runs have. */
  readonly compared: number;
}

/**
 * The later run against the earlier one: outcomes, verdicts, bytes, cost in instructions, what verifier and JIT say,
 * coverage, and time. Times are compared only where both runs were on the same kind of machine.
 */
export function compareRuns(before: RunRecord, after: RunRecord): Comparison {
  const [was, is] = [byKey(before), byKey(after)];
  const notes = notesOn(before, after);
  const sameMachine = notes.length === 0;
  const differences: Difference[] = [];
  let compared = 0;
  for (const [key, a] of was) {
    const b = is.get(key);
    if (!b) differences.push(gone(a));
    else {
      compared++;
      differences.push(...compareResults(a, b, sameMachine));
    }
  }
  for (const [key, b] of is) {
    if (was.has(key)) continue;
    const direction = isTrouble(b) ? "worse" : "better";
    differences.push({
      kind: "new",
      direction,
      where: whereOf(b),
      what: "",
      before: "absent",
      after: outcomeText(b),
      weight: 1,
    });
  }
  differences.push(...compareCoverage(before, after));
  return { differences: inOrder(differences), notes, compared };
}

function byKey({ results }: RunRecord): Map<string, CaseResult> {
  return new Map(results.map((result) => [`${caseKey(result)}\0${result.backend}`, result]));
}

function notesOn({ start: a }: RunRecord, { start: b }: RunRecord): string[] {
  const facts = [
    ["kernels", a.environment.kernel, b.environment.kernel],
    ["platforms", a.environment.platform, b.environment.platform],
    ["versions of Node", a.environment.node, b.environment.node],
    ["numbers of CPUs", String(a.environment.cpus), String(b.environment.cpus)],
  ] as const;
  return facts.flatMap(([name, was, is]) =>
    was === is ? [] : [`the runs were on different ${name}: ${was} and ${is}; times are not compared`],
  );
}

function whereOf({ file, case: name, backend }: CaseResult): string {
  return `${file} › ${name} [${backend}]`;
}

function isTrouble({ outcome }: CaseResult): boolean {
  return outcome === "failed" || outcome === "error";
}

function outcomeText(result: CaseResult): string {
  const [first] = result.mismatches;
  if (first) return `${result.outcome}: ${first.what} expected ${first.expected}, actual ${first.actual}`;
  if (result.error) return `${result.outcome}: ${result.error.message.split("\n")[0]!}`;
  return result.outcome === "skipped" ? `skipped: ${result.missing.join("; ")}` : result.outcome;
}

function gone(result: CaseResult): Difference {
  const [before, after] = [result.outcome, "absent"];
  const direction = isTrouble(result) ? "changed" : "worse";
  return { kind: "gone", direction, where: whereOf(result), what: "", before, after, weight: 1 };
}

/** The better the higher: a case that is skipped proves nothing, but contradicts nothing either. */
const ranks = { error: 0, failed: 0, skipped: 1, passed: 2 } as const;

function compareResults(a: CaseResult, b: CaseResult, sameMachine: boolean): Difference[] {
  const where = whereOf(b);
  const differences: Difference[] = [];
  if (a.outcome !== b.outcome) {
    const change = ranks[b.outcome] - ranks[a.outcome];
    const direction = change < 0 ? "worse" : change > 0 ? "better" : "changed";
    const place = { kind: "outcome", direction, where, what: "" } as const;
    differences.push({ ...place, before: a.outcome, after: outcomeText(b), weight: Math.abs(change) });
  }
  differences.push(...compareSteps(a, b, where, sameMachine), ...compareLoads(a, b, where));
  return differences;
}

function compareSteps(a: CaseResult, b: CaseResult, where: string, sameMachine: boolean): Difference[] {
  const [was, is] = [a.evidence?.steps ?? [], b.evidence?.steps ?? []];
  return was.flatMap((step) => {
    const packets = is.find((each) => each.step === step.step)?.packets ?? [];
    return step.packets.flatMap((packet) => {
      const other = packets.find(({ index }) => index === packet.index);
      const name = `${was.length > 1 ? `step ${step.step + 1}, ` : ""}packet ${packet.index + 1}`;
      return other ? comparePackets(packet, other, { where, name, sameMachine }) : [];
    });
  });
}

/** Below these, the time of a single run says nothing. */
const leastNs = 200;
const leastShare = 0.5;

function comparePackets(
  a: PacketEvidence,
  b: PacketEvidence,
  { where, name, sameMachine }: { readonly where: string; readonly name: string; readonly sameMachine: boolean },
): Difference[] {
  const differences: (Difference | undefined)[] = [];
  const [verdictWas, verdictIs] = [verdictText(a), verdictText(b)];
  const changed = { direction: "changed", where, weight: 1 } as const;
  if (verdictWas !== verdictIs)
    differences.push({ ...changed, kind: "verdict", what: `verdict of ${name}`, before: verdictWas, after: verdictIs });
  else
    differences.push(
      ...compareFrames(a, b).map((difference) => ({
        ...changed,
        ...difference,
        what: `${difference.what} of ${name}`,
      })),
    );
  const cost = { kind: "cost", where, what: `instructions of ${name}` } as const;
  differences.push(numberDifference(cost, mostOf(a), mostOf(b)));
  const [timeWas, timeIs] = [a.verdicts[0]?.durationNs, b.verdicts[0]?.durationNs];
  if (sameMachine && timeWas !== undefined && timeIs !== undefined && Math.abs(timeIs - timeWas) >= leastNs) {
    const time = numberDifference({ kind: "latency", where, what: `time of ${name}` }, timeWas, timeIs, " ns");
    if (time && time.weight >= leastShare) differences.push(time);
  }
  return differences.filter((difference) => difference !== undefined);
}

function verdictText({ verdicts, redirect }: PacketEvidence): string {
  const names = [...new Set(verdicts.map(({ verdict }) => verdict))].join(", ") || "none";
  return redirect === undefined ? names : `${names} to ${redirect}`;
}

function mostOf({ costs }: PacketEvidence): number | undefined {
  return costs.length === 0 ? undefined : Math.max(...costs.map(({ instructions }) => instructions));
}

function compareFrames(a: PacketEvidence, b: PacketEvidence): Pick<Difference, "kind" | "what" | "before" | "after">[] {
  const places = new Set([...a.frames, ...b.frames].map(placeOf));
  return [...places].flatMap((place) => {
    const [was, is] = [a, b].map(({ frames }) =>
      frames
        .filter((frame) => placeOf(frame) === place)
        .map(bytesOf)
        .sort(),
    );
    if (was!.join() === is!.join()) return [];
    const text = (all: readonly string[]): string => all.map(shortHex).join(" | ") || "nothing";
    return [{ kind: "bytes", what: `bytes at ${place}`, before: text(was!), after: text(is!) } as const];
  });
}

function placeOf({ place, direction }: FrameEvidence): string {
  return direction === "stack" || direction === "socket" ? `${place}'s ${direction}` : place;
}

/** What was sent is called that: both runs sent the same. */
function bytesOf({ bytes }: FrameEvidence): string {
  return bytes ?? "as sent";
}

function shortHex(base64: string): string {
  if (base64 === "as sent") return base64;
  const hex = Array.from(atob(base64), (character) => character.charCodeAt(0).toString(16).padStart(2, "0")).join("");
  return hex.length > 160 ? `${hex.slice(0, 160)}… (${hex.length / 2} bytes)` : hex;
}

function compareLoads(a: CaseResult, b: CaseResult, where: string): Difference[] {
  const programs = b.evidence?.load?.programs ?? [];
  return (a.evidence?.load?.programs ?? []).flatMap((was) => {
    const is = programs.find(({ program }) => program === was.program);
    if (!is) return [];
    const place = (what: string) => ({ kind: "verifier", where, what: `${what} of ${was.program}` }) as const;
    const sum = (bytes: readonly number[]): number => bytes.reduce((total, each) => total + each, 0);
    return [
      numberDifference(place("verified instructions"), was.instructions, is.instructions),
      numberDifference(place("verifier states"), was.states, is.states),
      numberDifference(place("stack"), sum(was.stackBytes), sum(is.stackBytes), " bytes"),
      numberDifference(place("machine code"), was.jitedBytes, is.jitedBytes, " bytes"),
    ].filter((difference) => difference !== undefined);
  });
}
