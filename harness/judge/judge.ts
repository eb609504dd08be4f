import type { BackendName } from "../model/backend.js";
import type {
  EventObservation,
  MapObservation,
  Observation,
  PacketObservation,
  PrintkObservation,
  VerdictObservation,
} from "../model/observation.js";
import type { Mismatch } from "../model/outcome.js";
import type { Packet } from "../model/packet.js";
import type { Plan, PlannedExpectation, PlannedSend, PlannedStep } from "../model/plan.js";
import { formatPlace, type Place } from "../model/topology.js";
import { hexdump, summary } from "../packet/print.js";
import { formatPattern, matchPattern } from "../packet/pattern.js";
import { matchBag } from "./bag.js";
import { judgeCost } from "./cost.js";
import { judgeEvents, judgePrintk } from "./events.js";
import { expectationOn } from "./expectation.js";
import { finding, mendable, type Finding } from "./finding.js";
import { judgeGlobal } from "./globals.js";
import { judgeLoad } from "./load.js";
import { judgeMap } from "./maps.js";
import { judgeObserved } from "./observed.js";
import { fitsPacket, judgePacket, wrongSums } from "./packet.js";
import { judgePath, type Sight } from "./path.js";
import { judgeRedirect } from "./redirect.js";
import { judgeTcp } from "./tcp.js";
import { judgeHttp, judgePing, judgeRun } from "./probes.js";

/** What comparing a plan with the facts came to. */
export interface Judgement {
  readonly mismatches: readonly Mismatch[];
  /** Expectations for which there is no fact to compare them with, by name: such a case is skipped, never passed. */
  readonly missing: readonly string[];
}

/** Compares what the scenario says with what the backend saw. Pure: the same facts give the same judgement. */
export function judge(plan: Plan, backend: BackendName, observations: readonly Observation[]): Judgement {
  const mismatches: Mismatch[] = [];
  const missing = new Set<string>();
  const load = observations.find((o) => o.kind === "load");
  if (load) mismatches.push(...judgeLoad(plan, load).map((f) => ({ ...f, step: "load" })));
  if (load && !load.accepted) return { mismatches, missing: [] };

  for (const step of plan.steps) {
    const facts = new Facts(plan, observations, step.index);
    const expectation = expectationOn(step.expect, backend);
    const findings = judgeStep(step, expectation, facts, missing);
    mismatches.push(...findings.map((f) => ({ ...f, step: step.label, stepIndex: step.index })));
  }
  return { mismatches, missing: [...missing] };
}

/** The plan, and the observations of one of its steps by kind. */
class Facts {
  readonly plan: Plan;
  private readonly all: readonly Observation[];
  private readonly step: number;

  constructor(plan: Plan, all: readonly Observation[], step: number) {
    this.plan = plan;
    this.all = all;
    this.step = step;
  }

  of<K extends Observation["kind"]>(kind: K, step = this.step): Extract<Observation, { kind: K }>[] {
    return this.all.filter(
      (o): o is Extract<Observation, { kind: K }> => o.kind === kind && (!("step" in o) || o.step === step),
    );
  }

  /** Where the step's packets were seen, in the order in which it was told. */
  sights(): Sight[] {
    return this.all.filter((o): o is Sight => (o.kind === "hop" || o.kind === "packet") && o.step === this.step);
  }

  /** A map's contents after this step, and as they were the last time before it. */
  map(name: string): { now: MapObservation | undefined; before: MapObservation | undefined } {
    const seen = this.all.filter((o): o is MapObservation => o.kind === "map" && o.map === name);
    return {
      now: seen.find((o) => o.step === this.step),
      before: seen.filter((o) => o.step < this.step).at(-1),
    };
  }
}

function judgeStep(step: PlannedStep, expectation: PlannedExpectation, facts: Facts, missing: Set<string>): Finding[] {
  const findings: Finding[] = [];
  for (const fault of facts.of("fault")) findings.push(finding("fault", "none", fault.message, step.span));
  if (step.kind === "send") findings.push(...judgeSend(step, expectation, facts, missing));
  if (step.kind === "ping" && facts.of("ping").length === 0) missing.add("replies to the ping");
  if (step.kind === "ping") for (const seen of facts.of("ping")) findings.push(...judgePing(step, seen));
  if (step.kind === "http") for (const seen of facts.of("http")) findings.push(...judgeHttp(step, seen));
  if (step.kind === "tcp") for (const seen of facts.of("tcp")) findings.push(...judgeTcp(step, seen));
  if (step.kind === "run") for (const seen of facts.of("run")) findings.push(...judgeRun(step, seen));
  if (step.kind === "wait") for (const seen of facts.of("run")) findings.push(...judgeRun(step.started, seen));

  for (const wanted of expectation.maps) {
    const { now, before } = facts.map(wanted.map.name);
    if (!now) missing.add(`contents of map ${wanted.map.name}`);
    else findings.push(...judgeMap(wanted, now.entries, before?.entries ?? []));
  }
  const globals = facts.of("globals").flatMap(({ values }) => values);
  for (const wanted of expectation.globals) {
    const seen = globals.find(({ name }) => name === wanted.global.name);
    if (seen) findings.push(...judgeGlobal(wanted, seen.bytes));
    else missing.add(`global variable ${wanted.global.name}`);
  }
  const { events, printk } = expectation;
  if (events) {
    const seen: EventObservation[] = facts.of("event").filter((event) => event.map === events.map);
    findings.push(...judgeEvents(events, seen));
  }
  for (const wanted of expectation.observed) {
    const seen = facts.of("observed").filter(({ observer }) => observer === wanted.observer.value);
    findings.push(
      ...judgeObserved(
        wanted,
        seen.map(({ event }) => event),
      ),
    );
  }
  const lines: PrintkObservation[] = facts.of("printk");
  if (printk) findings.push(...judgePrintk(printk, lines));
  // What the program itself had to say is often the quickest explanation.
  if (findings.length > 0 && lines.length > 0 && !printk) {
    const last = findings.pop()!;
    findings.push({ ...last, details: [...last.details, ...lines.map((line) => `printk: ${line.text}`)] });
  }
  return findings;
}

function judgeSend(step: PlannedSend, expectation: PlannedExpectation, facts: Facts, missing: Set<string>): Finding[] {
  const findings: Finding[] = [];
  const verdicts = facts.of("verdict");
  const frames = facts.of("packet");
  const taken = new Set<PacketObservation>();

  if (expectation.verdict) {
    if (step.packets.some((_, index) => !verdicts.some((v) => v.packet === index))) missing.add("verdict");
    findings.push(...judgeVerdicts(step, expectation.verdict, verdicts));
  }
  const { packet } = expectation;
  if (packet) {
    step.packets.forEach((sent, index) => {
      const outputs = frames.filter((o) => o.packet === index);
      const ends = verdicts.filter((v) => v.packet === index);
      // One repetition that is gone is too many; of several verdicts that look alike, one may have let it out.
      const gone = ends.find((v) => (outputs.length === 0 ? mayDrop(v) : drops(v)));
      if (gone && !expectation.verdict) {
        findings.push(numbered(finding("packet", "to come out", gone.evidence, packet.span), step, index));
      } else if (outputs.length === 0) {
        missing.add(`bytes of packet ${index + 1} (${ends[0]?.evidence ?? "no verdict"})`);
      }
      // Every repetition counts, but one failure of a kind says it all.
      for (const output of outputs) {
        const found = judgePacket(sent, received(sent, output), packet);
        if (found.length === 0) continue;
        findings.push(...found.map((f) => numbered(f, step, index)));
        break;
      }
    });
  }
  for (const { place, packets } of expectation.frames) {
    const here = frames.filter((o) => isAt(o, place.value));
    here.forEach((o) => taken.add(o));
    const { unseen, unexpected } = matchBag(packets, here, (wanted, o) => {
      const sent = o.packet === undefined ? undefined : step.packets[o.packet];
      return fitsPacket(sent, { linkType: "ethernet", bytes: o.bytes }, wanted);
    });
    const name = `frames.${formatPlace(place.value)}`;
    for (const wanted of unseen) {
      const layers = wanted.layers.map((layer) => layer.protocol).join(" / ");
      findings.push(finding(name, layers || "a frame", "unseen", wanted.span, here.map(frameLine)));
    }
    for (const o of unexpected) findings.push(finding(name, "no further frame", frameLine(o), place.span));
  }
  if (expectation.path) {
    const path = judgePath(expectation.path, step, facts.sights());
    findings.push(...path.findings);
    path.taken.forEach((frame) => taken.add(frame));
    path.missing.forEach((name) => missing.add(name));
  }
  if (expectation.redirect) {
    const seen = { redirects: facts.of("redirect"), verdicts };
    const judged = judgeRedirect(expectation.redirect, facts.plan, step.index, seen);
    findings.push(...judged.findings);
    for (const name of judged.missing) missing.add(name);
  }
  findings.push(...judgeContext(step, expectation, facts, missing));
  const { cost } = expectation;
  if (cost) {
    const costs = facts.of("cost");
    if (costs.length === 0 && facts.of("fault").length === 0)
      missing.add("cost: only the simulator counts instructions");
    for (const seen of costs) findings.push(...judgeCost(cost, seen).map((f) => numbered(f, step, seen.packet)));
  }

  // Silence: whatever nothing accounts for is a failure, whether or not anybody thought of asserting it.
  for (const frame of frames) {
    const clone = isClone(frame, frames, verdicts);
    if ((frame.packet !== undefined && !clone) || taken.has(frame)) continue;
    const details = clone ? ["a clone: the packet itself passed", hexdump(frame.bytes)] : [hexdump(frame.bytes)];
    findings.push(finding(`silence on ${whereOf(frame)}`, "no frame", frameLine(frame), step.span, details));
  }
  return findings;
}

function judgeVerdicts(
  step: PlannedSend,
  wanted: NonNullable<PlannedExpectation["verdict"]>,
  verdicts: readonly VerdictObservation[],
): Finding[] {
  const findings: Finding[] = [];
  const failed = new Set<number>();
  for (const verdict of verdicts) {
    if (verdict.possible.some((name) => wanted.value.includes(name)) || failed.has(verdict.packet)) continue;
    failed.add(verdict.packet);
    const sent = step.packets[verdict.packet];
    const found = finding("verdict", wanted.value.join(" or "), verdict.possible.join(" or "), wanted.span, [
      `evidence        ${verdict.evidence}`,
      ...(sent ? [`sent packet     ${summary(sent)}`] : []),
    ]);
    const [only, other] = verdict.possible;
    const isValue = wanted.value.length === 1 && other === undefined;
    findings.push(numbered(isValue ? mendable(found, { kind: "equals" }, only!) : found, step, verdict.packet));
  }
  return findings;
}

function judgeContext(
  step: PlannedSend,
  expectation: PlannedExpectation,
  facts: Facts,
  missing: Set<string>,
): Finding[] {
  const findings: Finding[] = [];
  const contexts = facts.of("context");
  for (const [name, { value: pattern, span }] of Object.entries(expectation.context)) {
    if (contexts.length === 0) missing.add(`context field ${name}`);
    for (const { fields, packet } of contexts) {
      const actual = fields[name];
      if (actual !== undefined && matchPattern(pattern, actual)) continue;
      const shown = actual === undefined ? "absent" : formatPattern(undefined, { kind: "equals", value: actual });
      const found = finding(`context.${name}`, formatPattern(undefined, pattern), shown, span);
      findings.push(numbered(actual === undefined ? found : mendable(found, pattern, shown), step, packet));
      break;
    }
  }
  return findings;
}

/** Verdicts after which no packet goes on. */
const dropping = /DROP|ABORTED|SHOT/;

function mayDrop({ possible }: VerdictObservation): boolean {
  return possible.some((name) => dropping.test(name));
}

function drops({ possible }: VerdictObservation): boolean {
  return possible.every((name) => dropping.test(name));
}

/** A TC program's packet that reached the stack is nowhere else, but for what bpf_clone_redirect made of it. */
function isClone(
  { packet, place }: PacketObservation,
  frames: readonly PacketObservation[],
  verdicts: readonly VerdictObservation[],
): boolean {
  if (packet === undefined || place === "output" || place.direction === "stack") return false;
  const passed = verdicts.filter((v) => v.packet === packet).every((v) => v.possible.includes("TC_ACT_OK"));
  return passed && frames.some((f) => f.packet === packet && f.place !== "output" && f.place.direction === "stack");
}

/** Captured frames start at the link layer; test runs give back what they were given. */
function received(sent: Packet, observed: PacketObservation): Packet {
  return { linkType: observed.place === "output" ? sent.linkType : "ethernet", bytes: observed.bytes };
}

/** `packet 3: ipv4.ttl` in steps that send several. */
function numbered(found: Finding, step: PlannedSend, packet: number): Finding {
  const what = step.packets.length > 1 ? `packet ${packet + 1}: ${found.what}` : found.what;
  return { ...found, what, packet };
}

function isAt(frame: PacketObservation, place: Place): boolean {
  return frame.place !== "output" && formatPlace(frame.place.at) === formatPlace(place);
}

function whereOf(frame: PacketObservation): string {
  return frame.place === "output" ? "output" : formatPlace(frame.place.at);
}

function frameLine(frame: PacketObservation): string {
  const packet = { linkType: "ethernet", bytes: frame.bytes } as const;
  const wrong = wrongSums(packet).map((sum) => `${sum.protocol}.${sum.field} is wrong`);
  return [summary(packet), ...wrong].join(", ");
}
