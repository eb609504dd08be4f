import type { SourceLine, Trace, TracedRun, TraceStep } from "../harness/model/trace.js";
import type { Paint } from "./terminal.js";

export interface TraceTextOptions {
  /** Every instruction, instead of one entry for each stretch of a C line. */
  readonly instructions: boolean;
  readonly paint: Paint;
}

/** A trace for people: what ran, line by line, what it changed, and which branch decided the verdict. */
export function traceText(trace: Trace, options: TraceTextOptions): string {
  const { file, case: name, step, packet, sent, runs } = trace;
  const head = [options.paint("bold", `${file} › ${name}: ${step}, packet ${packet}`), `sent  ${sent}`];
  if (runs.length === 0) head.push("no program ran");
  return [...head, ...runs.flatMap((run) => ["", ...runLines(run, options)])].join("\n");
}

function runLines(run: TracedRun, options: TraceTextOptions): string[] {
  const { paint } = options;
  const lines = [paint("bold", `program ${run.program}`) + `, ${run.steps.length + run.omittedSteps} instructions`];
  lines.push(
    ...(options.instructions ? run.steps.flatMap((_, i) => stepLines(run, i, paint)) : foldedLines(run, paint)),
  );
  if (run.omittedSteps > 0) lines.push(`  … and ${run.omittedSteps} more`);
  if (run.fault !== undefined) lines.push(`${paint("red", "fault")}    ${run.fault}`);
  if (run.verdict !== undefined) lines.push(`${paint("bold", "verdict")}  ${run.verdict} (returned ${run.returned})`);
  if (run.decision) lines.push(`decided  ${decisionText(run)}`);
  for (const change of run.maps) lines.push(`map      ${mapChangeText(change)}`);
  return lines;
}

/** `at file.c:41: if (proto == IPPROTO_ICMP) (if w1 != 0x1 goto pc+3: not taken, r1 = 0x1)`. */
function decisionText({ decision, instructions, steps }: TracedRun): string {
  const { source, condition, step } = decision!;
  const place = source ? sourceText(source) : `instruction ${instructions[steps[step]!.instruction]!.slot}`;
  return `at ${place} (${condition})`;
}

function sourceText({ file, line, text }: SourceLine): string {
  return `${file}:${line}: ${text}`;
}

/** `counter[0]: {packets: 1} → {packets: 2}`. */
function mapChangeText({ map, key, before, after }: TracedRun["maps"][number]): string {
  return `${map}[${key}]: ${before ?? "absent"} → ${after ?? "absent"}`;
}

/** A stretch of steps of one function on one C line is one entry, with what is worth knowing of it. */
function foldedLines(run: TracedRun, paint: Paint): string[] {
  const lines: string[] = [];
  let place = "";
  let named = "";
  run.steps.forEach((step, i) => {
    const { function: name, line } = run.instructions[step.instruction]!;
    const depth = "  ".repeat(step.depth);
    if (name !== named && (step.depth > 0 || named !== "")) lines.push(`${depth}  ${paint("dim", `in ${name}:`)}`);
    named = name;
    const at = `${step.depth} ${name} ${line}`;
    if (at !== place) {
      const source = line === undefined ? undefined : run.lines[line];
      lines.push(`${depth}  ${source ? lineText(source) : paint("dim", "no C line")}`);
    }
    place = at;
    lines.push(...notable(run, step, i, paint).map((text) => `${depth}      ${text}`));
  });
  return lines;
}

function lineText({ file, line, text }: SourceLine): string {
  return `${`${file.slice(file.lastIndexOf("/") + 1)}:${line}`.padEnd(26)}  ${text}`;
}

/** What a step did beside computing: jumps, calls, bytes written outside the stack. */
function notable(run: TracedRun, step: TraceStep, index: number, paint: Paint): string[] {
  const texts: string[] = [];
  if (step.call) texts.push(callText(step));
  for (const { place, before, after } of step.memory ?? []) {
    if (!place.startsWith("stack")) texts.push(`${place}: ${changeText(before, after)}`);
  }
  if (step.taken !== undefined) texts.push(paint("dim", branchText(run, step)));
  if (run.decision?.step === index) texts.push(paint("yellow", "decides the verdict"));
  return texts;
}

function callText({ call }: TraceStep): string {
  return `${call!.name}(${call!.arguments.join(", ")}) = ${call!.result ?? "never came back"}`;
}

function branchText({ instructions }: TracedRun, step: TraceStep): string {
  const { text } = instructions[step.instruction]!;
  return `${text.replace(/^\(..\) /, "")}: ${step.taken ? "taken" : "not taken"}`;
}

/** Bytes beyond these are counted. */
const mostBytes = 32;

function changeText(before: string, after: string): string {
  if (before === after) return `${shortened(after)}, as before`;
  return `${shortened(before)} → ${shortened(after)}`;
}

function shortened(hex: string): string {
  const rest = hex.length / 2 - mostBytes;
  return rest > 0 ? `${hex.slice(0, 2 * mostBytes)}… (${rest} more bytes)` : hex;
}

/** One instruction: slot, text, and everything that it changed. */
function stepLines(run: TracedRun, index: number, paint: Paint): string[] {
  const step = run.steps[index]!;
  const { slot, text, line } = run.instructions[step.instruction]!;
  const before = run.steps[index - 1];
  const depth = "  ".repeat(step.depth);
  const lines: string[] = [];
  const isNewLine = !before || run.instructions[before.instruction]!.line !== line;
  if (isNewLine && line !== undefined) lines.push(`${depth}${paint("dim", `; ${lineText(run.lines[line]!).trim()}`)}`);
  const changes = (step.registers ?? []).map(([number, , after]) => `r${number} = ${after}`);
  if (step.taken !== undefined) changes.push(step.taken ? "taken" : "not taken");
  const what = changes.length > 0 ? `  ${changes.join(", ")}` : "";
  lines.push(`${depth}${String(slot).padStart(5)}: ${text.padEnd(44)}${what}`.trimEnd());
  if (step.call) lines.push(`${depth}         ${callText(step)}`);
  for (const { place, before: was, after } of step.memory ?? [])
    lines.push(`${depth}         ${place}: ${changeText(was, after)}`);
  if (run.decision?.step === index) lines.push(`${depth}         ${paint("yellow", "decides the verdict")}`);
  return lines;
}
