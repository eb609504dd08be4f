import { formatPlace } from "../model/topology.js";
import type { Output, Window } from "./outputs.js";

/** One way in which packets of a window ended. */
export interface Finding {
  /** All verdicts that leave this evidence. */
  readonly possible: readonly string[];
  readonly evidence: string;
  readonly count: number;
}

/** What the kernel's tracepoints counted for an XDP program: they tell apart what leaves no other evidence. */
export interface XdpCounts {
  /** xdp:xdp_exception for XDP_ABORTED, for an XDP_TX that failed, and for return values that are none. */
  readonly aborted: number;
  readonly txFailed: number;
  readonly invalid: number;
  /** xdp:xdp_redirect and xdp:xdp_redirect_err. */
  readonly redirected: number;
  readonly redirectFailed: number;
}

/**
 * Deduces an XDP program's verdicts from where its outputs turned up; `counts` where tracepoints can be had.
 * XDP does exactly one thing with a packet, so what is not accounted for vanished.
 */
export function xdpFindings(window: Window, outputs: readonly Output[], counts: XdpCounts | undefined): Finding[] {
  const fresh = outputs.filter(({ again }) => !again);
  const passed = fresh.filter(({ where }) => where.kind === "passed");
  const left = fresh.filter(({ where }) => where.kind === "left");
  const back = left.filter((output) => isBack(window, output));
  const tally = new Tally(window.times);
  if (!counts) {
    tally.add(["XDP_PASS"], passed.length, seen(passed));
    // A redirect to the interface itself looks the same.
    tally.add(["XDP_TX", "XDP_REDIRECT"], back.length, seen(back));
    tally.add(["XDP_REDIRECT"], left.length - back.length, seen(left.filter((output) => !isBack(window, output))));
    tally.rest(["XDP_DROP", "XDP_ABORTED"], "vanished behind the fence");
    return tally.findings;
  }
  // A redirect to a CPU map ends in the stack, too.
  const toStack = Math.max(0, passed.length + counts.redirected - window.times);
  tally.add(["XDP_PASS"], passed.length - toStack, seen(passed));
  tally.add(["XDP_REDIRECT"], counts.redirected, `xdp_redirect traced; ${seen(outputs)}`);
  const redirectedBack = Math.max(0, counts.redirected - (left.length - back.length));
  tally.add(["XDP_TX"], back.length - redirectedBack, seen(back));
  tally.add(["XDP_ABORTED"], counts.aborted, "xdp_exception traced");
  tally.add(["XDP_TX"], counts.txFailed, "xdp_exception traced: the frame could not be sent");
  tally.add(["XDP_REDIRECT"], counts.redirectFailed, "xdp_redirect_err traced: the frame went nowhere");
  tally.add(["a value that is no verdict"], counts.invalid, "xdp_exception traced");
  tally.rest(["XDP_DROP"], "vanished behind the fence");
  return tally.findings;
}

/** Return values by what becomes of the packet: cls_bpf's direct action and tcx differ (net/sched/cls_bpf.c, net/core/dev.c). */
const tcPass = ["TC_ACT_OK", "TC_ACT_UNSPEC", "TC_ACT_RECLASSIFY", "TC_ACT_PIPE", "TC_ACT_QUEUED", "TC_ACT_REPEAT"];
const outcomes = {
  clsact: { pass: tcPass, drop: ["TC_ACT_SHOT", "TC_ACT_STOLEN", "TC_ACT_TRAP"] },
  tcx: { pass: [...tcPass, "TC_ACT_STOLEN", "TC_ACT_TRAP"], drop: ["TC_ACT_SHOT"] },
};

/** Deduces a TC program's verdicts. A packet may pass and leave elsewhere too: that is a clone, and it passed. */
export function tcFindings(window: Window, outputs: readonly Output[]): Finding[] {
  const { pass, drop } = outcomes[window.hook.startsWith("tcx") ? "tcx" : "clsact"];
  const passed = outputs.filter(({ where }) => where.kind === "passed");
  const other = outputs.filter(({ where, again }) => where.kind !== "passed" && !again);
  const tally = new Tally(window.times);
  tally.add(pass, passed.length, seen(passed));
  // Or cloned there, and itself dropped.
  tally.add(["TC_ACT_REDIRECT", ...drop], other.length, seen(other));
  tally.rest([...drop, "TC_ACT_REDIRECT"], "vanished behind the fence");
  return tally.findings;
}

/** Verdicts of which something can be seen on the wire; others leave no evidence. */
export function isVisibleVerdict(name: string): boolean {
  return (
    /^XDP_(ABORTED|DROP|PASS|TX|REDIRECT)$/.test(name) ||
    [...outcomes.tcx.pass, "TC_ACT_SHOT", "TC_ACT_REDIRECT"].includes(name)
  );
}

/** Interfaces of the program's host by which redirected packets went on, and AF_XDP sockets that got them. */
export function redirectTargets(outputs: readonly Output[], findings: readonly Finding[]): readonly string[] {
  const redirected = findings.some(
    ({ possible }) => possible.includes("XDP_REDIRECT") || possible[0] === "TC_ACT_REDIRECT",
  );
  if (!redirected) return [];
  const targets = outputs.flatMap(({ where }) =>
    where.kind === "passed" ? [] : where.kind === "socket" ? [`queue ${where.queue}`] : [where.dev],
  );
  return [...new Set(targets)];
}

function isBack(window: Window, { where }: Output): boolean {
  return where.kind === "left" && where.dev === window.attachedDev;
}

function seen(outputs: readonly Output[]): string {
  const places = [
    ...new Set(
      outputs.map(({ frame, where }) => `${formatPlace(frame.place)}${where.kind === "passed" ? " (passed)" : ""}`),
    ),
  ];
  return places.length > 0 ? `seen at ${places.join(", ")}` : "seen nowhere";
}

/** Deals out as many packets as were sent, no more. */
class Tally {
  readonly findings: Finding[] = [];
  #left: number;

  constructor(times: number) {
    this.#left = times;
  }

  add(possible: readonly string[], wanted: number, evidence: string): void {
    const count = Math.min(wanted, this.#left);
    if (count <= 0) return;
    this.#left -= count;
    this.findings.push({ possible, evidence, count });
  }

  rest(possible: readonly string[], evidence: string): void {
    this.add(possible, this.#left, evidence);
  }
}
