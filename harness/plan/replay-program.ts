import { harnessError } from "../model/error.js";
import type { Hook, ProgramType } from "../model/hook.js";
import { nearest } from "../model/nearest.js";
import type { BpfObject, ProgramSpec } from "../model/object.js";
import { didYouMean } from "./context.js";

/** A program of an object and what it is run as. */
export interface ReplayProgram {
  readonly program: ProgramSpec;
  readonly type: ProgramType;
  readonly hook: Hook;
}

/** What packets can be replayed through, by the words that `--type` takes. */
const kinds: Readonly<Record<string, { readonly type: ProgramType; readonly hook: Hook }>> = {
  xdp: { type: "xdp", hook: "xdp" },
  tc: { type: "sched_cls", hook: "tc-ingress" },
  sched_cls: { type: "sched_cls", hook: "tc-ingress" },
  sched_act: { type: "sched_act", hook: "tc-ingress" },
  socket_filter: { type: "socket_filter", hook: "socket_filter" },
  cgroup_skb: { type: "cgroup_skb", hook: "cgroup_skb/ingress" },
  flow_dissector: { type: "flow_dissector", hook: "flow_dissector" },
  lwt_in: { type: "lwt_in", hook: "lwt_in" },
  lwt_out: { type: "lwt_out", hook: "lwt_out" },
  lwt_xmit: { type: "lwt_xmit", hook: "lwt_xmit" },
};

const typeNames = Object.keys(kinds);

/**
 * The program of that name, or the only one (of the type), and its type: by `typeName`, else by its section.
 *
 * @throws HarnessError "usage" with the nearest name, or with the names and types that there are
 */
export function replayProgram(
  object: BpfObject,
  name: string | undefined,
  typeName: string | undefined,
): ReplayProgram {
  const asked = typeName === undefined ? undefined : kindOf(typeName);
  if (object.byteOrder === "big")
    throw harnessError("object", `${object.name} is a big-endian object, which no backend can run`, {
      hint: "compile it with clang -target bpf or bpfel",
    });
  const program = name === undefined ? onlyProgram(object, asked?.type) : namedProgram(object, name);
  const kind = asked ?? Object.values(kinds).find(({ type }) => type === program.type);
  if (!kind) throw unknownType(program);
  const isEgress = kind.type === "cgroup_skb" && program.attachType === "cgroup_inet_egress";
  return { program, type: kind.type, hook: isEgress ? "cgroup_skb/egress" : kind.hook };
}

function kindOf(typeName: string): { readonly type: ProgramType; readonly hook: Hook } {
  const kind = Object.hasOwn(kinds, typeName) ? kinds[typeName] : undefined;
  if (kind) return kind;
  const near = nearest(typeName, typeNames);
  throw harnessError("usage", `there is no program type '${typeName}' to replay packets through`, {
    hint: `${near ? `did you mean ${near}? ` : ""}The types: ${typeNames.join(", ")}`,
  });
}

function unknownType({ name, section, type }: ProgramSpec): Error {
  if (type !== undefined)
    return harnessError("usage", `'${name}' is a ${type} program, which takes no packets of a capture`, {
      hint: `types that do: ${typeNames.join(", ")}`,
    });
  return harnessError("usage", `section '${section}' of '${name}' does not say what type of program it is`, {
    hint: `say it with --type: ${typeNames.join(", ")}`,
  });
}

function namedProgram({ name: objectName, programs }: BpfObject, name: string): ProgramSpec {
  const found = programs.find((program) => program.name === name);
  if (found) return found;
  const inSection = programs.find(({ section }) => section === name);
  const names = programs.map((program) => program.name);
  throw harnessError("usage", `${objectName} has no program '${name}'`, {
    hint: inSection ? `that is a section; its program is '${inSection.name}'` : didYouMean(name, names, "programs"),
  });
}

function onlyProgram({ name, programs }: BpfObject, type: ProgramType | undefined): ProgramSpec {
  const ofType = programs.filter((program) => program.type === type);
  const fitting = type !== undefined && ofType.length > 0 ? ofType : programs;
  const [first, second] = fitting;
  if (first && !second) return first;
  if (!first) throw harnessError("object", `${name} has no program`);
  const all = fitting.map((program) => `${program.name} (${program.type ?? `section ${program.section}`})`);
  throw harnessError("usage", `${name} has several programs: say with --program which one is meant`, {
    hint: `its programs: ${all.join(", ")}`,
  });
}
