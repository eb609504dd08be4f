import type { Span } from "./span.js";

/**
 * Every way in which packetproof can fail to find something out. `packetproof explain CODE` has a
 * paragraph for each. A program that misbehaves is never one of these: it is a failed case.
 */
export const errorCodes = {
  usage: "the command line is wrong",
  scenario: "a scenario file is wrong",
  object: "an ELF object cannot be read as a BPF object",
  capture: "a capture file cannot be read",
  packet: "a packet description cannot be turned into bytes",
  compile: "a BPF C source does not compile",
  load: "the kernel or libbpf refused to load the object",
  unsupported: "this backend or kernel cannot do what was asked",
  privilege: "root (or the named capability) is missing",
  tool: "a program that is needed is not installed",
  exists: "something with that name is there already and is not ours",
  topology: "namespaces, links or addresses could not be set up",
  service: "a service or client of the scenario did not work",
  timeout: "something did not happen within its time limit",
  io: "a file could not be read or written",
  internal: "a fault in packetproof itself",
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** Codes that mean "the input is wrong" (exit status 2); the others are the environment's or ours. */
export const inputErrorCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "usage",
  "scenario",
  "object",
  "capture",
  "packet",
  "compile",
]);

/** One thing that is wrong with an input, with the place and, where there is one, the mend. */
export interface Diagnostic {
  readonly code: ErrorCode;
  readonly message: string;
  readonly span?: Span;
  /** What to do about it, as one sentence. */
  readonly hint?: string;
}

/** "Could not find out": packetproof was unable to do its work. Carries all diagnostics at once. */
export class HarnessError extends Error {
  override readonly name = "HarnessError";
  readonly code: ErrorCode;
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: Diagnostic | readonly [Diagnostic, ...Diagnostic[]], options?: { cause?: unknown }) {
    const all: readonly [Diagnostic, ...Diagnostic[]] = "message" in diagnostics ? [diagnostics] : diagnostics;
    super(all.map((d) => d.message).join("\n"), options);
    this.code = all[0].code;
    this.diagnostics = all;
  }
}

/** Shorthand for the common case of one diagnostic. */
export function harnessError(
  code: ErrorCode,
  message: string,
  more: { span?: Span | undefined; hint?: string | undefined; cause?: unknown } = {},
): HarnessError {
  const { span, hint, cause } = more;
  return new HarnessError(
    { code, message, ...(span && { span }), ...(hint && { hint }) },
    cause === undefined ? undefined : { cause },
  );
}
