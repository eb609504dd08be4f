import { verifierHint } from "./verifier-hints.js";

/** What of a refusal's log one has to read. */
export interface VerifierRefusal {
  /** The verifier's or libbpf's own words, in as many lines as it took. */
  readonly reason: readonly string[];
  /** The C line of the instruction that was refused, where the object has line info. */
  readonly source: { readonly text: string; readonly file: string; readonly line: number } | undefined;
  /** Index and text of the instruction that was refused. */
  readonly instruction: { readonly index: number; readonly text: string } | undefined;
  /** What the verifier last knew of the registers that the instruction uses: `R0=map_value_or_null(…)`. */
  readonly registers: readonly string[];
  /** The end of the log as it is. */
  readonly tail: readonly string[];
  /** How many lines of the log come before the tail. */
  readonly omittedLines: number;
  readonly hint: string | undefined;
}

/** More than this of a log's end is never looked at: logs may have many megabytes. */
const readChars = 64 * 1024;
const tailLines = 6;

const instructionLine = /^(\d+): \([0-9a-f]{2}\) (.*?)\s*(?:; (.*))?$/;
const sourceComment = /; (?<text>.*) @ (?<file>\S+):(?<line>\d+)$/;
/** What the verifier says besides instructions and reasons: states, branches, statistics. */
const chatter =
  /^(;|\d+: R\d|from \d+ to \d+|cur state:|old state:|mark_precise|regs=|last_idx|parent |processed \d+ insns|verification time|stack depth|Func#|Validating |libbpf: |\(the log is longer|\s*$)/;

/** A refusal as lines to print below a failure: reason, place, instruction, hint and the log's end. */
export function explainVerifierLog(log: string): readonly string[] {
  const { reason, source, instruction, registers, tail, omittedLines, hint } = readVerifierLog(log);
  const lines = [...reason];
  if (source) lines.push(`at              ${source.file}:${source.line}: ${source.text}`);
  if (instruction) lines.push(`instruction     ${instruction.index}: ${instruction.text}`);
  if (registers.length > 0) lines.push(`where           ${registers.join(", ")}`);
  if (hint !== undefined) lines.push(`hint            ${hint}`);
  if (tail.length === 0) return lines;
  const omitted = omittedLines > 0 ? [`(${omittedLines} ${omittedLines === 1 ? "line" : "lines"} omitted)`] : [];
  return [...lines, "the log ends:", ...[...omitted, ...tail].map((line) => `  ${line}`)];
}

export function readVerifierLog(log: string): VerifierRefusal {
  const lines = log.slice(-readChars).trimEnd().split("\n");
  const verifier = lines.filter((line) => !line.startsWith("libbpf: "));
  if (verifier.every((line) => line.trim() === "")) return libbpfRefusal(lines);

  const at = verifier.findLastIndex((line) => instructionLine.test(line));
  const reason = verifier.slice(at + 1).filter((line) => !chatter.test(line));
  const match = at < 0 ? undefined : instructionLine.exec(verifier[at]!);
  const text = match?.[2] ?? "";
  const tail = verifier.slice(-tailLines);
  return {
    reason,
    source: sourceBefore(verifier, at),
    instruction: match ? { index: Number(match[1]), text } : undefined,
    registers: registersOf(text, verifier.slice(0, at + 1)),
    tail,
    omittedLines: countLines(log.trimEnd()) - tail.length,
    hint: verifierHint(reason.join("\n")),
  };
}

/** Where no verifier came into it, what libbpf said is all there is. */
function libbpfRefusal(lines: readonly string[]): VerifierRefusal {
  const said = lines.map((line) => line.replace(/^libbpf: /, "")).filter((line) => line.trim() !== "");
  return {
    reason: said.slice(-tailLines),
    source: undefined,
    instruction: undefined,
    registers: [],
    tail: [],
    omittedLines: Math.max(0, said.length - tailLines),
    hint: verifierHint(said.join("\n")),
  };
}

/** The comment with a C line stands before its first instruction, and at times behind one; compilers' own have no text. */
function sourceBefore(lines: readonly string[], at: number): VerifierRefusal["source"] {
  for (let i = at; i >= 0; i--) {
    const found = sourceComment.exec(lines[i]!)?.groups;
    if (found && found["text"]!.trim() !== "")
      return { text: found["text"]!.trim(), file: found["file"]!, line: Number(found["line"]) };
  }
  return undefined;
}

function registersOf(instruction: string, before: readonly string[]): string[] {
  // `r1 = *(u64 *)(r0 +0)` only writes r1.
  const read = instruction.replace(/^[rw]\d+ = /, "");
  const used = new Set([...read.matchAll(/\b[rw](\d+)\b/g)].map(([, number]) => number!));
  return [...used].flatMap((number) => {
    const known = new RegExp(`\\bR${number}(?:_w|_r)?=([^\\s(]+(?:\\([^)]*\\))?)`);
    for (let i = before.length - 1; i >= 0; i--) {
      const found = known.exec(before[i]!);
      if (found) return [`R${number}=${found[1]}`];
    }
    return [];
  });
}

function countLines(text: string): number {
  let lines = 1;
  for (let i = text.indexOf("\n"); i >= 0; i = text.indexOf("\n", i + 1)) lines++;
  return lines;
}
