import type { Span } from "./span.js";

/** A Falco rule file: rules whose macros and lists have been put in. */
export interface RuleSet {
  readonly file: string;
  readonly rules: readonly Rule[];
}

export interface Rule {
  readonly name: string;
  /** `%field` stands for the field's value. */
  readonly output: string;
  readonly priority: Priority;
  readonly condition: Condition;
  readonly span: Span;
}

export const priorities = [
  "EMERGENCY",
  "ALERT",
  "CRITICAL",
  "ERROR",
  "WARNING",
  "NOTICE",
  "INFORMATIONAL",
  "DEBUG",
] as const;
export type Priority = (typeof priorities)[number];

export type Condition =
  | { readonly kind: "and" | "or"; readonly parts: readonly Condition[] }
  | { readonly kind: "not"; readonly part: Condition }
  | {
      readonly kind: "compare";
      readonly field: RuleField;
      readonly operator: RuleOperator;
      /** One, but for `in`, `intersects` and `pmatch`; none for `exists`. */
      readonly values: readonly string[];
    };

export const ruleOperators = [
  "=",
  "!=",
  "<",
  "<=",
  ">",
  ">=",
  "in",
  "contains",
  "icontains",
  "startswith",
  "endswith",
  "glob",
  "pmatch",
  "exists",
] as const;
export type RuleOperator = (typeof ruleOperators)[number];

/** The fields of a Falco event that rules may look at and print: what each says of an exec, open or tcp event. */
export const ruleFields = {
  "evt.type": "execve, openat or connect",
  "evt.dir": "< : the system call's end",
  "evt.is_open_read": "true where a file was opened for reading",
  "evt.is_open_write": "true where a file was opened for writing",
  "proc.pid": "process id",
  "proc.ppid": "the parent's process id",
  "proc.name": "the process's name, at most 15 characters",
  "proc.pname": "the parent's name",
  "proc.exepath": "the file that was executed (execve)",
  "proc.cmdline": "the process's name and arguments",
  "proc.tty": "0 without a terminal",
  "user.uid": "user id",
  "user.name": "the user's name on this machine, or the id where it has none",
  "container.id": "the host of the topology that the process is in; host outside of any",
  "container.name": "the same",
  "fd.num": "file descriptor, negative where opening failed",
  "fd.name": "path of a file, or source->destination of a connection",
  "fd.directory": "the path up to its last slash",
  "fd.filename": "the path behind its last slash",
  "fd.typechar": "f: file, 4: IPv4 socket, 6: IPv6 socket",
  "fd.l4proto": "tcp",
  "fd.cip": "the connecting end's address",
  "fd.cport": "the connecting end's port",
  "fd.sip": "the listening end's address",
  "fd.sport": "the listening end's port",
} as const;
export type RuleField = keyof typeof ruleFields;

/** What an event says of each field; absent where it says nothing, and every comparison fails. */
export type RuleEvent = Readonly<Partial<Record<RuleField, string>>>;
