import { harnessError } from "../../model/error.js";
import { verdictName } from "../../model/hook.js";
import type { Plan } from "../../model/plan.js";
import { ProgramFault } from "../fault.js";
import type { PacketHook } from "../hooks/packet-hook.js";
import { redirectedTo } from "../send.js";
import type { SimulatedObject } from "../simulated-object.js";
import type { Disposition, ProgramAt } from "./network.js";

/** What the program under test is run with, and who is told of its faults. */
export interface ProgramParts {
  readonly plan: Plan;
  readonly object: SimulatedObject<PacketHook>;
  /** Names of the interfaces of its host by index. */
  readonly devices: readonly string[];
  /** False once it is unloaded. */
  readonly isAttached: () => boolean;
  readonly onFault: (message: string) => void;
}

/** The verdicts that end a packet at each of the hooks (net/sched/cls_bpf.c, net/core/dev.c). */
const ends = {
  xdp: /^XDP_(DROP|ABORTED)$|^-?\d+$/,
  tc: /^TC_ACT_(SHOT|STOLEN|QUEUED|TRAP)$/,
  tcx: /^TC_ACT_SHOT$/,
};

const nothing: Disposition = { onward: undefined, out: [] };

/** Whether a network can have the plan's program: it has to be at an interface. */
export function isAtInterface({ hook }: Plan): boolean {
  return hook.startsWith("xdp") || hook.startsWith("tc");
}

/** The program under test where frames pass. */
export function programUnderTest(parts: ProgramParts): ProgramAt {
  const { plan } = parts;
  return {
    at: plan.topology.attach,
    direction: plan.hook.endsWith("egress") ? "egress" : "ingress",
    run: (frame) => (parts.isAttached() ? run(parts, frame) : { onward: frame, out: [] }),
  };
}

function run({ plan, object, devices, onFault }: ProgramParts, frame: Uint8Array): Disposition {
  const { hook, machine } = object;
  hook.accept({ linkType: "ethernet", bytes: frame }, plan.programType === "xdp" ? {} : { ifindex: 1 });
  try {
    machine.run(object.program(plan.program.name), hook.context);
  } catch (error) {
    if (!(error instanceof ProgramFault)) throw error;
    onFault(error.message);
    return nothing;
  }
  const verdict = verdictName(plan.programType, machine.arguments.result32 | 0);
  const kind = plan.hook.startsWith("xdp") ? "xdp" : plan.hook.startsWith("tcx") ? "tcx" : "tc";
  if (ends[kind].test(verdict)) return nothing;
  const changed = hook.output();
  if (!changed) return nothing;
  if (verdict === "XDP_TX") return { onward: undefined, out: [{ dev: plan.topology.attach.dev, frame: changed }] };
  if (!verdict.endsWith("_REDIRECT")) return { onward: changed, out: [] };
  const { redirect } = hook;
  if (redirect && "way" in redirect && redirect.way !== "egress")
    throw harnessError("unsupported", `a redirect by way of ${redirect.way} in a network is not simulated`, {
      hint: "use backend wire",
    });
  return { onward: undefined, out: redirectedTo(object, devices).map((dev) => ({ dev, frame: changed })) };
}
