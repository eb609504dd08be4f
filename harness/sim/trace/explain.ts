import type { MapChange } from "../../model/evidence.js";
import type { Mismatch } from "../../model/outcome.js";
import type { Plan } from "../../model/plan.js";
import type { TracedRun } from "../../model/trace.js";
import type { Instruments } from "../instruments.js";
import { Recorder } from "./recorder.js";

/** Of steps with more packets, only the first ones are looked at. */
const mostPackets = 16;

const mostChanges = 12;

/**
 * Adds to wrong verdicts the C line that decided them, and to wrong map contents what each packet changed, by running
 * the plan once more under observation: the same plan does the same again.
 */
export function explain(
  plan: Plan,
  mismatches: readonly Mismatch[],
  runAgain: (instruments: Instruments) => void,
): readonly Mismatch[] {
  const steps = new Set(mismatches.filter((each) => isVerdict(each) || mapOf(each)).map(({ stepIndex }) => stepIndex));
  if (steps.size === 0) return mismatches;
  const recorder = new Recorder(
    plan.programType,
    ({ step, packet, repetition }) => steps.has(step) && packet < mostPackets && repetition === 0,
  );
  runAgain(recorder);
  const runsOf = (step: number | undefined) =>
    recorder.runs.flatMap((run, i) => {
      const place = recorder.places[i]!;
      return place.step === step ? [{ packet: place.packet, run }] : [];
    });
  return mismatches.map((mismatch) => {
    const runs = runsOf(mismatch.stepIndex);
    const map = mapOf(mismatch);
    const more = isVerdict(mismatch)
      ? runs.filter(({ packet }) => packet === mismatch.packet).flatMap(({ run }) => decisionLines(run))
      : map !== undefined && runs.length > 0
        ? changeLines(runs, map)
        : [];
    return more.length > 0 ? { ...mismatch, details: [...mismatch.details, ...more] } : mismatch;
  });
}

/** The verdict itself, or a packet that did not come out because of it. */
function isVerdict({ what, packet }: Mismatch): boolean {
  return packet !== undefined && /^(packet \d+: )?(verdict|packet)$/.test(what);
}

/** The map that a mismatch is about. */
function mapOf({ what }: Mismatch): string | undefined {
  return /^maps\.([^[.]+)/.exec(what)?.[1];
}

function decisionLines({ decision }: TracedRun): string[] {
  if (!decision) return [];
  const { source, condition } = decision;
  return source
    ? [`decided at      ${source.file}:${source.line}: ${source.text}`, `                ${condition}`]
    : [`decided by      ${condition}`];
}

function changeLines(runs: readonly { packet: number; run: TracedRun }[], map: string): string[] {
  const changes = runs.flatMap(({ packet, run }) =>
    run.maps.filter((change) => change.map === map).map((change) => changeLine(packet, change)),
  );
  if (changes.length === 0) return ["no packet of this step changed it"];
  const rest = changes.length - mostChanges;
  return rest > 0 ? [...changes.slice(0, mostChanges), `and ${rest} more`] : changes;
}

function changeLine(packet: number, { map, key, before, after }: MapChange): string {
  return `packet ${packet + 1} changed ${map}[${key}]: ${before ?? "absent"} → ${after ?? "absent"}`;
}
