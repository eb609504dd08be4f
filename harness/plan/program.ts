import { harnessError } from "../model/error.js";
import { hooks, type Hook } from "../model/hook.js";
import type { BpfObject, ProgramSpec } from "../model/object.js";
import type { AttachSpec, Scenario } from "../model/scenario.js";
import { didYouMean } from "./context.js";

/** What a program's section says where it is made for this very hook; tells programs of one type apart. */
const attachTypes: Partial<Record<Hook, string>> = {
  xdp: "xdp",
  "xdp-native": "xdp",
  "xdp-generic": "xdp",
  "tc-ingress": "tcx_ingress",
  "tc-egress": "tcx_egress",
  "tcx-ingress": "tcx_ingress",
  "tcx-egress": "tcx_egress",
  "cgroup_skb/ingress": "cgroup_inet_ingress",
  "cgroup_skb/egress": "cgroup_inet_egress",
  "sk_skb/stream_parser": "sk_skb_stream_parser",
  "sk_skb/stream_verdict": "sk_skb_stream_verdict",
  "sk_skb/verdict": "sk_skb_verdict",
};

/** What says which program of an object is meant; `program` is where the object is named. */
export type ProgramChoice = Pick<AttachSpec, "entry" | "hook"> & Pick<Scenario, "program">;

/**
 * The program that the scenario means: `entry` by its C name, or else the only one that fits the hook.
 * Throws HarnessError "scenario" with the candidates.
 */
export function findProgram(choice: ProgramChoice, object: BpfObject): ProgramSpec {
  const { entry, hook, program } = choice;
  const type = hooks[hook.value];
  if (object.byteOrder === "big")
    throw harnessError("scenario", `${object.name} is a big-endian object, which no backend can run`, {
      span: program.span,
      hint: "compile it with clang -target bpf or bpfel",
    });
  if (entry) return checkEntry(choice, object, entry);

  const [first, ...others] = narrow(object, hook.value);
  if (!first) {
    const there = object.programs.map((each) => `${each.name} (${each.type ?? `section ${each.section}`})`);
    throw harnessError("scenario", `${object.name} has no ${type} program, which hook ${hook.value} needs`, {
      span: hook.span,
      hint: there.length > 0 ? `its programs: ${there.join(", ")}` : "it has no program at all",
    });
  }
  if (others.length > 0) {
    const names = [first, ...others].map(({ name }) => name);
    throw harnessError("scenario", `${object.name} has several ${type} programs: ${names.join(", ")}`, {
      span: program.span,
      hint: `say which one is meant, for example entry: ${first.name}`,
    });
  }
  return first;
}

function checkEntry({ hook }: ProgramChoice, object: BpfObject, entry: NonNullable<AttachSpec["entry"]>): ProgramSpec {
  const found = object.programs.find(({ name }) => name === entry.value);
  if (!found) {
    const names = object.programs.map(({ name }) => name);
    const inSection = object.programs.find(({ section }) => section === entry.value);
    throw harnessError("scenario", `${object.name} has no program '${entry.value}'`, {
      span: entry.span,
      hint: inSection
        ? `that is a section; its program is '${inSection.name}'`
        : didYouMean(entry.value, names, "programs"),
    });
  }
  const type = hooks[hook.value];
  if (found.type !== undefined && found.type !== type)
    throw harnessError(
      "scenario",
      `'${found.name}' is a ${found.type} program (section ${found.section}), and hook ${hook.value} takes ${type}`,
      { span: entry.span, hint: "change hook or entry" },
    );
  return found;
}

/** Programs of the hook's type, those made for the hook first; where no section says its type, all of these. */
function narrow(object: BpfObject, hook: Hook): readonly ProgramSpec[] {
  const fitting = object.programs.filter(({ type }) => type === hooks[hook]);
  if (fitting.length === 0) return object.programs.filter(({ type }) => type === undefined);
  const exact = fitting.filter(({ attachType }) => attachType !== undefined && attachType === attachTypes[hook]);
  if (exact.length > 0) return exact;
  const open = fitting.filter(({ attachType }) => attachType === undefined);
  return open.length > 0 ? open : fitting;
}
