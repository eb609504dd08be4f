import { backendNames, type BackendName } from "../model/backend.js";
import type { PacketEvidence, StepEvidence } from "../model/evidence.js";
import { isPerCpu, type MapType } from "../model/object.js";
import type { CaseResult, Mismatch } from "../model/outcome.js";
import type { Plan, PlannedExpectation, PlannedStep } from "../model/plan.js";

/** What can be told of a step by each of two backends. */
type Fact = "verdict" | "packet" | "maps" | "events";

interface Side {
  readonly backend: BackendName;
  readonly step: StepEvidence;
}

interface Difference {
  readonly fact: Fact;
  readonly what: string;
  readonly values: readonly [string, string];
  readonly packet?: number;
}

/**
 * Where backends contradict each other about one case, whether or not its expectations speak of it: each is a
 * mismatch of its own. A lack of knowledge is no contradiction: of verdicts that look alike on the wire it is
 * enough that one fits. What a backend's own expectation (`wire: …`) speaks of is known to differ, and so is the
 * outcome of programs that go by time, chance or the CPU that they run on.
 */
export function disagreements(plan: Plan, results: readonly CaseResult[]): readonly Mismatch[] {
  const comparable = results.filter(
    ({ backend, evidence, outcome }) =>
      evidence && plan.xfail[backend] === undefined && (outcome === "passed" || outcome === "failed"),
  );
  const inOrder = comparable.toSorted((a, b) => backendNames.indexOf(a.backend) - backendNames.indexOf(b.backend));
  const [reference, ...others] = inOrder;
  const found = others.flatMap((other) => compare(plan, reference!, other));
  return found.filter(({ what }, i) => found.findIndex((earlier) => earlier.what === what) === i);
}

function compare(plan: Plan, a: CaseResult, b: CaseResult): Mismatch[] {
  const found: Mismatch[] = [];
  for (const planned of plan.steps) {
    const [mine, theirs] = [a, b].map(({ evidence }) => evidence?.steps.find(({ step }) => step === planned.index));
    if (!mine || !theirs) continue;
    const sides = [
      { backend: a.backend, step: mine },
      { backend: b.backend, step: theirs },
    ] as const;
    for (const difference of differencesOf(plan, planned, ...sides)) {
      if ([a.backend, b.backend].some((name) => speaksOf(planned.expect.on[name], difference.fact))) continue;
      found.push(toMismatch(planned, a.backend, b.backend, difference));
    }
    // What comes after a first contradiction follows from it.
    if (found.length > 0) break;
  }
  return found;
}

function toMismatch(
  { label, index, span }: PlannedStep,
  first: BackendName,
  second: BackendName,
  { what, values, packet }: Difference,
): Mismatch {
  return {
    what: `backends.${what}`,
    expected: `${values[0]} (${first})`,
    actual: `${values[1]} (${second})`,
    span,
    step: label,
    stepIndex: index,
    ...(packet !== undefined && { packet }),
    details: [`${first} and ${second} contradict each other`],
  };
}

function speaksOf(own: PlannedExpectation | undefined, fact: Fact): boolean {
  if (!own) return false;
  if (fact === "maps") return own.maps.length > 0;
  return own[fact] !== undefined;
}

function differencesOf(plan: Plan, planned: PlannedStep, a: Side, b: Side): Difference[] {
  const found = packetPairs(a.step, b.step).flatMap(([mine, theirs]) => verdictDifference(planned, mine, theirs));
  // Elsewhere than in a test run others may have sent something, too.
  const disturbed = [a, b].some(({ step }) => step.strays.length > 0 || step.faults.length > 0);
  if (found.length > 0 || disturbed || goesByChance(plan)) return found;
  return [
    ...packetPairs(a.step, b.step).flatMap(([mine, theirs]) => bytesDifference(planned, mine, theirs)),
    ...mapDifferences(plan, a.step, b.step),
    ...eventDifference(planned, a.step, b.step),
  ];
}

function packetPairs(a: StepEvidence, b: StepEvidence): [PacketEvidence, PacketEvidence][] {
  return a.packets.flatMap((mine): [PacketEvidence, PacketEvidence][] => {
    const theirs = b.packets.find(({ index }) => index === mine.index);
    return theirs ? [[mine, theirs]] : [];
  });
}

function verdictDifference(planned: PlannedStep, a: PacketEvidence, b: PacketEvidence): Difference[] {
  const [mine, theirs] = [a, b].map(({ verdicts }) => verdicts.map(({ verdict }) => verdict.split(" or ")));
  if (mine!.length === 0 || theirs!.length === 0) return [];
  const fits = (one: readonly string[], all: readonly (readonly string[])[]) =>
    all.some((other) => one.some((name) => other.some((candidate) => isSameVerdict(name, candidate))));
  if (mine!.every((one) => fits(one, theirs!)) && theirs!.every((one) => fits(one, mine!))) return [];
  const texts = [a, b].map(({ verdicts }) => [...new Set(verdicts.map(({ verdict }) => verdict))].join(", "));
  return [{ fact: "verdict", what: named(planned, a, "verdict"), values: [texts[0]!, texts[1]!], packet: a.index }];
}

/** On the wire a return value that has no name can only be seen to have none. */
function isSameVerdict(a: string, b: string): boolean {
  const [noName, number] = [/^a value that is no verdict$/, /^-?\d+$/];
  return a === b || (noName.test(a) && number.test(b)) || (noName.test(b) && number.test(a));
}

/** A wire's frames are the program's outputs, and perhaps copies of them: one of them has to be the other's. */
function bytesDifference(planned: PlannedStep, a: PacketEvidence, b: PacketEvidence): Difference[] {
  const [mine, theirs] = [a, b].map(({ frames }) => [...new Set(frames.map(({ bytes }) => bytes ?? "as sent"))]);
  if (mine!.length === 0 || theirs!.length === 0 || mine!.some((bytes) => theirs!.includes(bytes))) return [];
  return [{ fact: "packet", what: named(planned, a, "packet"), values: [mine![0]!, theirs![0]!], packet: a.index }];
}

function named(planned: PlannedStep, { index }: PacketEvidence, what: string): string {
  return planned.kind === "send" && planned.packets.length > 1 ? `packet ${index + 1}: ${what}` : what;
}

/** Values of these are numbers of kernel objects, or each CPU's own. */
function isComparable(type: MapType): boolean {
  return !isPerCpu(type) && !/prog_array|of_maps|devmap|cpumap|xskmap|sock|storage|lru/.test(type);
}

function mapDifferences(plan: Plan, a: StepEvidence, b: StepEvidence): Difference[] {
  if (a.omittedChanges > 0 || b.omittedChanges > 0) return [];
  const observed = plan.object.maps.filter(({ type }) => isComparable(type)).map(({ name }) => name);
  const [mine, theirs] = [a, b].map(
    ({ maps }) => new Map(maps.filter(({ map }) => observed.includes(map)).map((c) => [`${c.map}[${c.key}]`, c.after])),
  );
  const keys = [...new Set([...mine!.keys(), ...theirs!.keys()])];
  return keys
    .filter((key) => mine!.get(key) !== theirs!.get(key))
    .map((key) => ({ fact: "maps", what: `maps.${key}`, values: [text(mine!, key), text(theirs!, key)] }) as const);
}

function text(changes: ReadonlyMap<string, string | undefined>, key: string): string {
  return changes.has(key) ? (changes.get(key) ?? "deleted") : "unchanged";
}

function eventDifference({ expect }: PlannedStep, a: StepEvidence, b: StepEvidence): Difference[] {
  // Without an expectation nobody reads them on a kernel.
  if (!expect.events || a.omittedEvents > 0 || b.omittedEvents > 0) return [];
  const [mine, theirs] = [a, b].map(({ events }) => {
    const texts = events.filter(({ map }) => map === expect.events!.map).map((event) => event.text);
    return expect.events!.ordered ? texts : texts.toSorted();
  });
  const at = Array.from({ length: Math.max(mine!.length, theirs!.length) }, (_, i) => i).find(
    (i) => mine![i] !== theirs![i],
  );
  if (at === undefined) return [];
  return [{ fact: "events", what: `events[${at}]`, values: [mine![at] ?? "none", theirs![at] ?? "none"] }];
}

/** bpf_get_prandom_u32, the clocks, and what says on which CPU or for which task a program runs. */
const helpersOfChance = [7, 5, 125, 160, 208, 118, 8, 42, 14, 15, 16, 35, 46, 47];

function goesByChance({ object, objects, attach, steps }: Plan): boolean {
  // Other programs on the way see other packets on each backend, and a swap under traffic comes when it comes.
  if (attach.length > 0 || objects.length > 0) return true;
  if (steps.some((step) => step.kind === "send" && step.meanwhile)) return true;
  return object.helpers.some((number) => helpersOfChance.includes(number));
}
