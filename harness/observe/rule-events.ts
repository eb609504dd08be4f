import type { RuleEvent } from "../model/rules.js";
import type { ObservedEvent } from "../model/observer.js";
import type { RuleSet } from "../model/rules.js";
import { outputLine, trippedBy } from "../rules/evaluate.js";
import type { TraceEvent } from "./bpftrace.js";
import { commandLine, hostOf, openModes, userName, type Scope } from "./events.js";

/** What the rules say of exec, open and tcp events, one event for each rule that one of them trips. */
export function ruleEvents(sets: readonly RuleSet[], seen: readonly TraceEvent[], scope: Scope): ObservedEvent[] {
  return seen.flatMap((event) => {
    const host = hostOf(event, scope);
    const said = host === undefined ? undefined : falcoEvent(event, host);
    if (host === undefined || !said) return [];
    return trippedBy(sets, said).map((rule) => ({
      host,
      pid: Number(event.values["pid"]),
      comm: event.values["comm"]!,
      rule: rule.name,
      priority: rule.priority,
      output: `${rule.priority} ${outputLine(rule, said)}`,
    }));
  });
}

/** An event in the words of rules; undefined for events that rules do not speak of. */
function falcoEvent({ name, values }: TraceEvent, host: string): RuleEvent | undefined {
  if (name !== "exec" && name !== "open" && name !== "connect") return undefined;
  const process: RuleEvent = {
    "evt.dir": "<",
    "proc.pid": values["pid"]!,
    "proc.ppid": values["ppid"]!,
    "proc.name": values["comm"]!,
    "proc.pname": values["parent"]!,
    "proc.cmdline": commandLine(values["command"]!),
    "proc.tty": values["tty"]!,
    "user.uid": values["uid"]!,
    "user.name": userName(values["uid"]!),
    "container.id": host,
    "container.name": host,
  };
  if (name === "exec") return { ...process, "evt.type": "execve", "proc.exepath": values["file"]! };
  return { ...process, ...(name === "open" ? ofFile(values) : ofConnection(values)) };
}

function ofFile(values: TraceEvent["values"]): RuleEvent {
  const path = values["path"]!;
  const mode = openModes[Number(values["flags"]) & 3]!;
  const opened = Number(values["result"]) >= 0;
  return {
    "evt.type": "openat",
    "evt.is_open_read": String(opened && mode !== "write"),
    "evt.is_open_write": String(opened && mode !== "read"),
    "fd.num": values["result"]!,
    "fd.name": path,
    "fd.directory": path.replace(/\/[^/]*$/, "") || "/",
    "fd.filename": path.replace(/^.*\//, ""),
    "fd.typechar": "f",
  };
}

function ofConnection(values: TraceEvent["values"]): RuleEvent {
  const [client, server] = [values["src"]!, values["dst"]!].map((address) => address.replace(/^::ffff:(?=\d+\.)/, ""));
  return {
    "evt.type": "connect",
    "fd.name": `${client}:${values["sport"]}->${server}:${values["dport"]}`,
    "fd.typechar": server!.includes(":") ? "6" : "4",
    "fd.l4proto": "tcp",
    "fd.cip": client!,
    "fd.cport": values["sport"]!,
    "fd.sip": server!,
    "fd.sport": values["dport"]!,
  };
}
